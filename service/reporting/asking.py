"""
What questions to SQL have in common: numbers of sites and pages, sums, and days.
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, Table, Text, func, select

from service.archive import schema
from service.archive.moves import pages_now
from service.reporting.periods import Period

#: Rows that are fetched at once where all of them are read one after the other.
FETCHED = 1_000

#: What a page is called: as an administrator wrote, as two readers' browsers said, or as one did.
TITLE = func.coalesce(
    schema.page.c.pinned_title, schema.page.c.shown_title, schema.page.c.title, type_=Text
)


def site_number(connection: Connection, site: str) -> int | None:
    """
    The number of a site; ``None`` while it was never counted.
    """
    return connection.execute(select(schema.site.c.id).where(schema.site.c.name == site)).scalar()


def page_number(connection: Connection, site: str, path: str = "") -> int | None:
    """
    The number of a page, or of the site as a whole; ``None`` while it has no numbers.

    Of a page that has moved it is that of the page that it is counted as.
    """
    asked = (
        select(schema.page.c.id, schema.page.c.moved_to)
        .join(schema.site, schema.site.c.id == schema.page.c.site_id)
        .where(schema.site.c.name == site, schema.page.c.path == path)
    )
    found = connection.execute(asked).one_or_none()
    if found is None or found.moved_to is None:
        return found.id if found else None
    return pages_now(connection, [found.id])[found.id]


def sums(table: Table, measures: Sequence[str]) -> list[ColumnElement[int]]:
    """
    The sum of each measure under its own name; 0 where there is no row.
    """
    return [func.coalesce(func.sum(table.c[m]), 0).label(m) for m in measures]


def within(table: Table, span: Period) -> ColumnElement[bool]:
    """
    Whether a row is of a period.
    """
    return table.c.day.between(span.first, span.last)
