"""
Retention: old rows are folded into fewer ones; every sum stays what it was.

Hours become one row whose hour is not known, rare values become ``(other)``, and days of past years
become months, each on its first day. A day is folded in one transaction, the oldest first.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Table, delete, func, select, update

from service.archive import schema
from service.archive.changes import UNKNOWN_HOUR
from service.archive.databases import Database, add_to
from service.archive.names import value_ids
from service.archive.sites import site_row
from service.counting.breakdowns import PLACES
from service.dimensions import NONE, OPEN, OTHER, REMOVED, UNKNOWN
from service.settings import Settings

#: Rows that one transaction takes together.
_CHUNK = 1_000

#: Values of Luot's own, which keep their names however rare they are.
_OWN = (NONE, "(direct)", "(internal)", "(invalid)", UNKNOWN, OTHER, REMOVED)

_OPEN_PLACES = tuple(PLACES[dimension] for dimension in OPEN)


@dataclass(frozen=True, slots=True)
class Retention:
    """
    What is folded: days before these, and values below a floor on them. ``None``: never.
    """

    hours_before: date | None
    days_before: date | None
    values_floor: int

    @classmethod
    def of(cls, settings: Settings, today: date) -> "Retention":
        """
        What the settings say, today.
        """
        months, years = settings.hours_kept_months, settings.days_kept_years
        return cls(
            _months_before(today, months) if months else None,
            _months_before(today, 12 * years).replace(month=1) if years else None,
            settings.values_floor,
        )


@dataclass(frozen=True, slots=True)
class Folded:
    """
    How many rows became how many fewer.
    """

    days: int = 0
    hours: int = 0
    values: int = 0

    def __add__(self, other: "Folded") -> "Folded":
        """
        Both together.
        """
        return Folded(self.days + other.days, self.hours + other.hours, self.values + other.values)


def fold(database: Database, site: str, retention: Retention) -> Folded:
    """
    Everything that is old enough is folded; returns how many rows fewer there are.

    :raises ArchiveUnavailable: days that were folded before stay so
    """
    folded = Folded()
    for day in _days(database, site, retention):
        with database.write() as connection:
            folded += _fold_day(connection, site, day, retention)
    return folded


def would_fold(database: Database, site: str, retention: Retention) -> Folded:
    """
    The same without doing it: whatever was folded is taken back.
    """
    folded = Folded()
    for day in _days(database, site, retention):
        try:
            with database.write() as connection:
                folded += _fold_day(connection, site, day, retention)
                raise _OnlyTried  # noqa: TRY301 - it is how a transaction is left without a trace
        except _OnlyTried:
            continue
    return folded


class _OnlyTried(Exception):
    """
    The transaction was a try.
    """


def _days(database: Database, site: str, retention: Retention) -> list[date]:
    """
    The days that have something to fold, the oldest first: a day that was folded has no hours.
    """
    limits = [day for day in (retention.hours_before, retention.days_before) if day]
    with database.read() as connection:
        row = site_row(connection, site)
        if row is None or not limits:
            return []
        page = schema.page.c
        whole = select(page.id).where(page.site_id == row.id, page.path == "").scalar_subquery()
        hour, day = schema.hour_count.c, schema.day_count.c
        found: set[date] = set()
        if retention.hours_before:
            asked = select(hour.day).where(hour.page_id == whole, hour.hour > UNKNOWN_HOUR)
            found |= set(
                connection.execute(asked.where(hour.day < retention.hours_before)).scalars()
            )
        if retention.days_before:
            told = select(day.day).where(day.page_id == whole, day.day < retention.days_before)
            found |= {d for d in connection.execute(told).scalars() if d.day != 1}
    return sorted(found)


def _fold_day(connection: Connection, site: str, day: date, retention: Retention) -> Folded:
    c = schema.site.c
    # Locked, so that no snapshot adds to the day meanwhile.
    connection.execute(update(schema.site).where(c.name == site).values(corrected=c.corrected))
    row = site_row(connection, site)
    if row is None:  # pragma: no cover - its days were found a moment ago
        return Folded()
    count = schema.day_count.c
    asked = select(count.page_id).where(count.site_id == row.id, count.day == day)
    pages = list(connection.execute(asked).scalars())
    is_month = retention.days_before is not None and day < retention.days_before
    to = day.replace(day=1) if is_month else day
    folded = Folded()
    for at in range(0, len(pages), _CHUNK):
        chunk = pages[at : at + _CHUNK]
        hours = _fold_hours(connection, chunk, day, to)
        values = _fold_values(connection, chunk, day, to, retention.values_floor)
        folded += Folded(hours=hours, values=values)
    if to != day:
        folded += Folded(days=_move_days(connection, row.id, day, to))
        _move_filtered(connection, row.id, day, to)
    return folded


def _fold_hours(connection: Connection, pages: list[int], day: date, to: date) -> int:
    c = schema.hour_count.c
    where = c.page_id.in_(pages) & (c.day == day)
    sums = [func.sum(c[m]).label(m) for m in schema.MEASURES]
    rows = connection.execute(
        select(c.page_id, func.count(), *sums).where(where).group_by(c.page_id)
    )
    folded = [
        {"page_id": page, "day": to, "hour": UNKNOWN_HOUR}
        | {m: int(n) for m, n in zip(schema.MEASURES, counts, strict=True)}
        for page, _, *counts in rows
    ]
    gone = connection.execute(delete(schema.hour_count).where(where)).rowcount
    add_to(connection, schema.hour_count, folded, schema.MEASURES)
    return gone - len(folded)


def _fold_values(connection: Connection, pages: list[int], day: date, to: date, floor: int) -> int:
    """
    Values of the day below the floor become ``(other)``.
    """
    c, own = schema.value_count.c, value_ids(connection, _OWN)
    where = c.page_id.in_(pages) & (c.day == day)
    rare = (
        c.dimension.in_(_OPEN_PLACES)
        & c.value_id.not_in(own.values())
        & (c.views.between(0, floor - 1))
        & (c.events.between(0, floor - 1))
    )
    if to == day:
        where &= rare
    measures = schema.VALUE_MEASURES
    told = select(c.page_id, c.dimension, c.value_id, rare.label("rare"), *(c[m] for m in measures))
    sums: dict[tuple[int, int, int], list[int]] = defaultdict(lambda: [0] * len(measures))
    for page, dimension, value, is_rare, *counts in connection.execute(told.where(where)):
        key = page, dimension, own[OTHER] if is_rare else value
        sums[key] = [a + b for a, b in zip(sums[key], counts, strict=True)]
    gone = connection.execute(delete(schema.value_count).where(where)).rowcount
    rows = [
        {"page_id": page, "dimension": dimension, "day": to, "value_id": value}
        | dict(zip(measures, counts, strict=True))
        for (page, dimension, value), counts in sums.items()
    ]
    add_to(connection, schema.value_count, rows, measures)
    return gone - len(rows)


def _move_days(connection: Connection, site_id: int, day: date, to: date) -> int:
    keys = ["site_id", "page_id"]
    return _move(connection, schema.day_count, keys, schema.MEASURES, site_id, day, to)


def _move_filtered(connection: Connection, site_id: int, day: date, to: date) -> None:
    keys = ["site_id", "hour", "reason"]
    _move(connection, schema.filtered_count, keys, ["requests"], site_id, day, to)


def _move(
    connection: Connection,
    table: Table,
    keys: list[str],
    measures: Any,
    site_id: int,
    day: date,
    to: date,
) -> int:
    """
    The rows of a day are added to those of another one; returns how many fewer there are.
    """
    where = (table.c.site_id == site_id) & (table.c.day == day)
    rows = [
        {**dict(found), "day": to}
        for found in connection.execute(
            select(*(table.c[name] for name in (*keys, *measures))).where(where)
        ).mappings()
    ]
    there = select(func.count()).where(table.c.site_id == site_id, table.c.day == to)
    before = connection.execute(there).scalar_one()
    gone = connection.execute(delete(table).where(where)).rowcount
    add_to(connection, table, rows, measures)
    return int(gone + before - connection.execute(there).scalar_one())


def _months_before(day: date, months: int) -> date:
    """
    The first day of the month that lies so many months before this one.
    """
    number = day.year * 12 + day.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)
