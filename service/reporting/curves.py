"""
How an article was read from its beginning on: its first hour, day and week, hour by hour.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from service.archive import schema
from service.archive.databases import Database
from service.intake.days import HOUR_MS, day_of, site_day
from service.reporting.asking import page_number
from service.reporting.periods import Period

#: Hours of a curve: a week.
HOURS = 168

#: The hours after which a sum is told.
FIRST_HOUR, FIRST_DAY, FIRST_WEEK = 1, 24, 168


@dataclass(frozen=True, slots=True)
class Step:
    """
    One hour of a curve.
    """

    #: Hours since the beginning, from 1.
    hour: int
    begins_ms: int
    views: int
    #: All views from the beginning to the end of this hour.
    views_so_far: int


@dataclass(frozen=True, slots=True)
class Curve:
    """
    The first week of a page, up to now.
    """

    #: The first instant of the hour that it begins with, in ms since 1970; ``None``: not yet.
    begins_ms: int | None
    #: ``None`` as long as the time is not over.
    first_hour_views: int | None
    first_day_views: int | None
    first_week_views: int | None
    steps: list[Step]


def curve(
    database: Database,
    site: str,
    path: str,
    zone: ZoneInfo,
    now_ms: int,
    published_ms: int | None = None,
) -> Curve:
    """
    The first week of a page by hours of the site's days.

    :param published_ms: where it begins; else with the hour of its first view
    """
    with database.read() as connection:
        page = page_number(connection, site, path)
        begins_ms = _first_view(connection, page, zone) if published_ms is None else published_ms
        if page is None or begins_ms is None:
            return Curve(None, None, None, None, [])
        hours = _hours_from(begins_ms, zone, min(now_ms, begins_ms + 2 * HOURS * HOUR_MS))
        views = _views(connection, page, hours)
    steps, so_far = [], 0
    for number, (day, hour, ms) in enumerate(hours, 1):
        so_far += views.get((day, hour), 0)
        steps.append(Step(number, ms, views.get((day, hour), 0), so_far))

    def after(many: int) -> int | None:
        is_over = len(steps) >= many and steps[many - 1].begins_ms + HOUR_MS <= now_ms
        return steps[many - 1].views_so_far if is_over else None

    begun = steps[0].begins_ms if steps else None
    return Curve(begun, after(FIRST_HOUR), after(FIRST_DAY), after(FIRST_WEEK), steps)


def _first_view(connection: Connection, page: int | None, zone: ZoneInfo) -> int | None:
    count = schema.hour_count.c
    asked = (
        select(count.day, count.hour)
        .where(count.page_id == page, count.views > 0)
        .order_by(count.day, count.hour)
        .limit(1)
    )
    row = connection.execute(asked).one_or_none()
    return day_of(row.day, zone).start_ms + row.hour * HOUR_MS if row else None


def _hours_from(begins_ms: int, zone: ZoneInfo, end_ms: int) -> list[tuple[date, int, int]]:
    """
    The hours of site-days from the one that holds a moment on, each with its first instant.
    """
    found: list[tuple[date, int, int]] = []
    day = site_day(begins_ms, zone)
    hour = day.hour(begins_ms)
    while len(found) < HOURS and (begins := day.start_ms + hour * HOUR_MS) <= end_ms:
        found.append((date.fromisoformat(day.label), hour, begins))
        hour += 1
        if hour >= day.hours:
            day, hour = day_of(date.fromisoformat(day.label) + timedelta(days=1), zone), 0
    return found


def _views(
    connection: Connection, page: int, hours: list[tuple[date, int, int]]
) -> dict[tuple[date, int], int]:
    if not hours:
        return {}
    count = schema.hour_count.c
    span = Period(hours[0][0], hours[-1][0])
    asked = select(count.day, count.hour, count.views).where(
        count.page_id == page, count.day.between(span.first, span.last)
    )
    return {(row.day, row.hour): row.views for row in connection.execute(asked)}
