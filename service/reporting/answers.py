"""
Questions to SQL, one function each, named for the answer.

Answers are of what snapshots have added; the last minute is in Redis and on the pages.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import func, select

from service.archive import schema
from service.archive.databases import Database
from service.dimensions import Dimension
from service.reporting.asking import page_number, sums, within
from service.reporting.breakdowns import ValueTotals, values_of
from service.reporting.periods import Period
from service.reporting.rankings import PageTotals, Rank, ranked_pages


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
class AllTime:
    """
    Everything ever, with what an older counter had counted.
    """

    views: int
    visits: int
    #: The sum of the days' visitors.
    visitor_days: int


def totals(database: Database, site: str, span: Period, path: str = "") -> Totals:
    """
    What happened on a site, or on one of its pages, in a period.
    """
    count = schema.day_count.c
    with database.read() as connection:
        page = page_number(connection, site, path)
        asked = select(*sums(schema.day_count, schema.MEASURES)).where(
            count.page_id == page, within(schema.day_count, span)
        )
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
            count.page_id == page, within(schema.day_count, span)
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
            count.page_id == page, within(schema.hour_count, period)
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
    return ranked_pages(database, site, span, limit).rows


def entry_pages(database: Database, site: str, span: Period, limit: int) -> list[PageTotals]:
    """
    The pages with which most visits began.
    """
    return ranked_pages(database, site, span, limit, Rank.ENTRIES).rows


def exit_pages(database: Database, site: str, span: Period, limit: int) -> list[PageTotals]:
    """
    The pages with which most visits have ended so far.
    """
    return ranked_pages(database, site, span, limit, Rank.EXITS).rows


def breakdown(  # a question has as many parts as it has
    database: Database, site: str, dimension: Dimension, span: Period, limit: int, path: str = ""
) -> list[ValueTotals]:
    """
    The values of a dimension with the most views, or events, for the site or one of its pages.
    """
    return values_of(database, site, dimension, span, limit, path).rows


def filtered(database: Database, site: str, span: Period) -> dict[str, int]:
    """
    Requests that count in none of the numbers, by reason.
    """
    count = schema.filtered_count.c
    asked = (
        select(count.reason, func.sum(count.requests))
        .join(schema.site, schema.site.c.id == count.site_id)
        .where(schema.site.c.name == site, within(schema.filtered_count, span))
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


def first_day(database: Database, site: str) -> date | None:
    """
    The first site-day on which anything was counted; ``None`` when nothing ever was.
    """
    count = schema.day_count.c
    with database.read() as connection:
        whole = page_number(connection, site)
        return connection.execute(
            select(func.min(count.day)).where(count.page_id == whole)
        ).scalar()
