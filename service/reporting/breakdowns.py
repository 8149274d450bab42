"""
A period by the values of a dimension, and the pages behind one value.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Integer,
    Row,
    Select,
    and_,
    bindparam,
    func,
    or_,
    select,
)

from service.archive import schema
from service.archive.databases import Database
from service.dimensions import Dimension
from service.reporting.asking import FETCHED, page_number, site_number, sums, within
from service.reporting.periods import Period

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
        asked, values = _values(page, dimension, span, after)
        rows = connection.execute(asked, values | {"limit": limit + 1}).all()
    shown = [_value(row) for row in rows[:limit]]
    return Values(shown, has_more=len(rows) > len(shown))


def every_value(
    database: Database, site: str, dimension: Dimension, span: Period, path: str = ""
) -> Iterator[ValueTotals]:
    """
    The same values, all of them, one after the other; the connection is held until the last.
    """
    with database.read() as connection:
        asked, values = _values(page_number(connection, site, path), dimension, span, None)
        streamed = connection.execution_options(yield_per=FETCHED)
        for row in streamed.execute(asked, values | {"limit": EVERY}):
            yield _value(row)


def _values(
    page: int | None, dimension: Dimension, span: Period, after: ValueTotals | None
) -> tuple[Select[Any], dict[str, Any]]:
    values = {
        "page": page,
        "dimension": PLACES[dimension],
        "first": span.first,
        "last": span.last,
        **({f"after_{name}": n for name, n in asdict(after).items()} if after else {}),
    }
    return _statement(is_behind=after is not None), values


@lru_cache(maxsize=2)
def _statement(*, is_behind: bool) -> Select[Any]:
    # Made once, without its values: making it takes as long as running it.
    count, value = schema.value_count.c, schema.value.c
    first, last = (bindparam(name, type_=Date()) for name in ("first", "last"))
    totals = (
        select(count.value_id, *sums(schema.value_count, schema.VALUE_MEASURES))
        .where(count.page_id == bindparam("page", type_=BigInteger()))
        .where(count.dimension == bindparam("dimension", type_=Integer()))
        .where(count.day.between(first, last))
        .group_by(count.value_id)
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


#: What values are ordered by, before their text.
_ORDER = ("views", "events", "visits")


def _value(row: Row[Any]) -> ValueTotals:
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
        asked = (
            select(page.path, page.title, *sums(schema.value_count, schema.VALUE_MEASURES))
            .select_from(schema.page.join(schema.value_count, count.page_id == page.id))
            .where(page.site_id == number, page.path != "", count.dimension == PLACES[dimension])
            .where(within(schema.value_count, span), count.value_id == of_value)
            .group_by(page.id, page.path, page.title)
            .order_by(func.sum(count.views).desc(), func.sum(count.events).desc(), page.path)
            .limit(limit)
        )
        rows = connection.execute(asked).all()
    return [ValuePage(row[0], row[1], *map(int, row[2:])) for row in rows]
