"""
Values of a period are the sums of its days, whether months, days or both are read.
"""

import random
from datetime import date, timedelta

import pytest
from sqlalchemy import Connection, delete, func, insert, select, update

from service.archive import schema
from service.archive.databases import add_to
from service.dimensions import Dimension
from service.reporting.breakdowns import PLACES, every_value, values_of, values_of_each
from service.reporting.periods import Period
from tests.reporting.conftest import Archive
from tests.reporting.test_rankings import FIRST, SPANS, span_of

SOURCE = PLACES[Dimension.SOURCE]

VALUES = ("a", "b", "c")

Row = tuple[int, int, date, int]


def add_values(archive: Archive, chance: random.Random) -> None:
    """
    Values of the site and of a page on most of 120 days, which the site has.
    """
    days = [FIRST + timedelta(days=day) for day in range(120)]
    archive.add({("/a", day): {"views": 1} for day in days})
    rows = [
        {"page_id": page, "dimension": dimension, "day": day, "value_id": value + 1}
        | {m: chance.randrange(9) for m in schema.VALUE_MEASURES}
        for page in (1, 2)
        for dimension in (SOURCE, SOURCE + 1)
        for day in days
        for value in range(len(VALUES))
        if chance.random() < 0.8
    ]
    with archive.database.write() as connection:
        if not connection.execute(select(schema.value.c.id)).first():
            connection.execute(insert(schema.value), [{"text": text} for text in VALUES])
        add_to(connection, schema.value_count, rows, schema.VALUE_MEASURES)


def sums_of(connection: Connection, page: int, span: Period) -> dict[str, tuple[int, ...]]:
    count = schema.value_count.c
    asked = (
        select(schema.value.c.text, *(func.sum(count[m]) for m in schema.VALUE_MEASURES))
        .join(schema.value_count, count.value_id == schema.value.c.id)
        .where(count.page_id == page, count.dimension == SOURCE)
        .where(count.day.between(span.first, span.last))
        .group_by(schema.value.c.text)
    )
    return {text: tuple(map(int, numbers)) for text, *numbers in connection.execute(asked)}


@pytest.mark.parametrize(("path", "page"), [("", 1), ("/a", 2)])
def test_values_of_a_period_are_the_sums_of_its_days(
    archive: Archive, path: str, page: int
) -> None:
    add_values(archive, random.Random(1))
    database = archive.database

    for span in (span_of(*days) for days in SPANS):
        with database.read() as connection:
            expected = sums_of(connection, page, span)
        found = values_of(database, "s1", Dimension.SOURCE, span, 9, path).rows
        told = {row.value: (row.views, row.visits, row.visitors, row.events) for row in found}
        assert expected == told
        assert found == list(every_value(database, "s1", Dimension.SOURCE, span, path))
        assert found == sorted(found, key=lambda row: (-row.views, -row.events, -row.visits))


@pytest.mark.parametrize("path", ["", "/a", "/never"])
def test_values_of_several_dimensions_are_those_of_each(archive: Archive, path: str) -> None:
    add_values(archive, random.Random(4))
    together = list(Dimension)

    for span in (span_of(*days) for days in SPANS):
        each = {
            what: values_of(archive.database, "s1", what, span, 2, path).rows for what in together
        }
        assert each == values_of_each(archive.database, "s1", together, span, 2, path)
    assert {} == values_of_each(archive.database, "s1", [], span_of(*SPANS[0]), 2)


def test_months_of_values_are_the_sums_of_their_days_whoever_writes_days(
    archive: Archive,
) -> None:
    add_values(archive, random.Random(2))
    add_values(archive, random.Random(3))
    count = schema.value_count.c
    with archive.database.write() as connection:
        connection.execute(delete(schema.value_count).where(count.value_id == 3))
        more = update(schema.value_count).where(count.value_id == 2)
        connection.execute(more.values(views=count.views + 5))
        early = (count.value_id == 1) & (count.day == FIRST)
        moved = update(schema.value_count).where(early)
        connection.execute(moved.values(day=date(2025, 12, 31)))
        to_page = update(schema.value_count).where(count.page_id == 1, count.day == FIRST)
        connection.execute(to_page.values(page_id=2, day=date(2025, 1, 1)))

    assert months_of_days(archive) == months(archive)
    assert {1} == {page for page, *_ in months(archive)}


def months_of_days(archive: Archive) -> dict[Row, list[int]]:
    count, found = schema.value_count.c, dict[Row, list[int]]()
    asked = select(count.page_id, count.dimension, count.day, count.value_id)
    numbers = [count[m] for m in schema.VALUE_MEASURES]
    with archive.database.read() as connection:
        told = asked.add_columns(*numbers).where(count.page_id == 1)
        for page, dimension, day, value, *row in connection.execute(told):
            key = page, dimension, day.replace(day=1), value
            had = found.get(key, [0] * len(row))
            found[key] = [a + b for a, b in zip(had, row, strict=True)]
    return {key: row for key, row in found.items() if any(row)}


def months(archive: Archive) -> dict[Row, list[int]]:
    count = schema.value_month_count.c
    asked = select(count.page_id, count.dimension, count.month, count.value_id)
    with archive.database.read() as connection:
        rows = connection.execute(asked.add_columns(*(count[m] for m in schema.VALUE_MEASURES)))
        found = {(p, dimension, m, v): list(rest) for p, dimension, m, v, *rest in rows}
    return {key: row for key, row in found.items() if any(row)}
