"""
A whole site, table by table, as it is exported.

``pages`` has a row for each page and day; that alone is what a single file is made of. The others
are the site's own days and hours, the values of dimensions of the site and of pages, the titles,
and what was filtered.
"""

import io
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import ColumnElement, Select, case, select

from service.archive import schema
from service.archive.databases import Database
from service.dimensions import Dimension
from service.reporting.asking import FETCHED, TITLE, site_number
from service.reporting.formats import Table, csv_parts
from service.reporting.periods import Period

#: Measures as they are told to people.
_SHOWN = ("views", "visits", "visitors", "entries", "exits", "engaged_seconds", "events")
_OF_SITE = ("views", "visits", "visitors", "engaged_visits", "engaged_seconds", "events")

_NAMES = {place: str(name) for place, name in enumerate(Dimension, 1)}


def tables(database: Database, site: str, span: Period) -> Iterator[Table]:
    """
    Every table of a site; each is read while it is written, one after the other.
    """
    for name, (columns, ask) in _TABLES.items():
        yield Table(name, columns, _rows(database, site, span, ask))


def page_days(database: Database, site: str, span: Period) -> Table:
    """
    The table of pages by day.
    """
    columns, ask = _TABLES["pages"]
    return Table("pages", columns, _rows(database, site, span, ask))


def zip_parts(found: Iterator[Table]) -> Iterator[bytes]:
    """
    A ZIP file with each table as CSV, made while it is sent.
    """
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for table in found:
            with archive.open(f"{table.name}.csv", "w", force_zip64=True) as file:
                for part in csv_parts(table):
                    file.write(part)
                    yield sink.taken()
            yield sink.taken()
    yield sink.taken()


class _Sink(io.RawIOBase):
    """
    A file that can only be written to, whose content is taken away as it comes.
    """

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        """
        It is; it cannot be read or moved in.
        """
        return True

    def write(self, part: Any) -> int:
        """
        The part is kept until it is taken.
        """
        self._parts.append(bytes(part))
        return len(part)

    def taken(self) -> bytes:
        """
        What was written since the last time.
        """
        parts, self._parts = self._parts, []
        return b"".join(parts)


_Ask = Callable[[int, Period], Select[Any]]


def _rows(database: Database, site: str, span: Period, ask: _Ask) -> Iterator[tuple[Any, ...]]:
    with database.read() as connection:
        number = site_number(connection, site)
        if number is None:
            return
        streamed = connection.execution_options(yield_per=FETCHED)
        for row in streamed.execute(ask(number, span)):
            yield tuple(row)


def _of(site: int, *, is_site: bool) -> list[ColumnElement[bool]]:
    page = schema.page.c
    return [page.site_id == site, page.path == "" if is_site else page.path != ""]


def _days(site: int, span: Period) -> Select[Any]:
    count = schema.day_count.c
    return (
        select(count.day, *(count[m] for m in _OF_SITE))
        .join(schema.page, schema.page.c.id == count.page_id)
        .where(*_of(site, is_site=True), count.day.between(span.first, span.last))
        .order_by(count.day)
    )


def _hours(site: int, span: Period) -> Select[Any]:
    count = schema.hour_count.c
    return (
        select(count.day, count.hour, *(count[m] for m in _OF_SITE))
        .join(schema.page, schema.page.c.id == count.page_id)
        .where(*_of(site, is_site=True), count.day.between(span.first, span.last))
        .order_by(count.day, count.hour)
    )


def _pages(site: int, span: Period) -> Select[Any]:
    count, page = schema.day_count.c, schema.page.c
    return (
        select(count.day, page.path, TITLE.label("title"), *(count[m] for m in _SHOWN))
        .join(schema.page, page.id == count.page_id)
        .where(count.site_id == site, count.day.between(span.first, span.last), page.path != "")
        .order_by(count.day, count.page_id)
    )


def _site_values(site: int, span: Period) -> Select[Any]:
    return _values(site, span, is_site=True)


def _page_values(site: int, span: Period) -> Select[Any]:
    return _values(site, span, is_site=False)


def _values(site: int, span: Period, *, is_site: bool) -> Select[Any]:
    count, page, value = schema.value_count.c, schema.page.c, schema.value.c
    name = case(_NAMES, value=count.dimension)
    shown = [] if is_site else [page.path]
    return (
        select(count.day, *shown, name, value.text, *(count[m] for m in schema.VALUE_MEASURES))
        .select_from(
            schema.page.join(schema.value_count, count.page_id == page.id).join(
                schema.value, value.id == count.value_id
            )
        )
        .where(*_of(site, is_site=is_site), count.dimension.in_(_NAMES))
        .where(count.day.between(span.first, span.last))
    )


def _filtered(site: int, span: Period) -> Select[Any]:
    count = schema.filtered_count.c
    return (
        select(count.day, count.hour, count.reason, count.requests)
        .where(count.site_id == site, count.day.between(span.first, span.last))
        .order_by(count.day, count.hour, count.reason)
    )


_TABLES: dict[str, tuple[tuple[str, ...], _Ask]] = {
    "days": (("day", *_OF_SITE), _days),
    "hours": (("day", "hour", *_OF_SITE), _hours),
    "pages": (("day", "path", "title", *_SHOWN), _pages),
    "values": (("day", "dimension", "value", *schema.VALUE_MEASURES), _site_values),
    "page_values": (("day", "path", "dimension", "value", *schema.VALUE_MEASURES), _page_values),
    "filtered": (("day", "hour", "reason", "requests"), _filtered),
}
