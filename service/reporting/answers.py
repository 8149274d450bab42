"""
Questions to SQL, one function each, named for the answer.

Answers are of what snapshots have added; the last minute is in Redis and on the pages.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, Table, func, select

from service.archive import schema
from service.archive.databases import Database
from service.dimensions import Dimension
from service.reporting.periods import Period

_PLACES = {dimension: place for place, dimension in enumerate(Dimension, 1)}


class PageDimension(StrEnum):
    """
    Breakdowns whose values are pages, which are measures of these and not rows of values.
    """

    ENTRY_PAGE = "entry_page"
    EXIT_PAGE = "exit_page"


@dataclass(frozen=True, slots=True)
class Totals:
    """
    What happened in a period. Visitors of several days are their sum: visitor-days.
    """

    views: int
    visits: int
    visitors: int
    bounces: int
    engaged_seconds: int
    events: int


@dataclass(frozen=True, slots=True)
class Bucket:
    """
    One hour or day of a series.
    """

    day: date
    #: The day's hour from its first instant; ``None`` for a whole day.
    hour: int | None
    views: int
    visits: int
    visitors: int


@dataclass(frozen=True, slots=True)
class PageTotals:
    """
    What happened on a page in a period.
    """

    path: str
    title: str | None
    views: int
    visits: int
    visitors: int
    entries: int
    exits: int
    events: int


@dataclass(frozen=True, slots=True)
class ValueTotals:
    """
    What happened under one value of a dimension in a period.
    """

    value: str
    views: int
    visits: int
    visitors: int
    events: int


@dataclass(frozen=True, slots=True)
class AllTime:
    """
    Everything ever, with what an older counter had counted.
    """

    views: int
    visits: int
    #: The sum of the days' visitors.
    visitor_days: int


def page_number(connection: Connection, site: str, path: str = "") -> int | None:
    """
    The number of a page, or of the site as a whole; ``None`` while it has no numbers.
    """
    asked = (
        select(schema.page.c.id)
        .join(schema.site, schema.site.c.id == schema.page.c.site_id)
        .where(schema.site.c.name == site, schema.page.c.path == path)
    )
    return connection.execute(asked).scalar()


def totals(database: Database, site: str, span: Period, path: str = "") -> Totals:
    """
    What happened on a site, or on one of its pages, in a period.
    """
    count = schema.day_count.c
    with database.read() as connection:
        page = page_number(connection, site, path)
        sums = _sums(schema.day_count, schema.MEASURES)
        asked = select(*sums).where(count.page_id == page, _within(schema.day_count, span))
        # PostgreSQL's sums are decimals.
        found = connection.execute(asked).one()
    row = dict(zip(schema.MEASURES, map(int, found), strict=True))
    begun = row["entries"] if path else row["visits"]
    return Totals(
        views=row["views"],
        visits=row["visits"],
        visitors=row["visitors"],
        bounces=begun - row["engaged_visits"],
        engaged_seconds=row["engaged_seconds"],
        events=row["events"],
    )


def days(database: Database, site: str, span: Period, path: str = "") -> list[Bucket]:
    """
    Each day of a period, the oldest first, also those on which nothing happened.
    """
    count = schema.day_count.c
    with database.read() as connection:
        page = page_number(connection, site, path)
        asked = select(count.day, count.views, count.visits, count.visitors).where(
            count.page_id == page, _within(schema.day_count, span)
        )
        found = {row.day: row for row in connection.execute(asked)}
    return [
        Bucket(day, None, row.views, row.visits, row.visitors)
        if (row := found.get(day))
        else Bucket(day, None, 0, 0, 0)
        for day in span.days
    ]


def hours(
    database: Database, site: str, span: Sequence[tuple[date, int]], path: str = ""
) -> list[Bucket]:
    """
    Each of these hours, also those in which nothing happened.

    :param span: days and their hours, in order
    """
    count = schema.hour_count.c
    period = Period(min(span)[0], max(span)[0])
    with database.read() as connection:
        page = page_number(connection, site, path)
        asked = select(count.day, count.hour, count.views, count.visits, count.visitors).where(
            count.page_id == page, _within(schema.hour_count, period)
        )
        found = {(row.day, row.hour): row for row in connection.execute(asked)}
    return [
        Bucket(*key, row.views, row.visits, row.visitors)
        if (row := found.get(key))
        else Bucket(*key, 0, 0, 0)
        for key in span
    ]


def pages(database: Database, site: str, span: Period, limit: int) -> list[PageTotals]:
    """
    The pages with the most views in a period; among equals by path.
    """
    return _ranked_pages(database, site, span, limit, "views")


def entry_pages(database: Database, site: str, span: Period, limit: int) -> list[PageTotals]:
    """
    The pages with which most visits began.
    """
    return _ranked_pages(database, site, span, limit, "entries")


def exit_pages(database: Database, site: str, span: Period, limit: int) -> list[PageTotals]:
    """
    The pages with which most visits have ended so far.
    """
    return _ranked_pages(database, site, span, limit, "exits")


def breakdown(  # a question has as many parts as it has
    database: Database, site: str, dimension: Dimension, span: Period, limit: int, path: str = ""
) -> list[ValueTotals]:
    """
    The values of a dimension with the most views, or events, for the site or one of its pages.
    """
    count, value = schema.value_count.c, schema.value.c
    with database.read() as connection:
        page = page_number(connection, site, path)
        sums = _sums(schema.value_count, schema.VALUE_MEASURES)
        asked = (
            select(value.text, *sums)
            .join(schema.value, value.id == count.value_id)
            .where(count.page_id == page, count.dimension == _PLACES[dimension])
            .where(_within(schema.value_count, span))
            .group_by(value.text)
            .order_by(
                func.sum(count.views).desc(),
                func.sum(count.events).desc(),
                func.sum(count.visits).desc(),
                value.text,
            )
            .limit(limit)
        )
        rows = connection.execute(asked).all()
    return [ValueTotals(*(row[0], *map(int, row[1:]))) for row in rows]


def filtered(database: Database, site: str, span: Period) -> dict[str, int]:
    """
    Requests that count in none of the numbers, by reason.
    """
    count = schema.filtered_count.c
    asked = (
        select(count.reason, func.sum(count.requests))
        .join(schema.site, schema.site.c.id == count.site_id)
        .where(schema.site.c.name == site, _within(schema.filtered_count, span))
        .group_by(count.reason)
        .order_by(count.reason)
    )
    with database.read() as connection:
        return {reason: int(requests) for reason, requests in connection.execute(asked)}


def all_time(database: Database, site: str, path: str = "") -> AllTime:
    """
    Everything that was ever measured or taken over.
    """
    page = schema.page.c
    with database.read() as connection:
        number = page_number(connection, site, path)
        asked = select(
            page.views + page.baseline_views + page.history_views,
            page.visits + page.baseline_visits + page.history_visits,
            page.visitors,
        ).where(page.id == number)
        row = connection.execute(asked).one_or_none()
    return AllTime(*row) if row else AllTime(0, 0, 0)


def _ranked_pages(
    database: Database, site: str, span: Period, limit: int, by: str
) -> list[PageTotals]:
    count, page = schema.day_count.c, schema.page.c
    shown = ("views", "visits", "visitors", "entries", "exits", "events")
    asked = (
        select(page.path, page.title, *_sums(schema.day_count, shown))
        .join(schema.page, page.id == count.page_id)
        .join(schema.site, schema.site.c.id == count.site_id)
        .where(schema.site.c.name == site, page.path != "", _within(schema.day_count, span))
        .group_by(page.id, page.path, page.title)
        .having(func.sum(count[by]) > 0)
        .order_by(func.sum(count[by]).desc(), page.path)
        .limit(limit)
    )
    with database.read() as connection:
        rows = connection.execute(asked).all()
    return [PageTotals(row[0], row[1], *map(int, row[2:])) for row in rows]


def _sums(table: Table, measures: Sequence[str]) -> list[ColumnElement[int]]:
    return [func.coalesce(func.sum(table.c[m]), 0).label(m) for m in measures]


def _within(table: Table, span: Period) -> ColumnElement[bool]:
    return table.c.day.between(span.first, span.last)
