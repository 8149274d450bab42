"""
What COUNTER calls item investigations: how often a page was looked at, month by month.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, select

from service.archive import schema
from service.archive.databases import Database
from service.reporting.asking import site_number
from service.reporting.periods import Period
from service.reporting.pieces import Place, pieces_of
from service.reporting.rankings import ranked_pages
from service.reporting.series import Unit, parts_of

#: Paths that one statement names.
_CHUNK = 500


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
    paths = [row.path for row in ranking.rows]
    found: dict[str, dict[date, tuple[int, int]]] = defaultdict(dict)
    with database.read() as connection:
        number = site_number(connection, site)
        for first in range(0, len(paths), _CHUNK):
            for path, month, views, visits in _rows(
                connection, number, paths[first : first + _CHUNK], span
            ):
                found[path][month] = int(views), int(visits)
    items = [Item(row.path, row.title, _months(found[row.path], span)) for row in ranking.rows]
    return items, ranking.last


def _months(known: dict[date, tuple[int, int]], span: Period) -> list[Month]:
    parts = ((part, known.get(part.first.replace(day=1))) for part in parts_of(span, Unit.MONTH))
    return [Month(part, *numbers) for part, numbers in parts if numbers and numbers[0]]


def _rows(
    connection: Connection, site: int | None, paths: list[str], span: Period
) -> Iterator[tuple[Any, ...]]:
    """
    Path, first day of the month, views and visits: months as they are kept, others from days.
    """
    page = schema.page.c
    for piece in pieces_of(span):
        if piece.span == "month":
            month = schema.month_count.c
            asked = (
                select(page.path, month.month, month.views, month.visits)
                .join(schema.month_count, month.page_id == page.id)
                .where(page.site_id == site, page.path.in_(paths))
                .where(month.month.between(piece.first, piece.last))
            )
            yield from map(tuple, connection.execute(asked))
            continue
        day = schema.day_count.c
        for part in parts_of(Period(piece.first, piece.last), Unit.MONTH):
            summed = (
                select(page.path, func.sum(day.views), func.sum(day.visits))
                .join(schema.day_count, day.page_id == page.id)
                .where(page.site_id == site, page.path.in_(paths))
                .where(day.day.between(part.first, part.last))
                .group_by(page.path)
            )
            for path, views, visits in connection.execute(summed):
                yield path, part.first.replace(day=1), views, visits
