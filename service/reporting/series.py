"""
A period by hours, days, weeks or months, with a row for each also when nothing happened in it.

Hours are those of the site-day, 23 to 25 of them. Weeks begin on Monday; a week or month that
reaches over an end of the period is cut there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from service.archive import schema
from service.archive.databases import Database
from service.intake.days import day_of
from service.reporting.asking import page_number, within
from service.reporting.periods import Period

#: Rows that a series may have; a quarter of a year by hours.
LARGEST_SERIES = 40_000
LARGEST_HOURS = 2_300


class Unit(StrEnum):
    """
    What a series may be divided into.
    """

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Interval:
    """
    One part of a series. Visitors of more than one day are the sum of the days.
    """

    first: date
    last: date
    #: The day's hour from its first instant; ``None`` for whole days.
    hour: int | None
    views: int
    visits: int
    visitors: int
    bounces: int
    engaged_seconds: int
    events: int


def hours_in(span: Period, zone: ZoneInfo) -> int:
    """
    How many hours a period has.
    """
    return sum(day_of(day, zone).hours for day in span.days)


def series(
    database: Database, site: str, span: Period, unit: Unit, zone: ZoneInfo, path: str = ""
) -> list[Interval]:
    """
    A period of a site or of one of its pages, the oldest first.
    """
    with database.read() as connection:
        page = page_number(connection, site, path)
        if unit is Unit.HOUR:
            return _hours(connection, page, span, zone, path)
        rows = _days(connection, page, span)
    return [
        _interval(part.first, part.last, None, _added(rows, part), path)
        for part in parts_of(span, unit)
    ]


def parts_of(span: Period, unit: Unit) -> Iterator[Period]:
    """
    A period cut at each day, Monday or first of a month.
    """
    first = span.first
    while first <= span.last:
        last = min(_end(first, unit), span.last)
        yield Period(first, last)
        first = last + timedelta(days=1)


def _end(day: date, unit: Unit) -> date:
    if unit is Unit.WEEK:
        return day + timedelta(days=6 - day.weekday())
    if unit is Unit.MONTH:
        return (day.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return day


def _days(connection: Connection, page: int | None, span: Period) -> dict[date, list[int]]:
    count = schema.day_count.c
    asked = select(count.day, *(count[m] for m in schema.MEASURES)).where(
        count.page_id == page, within(schema.day_count, span)
    )
    return {row[0]: list(row[1:]) for row in connection.execute(asked)}


def _added(rows: dict[date, list[int]], part: Period) -> list[int]:
    there = [rows[day] for day in part.days if day in rows]
    return [sum(column) for column in zip(*there, strict=True)] if there else _NOTHING


def _hours(
    connection: Connection, page: int | None, span: Period, zone: ZoneInfo, path: str
) -> list[Interval]:
    count = schema.hour_count.c
    asked = select(count.day, count.hour, *(count[m] for m in schema.MEASURES)).where(
        count.page_id == page, within(schema.hour_count, span)
    )
    rows = {(row[0], row[1]): list(row[2:]) for row in connection.execute(asked)}
    return [
        _interval(day, day, hour, rows.get((day, hour), _NOTHING), path)
        for day in span.days
        for hour in range(day_of(day, zone).hours)
    ]


_NOTHING = [0] * len(schema.MEASURES)


def _interval(first: date, last: date, hour: int | None, numbers: list[int], path: str) -> Interval:
    row = dict(zip(schema.MEASURES, numbers, strict=True))
    begun = row["entries"] if path else row["visits"]
    return Interval(
        first=first,
        last=last,
        hour=hour,
        views=row["views"],
        visits=row["visits"],
        visitors=row["visitors"],
        bounces=begun - row["engaged_visits"],
        engaged_seconds=row["engaged_seconds"],
        events=row["events"],
    )
