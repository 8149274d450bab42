"""
What questions to SQL have in common: numbers of sites and pages, sums, and days.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Double, Table, Text, cast, func, select

from service.archive import schema
from service.archive.moves import pages_now
from service.reporting.periods import Period

T = TypeVar("T")

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
    asked = select(schema.site.c.id).where(schema.site.c.name == site)
    return _once(connection, (site,), lambda: connection.execute(asked).scalar())


def page_number(connection: Connection, site: str, path: str = "") -> int | None:
    """
    The number of a page, or of the site as a whole; ``None`` while it has no numbers.

    Of a page that has moved it is that of the page that it is counted as.
    """
    return _once(connection, (site, path), lambda: _page_number(connection, site, path))


def widened(connection: Connection, whole: int | None, span: Period) -> Period:
    """
    A period with the same numbers, up to the ends of its months where nothing is beyond it.

    The month under way is whole, then, and is there as one sum and not as so many days.
    """
    day = schema.day_count.c.day
    asked = select(func.min(day), func.max(day)).where(schema.day_count.c.page_id == whole)
    ends = _once(connection, ("", whole), lambda: connection.execute(asked).one())
    first, last = span.first, span.last
    if ends[0] is not None and ends[0] >= first:
        first = first.replace(day=1)
    if ends[1] is not None and ends[1] <= last:
        last = (last.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return Period(first, last)


def _once(connection: Connection, key: tuple[Any, ...], ask: Callable[[], T]) -> T:
    """
    What is asked for once while a connection shows the same moment.
    """
    known: dict[tuple[Any, ...], T] = connection.get_execution_options().get("luot_known", {})
    if key not in known:
        known[key] = ask()
    return known[key]


def _page_number(connection: Connection, site: str, path: str) -> int | None:
    asked = (
        select(schema.page.c.id, schema.page.c.moved_to, schema.page.c.site_id)
        .join(schema.site, schema.site.c.id == schema.page.c.site_id)
        .where(schema.site.c.name == site, schema.page.c.path == path)
    )
    found = connection.execute(asked).one_or_none()
    if found is not None:
        _once(connection, (site,), lambda: found.site_id)
    if found is None or found.moved_to is None:
        return found.id if found else None
    return pages_now(connection, [found.id])[found.id]


def sums(table: Table, measures: Sequence[str]) -> list[ColumnElement[int]]:
    """
    The sum of each measure under its own name; 0 where there is no row.
    """
    return [func.coalesce(func.sum(table.c[m]), 0).label(m) for m in measures]


def fast_sum(column: ColumnElement[int], *, is_postgresql: bool) -> ColumnElement[Any]:
    """
    A sum that is exact to 2**53: PostgreSQL adds up large integers as decimals, which is slow.
    """
    return func.sum(cast(column, Double) if is_postgresql else column)


def within(table: Table, span: Period) -> ColumnElement[bool]:
    """
    Whether a row is of a period.
    """
    return table.c.day.between(span.first, span.last)
