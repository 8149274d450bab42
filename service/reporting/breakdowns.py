"""
A period by the values of a dimension, and the pages behind one value.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Date,
    Integer,
    Select,
    and_,
    bindparam,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from service.archive import schema
from service.archive.databases import Database
from service.dimensions import Dimension
from service.reporting.asking import (
    FETCHED,
    TITLE,
    fast_sum,
    page_number,
    site_number,
    widened,
    within,
)
from service.reporting.periods import Period
from service.reporting.pieces import Piece, pieces_of

#: Days of the longest period that the pages behind a value are looked for in.
LONGEST = 93

#: More values than there can be.
EVERY = 2**53

#: The number of a dimension in SQL.
PLACES = {dimension: place for place, dimension in enumerate(Dimension, 1)}


@dataclass(frozen=True, slots=True)
class ValueTotals:
    """
    What happened in a period under one value of a dimension.
    """

    value: str
    views: int
    visits: int
    #: The sum of the days' visitors.
    visitors: int
    events: int


@dataclass(frozen=True, slots=True)
class ValuePage:
    """
    What happened on a page in a period under one value of a dimension.
    """

    path: str
    title: str | None
    views: int
    visits: int
    #: The sum of the days' visitors.
    visitors: int
    events: int


@dataclass(frozen=True, slots=True)
class Values:
    """
    A part of the values of a dimension; ``has_more`` when others follow.
    """

    rows: list[ValueTotals]
    has_more: bool


@dataclass(frozen=True, slots=True)
class _Kind:
    """
    What a statement about values depends on besides values.
    """

    #: For each piece of the period whether it is of days or of months.
    shape: tuple[str, ...]
    is_postgresql: bool


def values_of(
    database: Database,
    site: str,
    dimension: Dimension,
    span: Period,
    limit: int,
    path: str = "",
    after: ValueTotals | None = None,
) -> Values:
    """
    The values of a dimension with the most views, then events, then visits, for a site or a page.

    :param after: only those that follow this one
    """
    with database.read() as connection:
        page = page_number(connection, site, path)
        pieces = _pieces(connection, page, span, path)
        asked, values = _values(_kind(connection, pieces), page, dimension, pieces, after)
        rows = connection.execute(asked, values | {"limit": limit + 1}).all()
    shown = [_value(row) for row in rows[:limit]]
    return Values(shown, has_more=len(rows) > len(shown))


def values_of_each(
    database: Database,
    site: str,
    dimensions: Sequence[Dimension],
    span: Period,
    limit: int,
    path: str = "",
) -> dict[Dimension, list[ValueTotals]]:
    """
    The first values of several dimensions, in one statement: a small one costs more than its rows.
    """
    found: dict[Dimension, list[ValueTotals]] = {dimension: [] for dimension in dimensions}
    if not found:
        return found
    with database.read() as connection:
        page = page_number(connection, site, path)
        pieces = _pieces(connection, page, span, path)
        values = _spans(pieces) | {f"dimension{n}": PLACES[each] for n, each in enumerate(found)}
        asked = _statements(_kind(connection, pieces), len(found))
        rows = connection.execute(asked, values | {"page": page, "limit": limit}).all()
    each = list(found)
    for row in rows:
        found[each[row[0]]].append(_value(row[1:]))
    return found


def every_value(
    database: Database, site: str, dimension: Dimension, span: Period, path: str = ""
) -> Iterator[ValueTotals]:
    """
    The same values, all of them, one after the other; the connection is held until the last.
    """
    with database.read() as connection:
        page = page_number(connection, site, path)
        pieces = _pieces(connection, page, span, path)
        asked, values = _values(_kind(connection, pieces), page, dimension, pieces, None)
        streamed = connection.execution_options(yield_per=FETCHED)
        for row in streamed.execute(asked, values | {"limit": EVERY}):
            yield _value(row)


def _pieces(connection: Connection, page: int | None, span: Period, path: str) -> Sequence[Piece]:
    # Months are kept of the site's values; a page has few values.
    if path:
        return [Piece("day", span.first, span.last)]
    return pieces_of(widened(connection, page, span))


def _kind(connection: Connection, pieces: Sequence[Piece]) -> _Kind:
    is_postgresql = connection.dialect.name == "postgresql"
    return _Kind(tuple(piece.span for piece in pieces), is_postgresql)


def _value_sums(
    rows: ReadOnlyColumnCollection[str, Any], *, is_postgresql: bool
) -> list[ColumnElement[Any]]:
    return [fast_sum(rows[m], is_postgresql=is_postgresql).label(m) for m in schema.VALUE_MEASURES]


def _values(
    kind: _Kind,
    page: int | None,
    dimension: Dimension,
    pieces: Sequence[Piece],
    after: ValueTotals | None,
) -> tuple[Select[Any], dict[str, Any]]:
    values = {
        "page": page,
        "dimension": PLACES[dimension],
        **_spans(pieces),
        **({f"after_{name}": n for name, n in asdict(after).items()} if after else {}),
    }
    return _statement(kind, after is not None), values


def _spans(pieces: Sequence[Piece]) -> dict[str, date]:
    return {
        **{f"first{number}": piece.first for number, piece in enumerate(pieces)},
        **{f"last{number}": piece.last for number, piece in enumerate(pieces)},
    }


@lru_cache(maxsize=64)
def _statements(kind: _Kind, many: int) -> Select[Any]:
    each = [_statement(kind, False, f"dimension{number}").subquery() for number in range(many)]
    parts = [select(literal(n, Integer).label("place"), *rows.c) for n, rows in enumerate(each)]
    rows = union_all(*parts).subquery("found")
    return select(*rows.c).order_by(rows.c.place, *(rows.c[m].desc() for m in _ORDER), rows.c.text)


@lru_cache(maxsize=64)
def _statement(
    kind: _Kind,
    is_behind: bool,  # noqa: FBT001 - a key
    dimension: str = "dimension",
) -> Select[Any]:
    # Made once, without its values: making it takes as long as running it.
    value = schema.value.c
    parts = [_rows(span, number, dimension) for number, span in enumerate(kind.shape)]
    rows = (union_all(*parts) if len(parts) > 1 else parts[0]).subquery("counted")
    totals = (
        select(rows.c.value_id, *_value_sums(rows.c, is_postgresql=kind.is_postgresql))
        .group_by(rows.c.value_id)
        .subquery("totals")
    )
    numbers = [totals.c[name] for name in _ORDER]
    asked = (
        select(value.text, *(totals.c[m] for m in schema.VALUE_MEASURES))
        .select_from(totals.join(schema.value, value.id == totals.c.value_id))
        .order_by(*(number.desc() for number in numbers), value.text)
        .limit(bindparam("limit", type_=BigInteger()))
    )
    return asked.where(_behind(numbers, value.text)) if is_behind else asked


def _rows(span: str, number: int, dimension: str) -> Select[Any]:
    table = schema.value_count if span == "day" else schema.value_month_count
    first, last = (bindparam(f"{name}{number}", type_=Date()) for name in ("first", "last"))
    return (
        select(table.c.value_id, *(table.c[m] for m in schema.VALUE_MEASURES))
        .where(table.c.page_id == bindparam("page", type_=BigInteger()))
        .where(table.c.dimension == bindparam(dimension, type_=Integer()))
        .where(table.c[span].between(first, last))
    )


#: What values are ordered by, before their text.
_ORDER = ("views", "events", "visits")


def _value(row: Sequence[Any]) -> ValueTotals:
    return ValueTotals(row[0], *map(int, row[1:]))


def _behind(numbers: Sequence[ColumnElement[Any]], text: ColumnElement[str]) -> ColumnElement[bool]:
    found: list[ColumnElement[bool]] = []
    equal: list[ColumnElement[bool]] = []
    for name, number in zip(_ORDER, numbers, strict=True):
        told = bindparam(f"after_{name}", type_=BigInteger())
        found.append(and_(*equal, number < told))
        equal.append(number == told)
    return or_(*found, and_(*equal, text > bindparam("after_value", type_=text.type)))


def pages_of_value(
    database: Database, site: str, dimension: Dimension, value: str, span: Period, limit: int
) -> list[ValuePage]:
    """
    The pages with the most views, then events, under one value of a dimension.
    """
    count, page = schema.value_count.c, schema.page.c
    of_value = select(schema.value.c.id).where(schema.value.c.text == value).scalar_subquery()
    with database.read() as connection:
        number = site_number(connection, site)
        is_postgresql = connection.dialect.name == "postgresql"
        totals = (
            select(count.page_id, *_value_sums(count, is_postgresql=is_postgresql))
            .select_from(schema.page.join(schema.value_count, count.page_id == page.id))
            .where(page.site_id == number, page.path != "", count.dimension == PLACES[dimension])
            .where(within(schema.value_count, span), count.value_id == of_value)
            # SQLite finds the pages by path, in groups already; PostgreSQL hashes a number sooner.
            .group_by(*([count.page_id] if is_postgresql else [page.path, count.page_id]))
            .subquery("totals")
        )
        asked = (
            select(page.path, TITLE, *(totals.c[m] for m in schema.VALUE_MEASURES))
            .select_from(totals.join(schema.page, page.id == totals.c.page_id))
            .order_by(totals.c.views.desc(), totals.c.events.desc(), page.path)
            .limit(limit)
        )
        rows = connection.execute(asked).all()
    return [ValuePage(row[0], row[1], *map(int, row[2:])) for row in rows]
