"""
A period by the values of a dimension, and the pages behind one value.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select

from service.archive import schema
from service.archive.databases import Database
from service.dimensions import Dimension
from service.reporting.asking import FETCHED, TITLE, page_number, site_number, sums, within
from service.reporting.periods import Period

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
        asked = _values(page, dimension, span, after).limit(limit + 1)
        rows = connection.execute(asked).all()
    shown = [_value(row) for row in rows[:limit]]
    return Values(shown, has_more=len(rows) > len(shown))


def every_value(
    database: Database, site: str, dimension: Dimension, span: Period, path: str = ""
) -> Iterator[ValueTotals]:
    """
    The same values, all of them, one after the other; the connection is held until the last.
    """
    with database.read() as connection:
        asked = _values(page_number(connection, site, path), dimension, span, None)
        for row in connection.execution_options(yield_per=FETCHED).execute(asked):
            yield _value(row)


def _values(
    page: int | None, dimension: Dimension, span: Period, after: ValueTotals | None
) -> Select[Any]:
    count, value = schema.value_count.c, schema.value.c
    totals = (
        select(count.value_id, *sums(schema.value_count, schema.VALUE_MEASURES))
        .where(count.page_id == page, count.dimension == PLACES[dimension])
        .where(within(schema.value_count, span))
        .group_by(count.value_id)
        .subquery("totals")
    )
    numbers = [totals.c.views, totals.c.events, totals.c.visits]
    asked = (
        select(value.text, *(totals.c[m] for m in schema.VALUE_MEASURES))
        .select_from(totals.join(schema.value, value.id == totals.c.value_id))
        .order_by(*(number.desc() for number in numbers), value.text)
    )
    return asked if after is None else asked.where(_behind(numbers, value.text, after))


def _value(row: Row[Any]) -> ValueTotals:
    return ValueTotals(row[0], *map(int, row[1:]))


def _behind(
    numbers: Sequence[ColumnElement[Any]], text: ColumnElement[str], after: ValueTotals
) -> ColumnElement[bool]:
    told = (after.views, after.events, after.visits)
    found: list[ColumnElement[bool]] = []
    equal: list[ColumnElement[bool]] = []
    for number, told_number in zip(numbers, told, strict=True):
        found.append(and_(*equal, number < told_number))
        equal.append(number == told_number)
    return or_(*found, and_(*equal, text > after.value))


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
            select(page.path, TITLE, *sums(schema.value_count, schema.VALUE_MEASURES))
            .select_from(schema.page.join(schema.value_count, count.page_id == page.id))
            .where(page.site_id == number, page.path != "", count.dimension == PLACES[dimension])
            .where(within(schema.value_count, span), count.value_id == of_value)
            .group_by(page.id, page.path, TITLE)
            .order_by(func.sum(count.views).desc(), func.sum(count.events).desc(), page.path)
            .limit(limit)
        )
        rows = connection.execute(asked).all()
    return [ValuePage(row[0], row[1], *map(int, row[2:])) for row in rows]
