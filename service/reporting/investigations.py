"""
What COUNTER calls item investigations: how often a page was looked at, month by month.
"""

from dataclasses import dataclass

from sqlalchemy import select

from service.archive import schema
from service.archive.databases import Database
from service.reporting.asking import page_number, sums, within
from service.reporting.periods import Period
from service.reporting.rankings import Place, ranked_pages
from service.reporting.series import Unit, parts_of


@dataclass(frozen=True, slots=True)
class Month:
    """
    A page in a month, or in that part of one that was asked for.
    """

    span: Period
    #: Views.
    total: int
    #: Visits with at least one view of it.
    unique: int


@dataclass(frozen=True, slots=True)
class Item:
    """
    A page with its months, those left out in which it was not viewed.
    """

    path: str
    title: str | None
    months: list[Month]


def item_investigations(
    database: Database, site: str, span: Period, limit: int, after: Place | None = None
) -> tuple[list[Item], Place | None]:
    """
    The pages with the most views, and the place of the last one when there are more.
    """
    ranking = ranked_pages(database, site, span, limit, after=after)
    count, page = schema.day_count.c, schema.page.c
    months: dict[str, list[Month]] = {row.path: [] for row in ranking.rows}
    with database.read() as connection:
        whole = page_number(connection, site)
        site_id = select(page.site_id).where(page.id == whole).scalar_subquery()
        for part in parts_of(span, Unit.MONTH):
            for first in range(0, len(ranking.rows), _CHUNK):
                paths = [row.path for row in ranking.rows[first : first + _CHUNK]]
                asked = (
                    select(page.path, *sums(schema.day_count, ("views", "visits")))
                    .join(schema.day_count, count.page_id == page.id)
                    .where(page.site_id == site_id, page.path.in_(paths))
                    .where(within(schema.day_count, part))
                    .group_by(page.id, page.path)
                )
                for row in connection.execute(asked):
                    if row.views:
                        months[row.path].append(Month(part, int(row.views), int(row.visits)))
    items = [Item(row.path, row.title, months[row.path]) for row in ranking.rows]
    return items, ranking.last


#: Paths that one statement names.
_CHUNK = 500
