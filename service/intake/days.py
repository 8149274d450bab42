"""
Site-days: calendar days in a site's own time zone, and their hours.

An hour is counted from the day's first instant, not read off a clock, so a day has 23 to 25 of
them and the two hours that a clock calls "02" in autumn stay apart.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

HOUR_MS = 3_600_000

#: How long after its last hit a visit is continued; from then on a hit begins a new one.
VISIT_GAP_MS = 1_800_000


class SiteDay(msgspec.Struct, frozen=True):
    """
    One calendar day of a site, with the instants where it begins and ends.
    """

    #: The date as ISO 8601 writes it.
    label: str
    #: First millisecond of the day, since 1970 in UTC.
    start_ms: int
    #: First millisecond of the next day.
    end_ms: int

    def hour(self, ms: int) -> int:
        """
        The day's hour that holds this moment, counted from 0.
        """
        return (ms - self.start_ms) // HOUR_MS

    @property
    def hours(self) -> int:
        """
        How many hours the day has; the last one may be a part of an hour.
        """
        return -((self.start_ms - self.end_ms) // HOUR_MS)


def site_day(ms: int, zone: ZoneInfo) -> SiteDay:
    """
    The site-day that holds this moment.
    """
    # Zones change their clocks at whole seconds, so that all of a second has one answer.
    return _day_of_second(ms // 1000, zone)


@lru_cache(maxsize=4096)
def _day_of_second(seconds: int, zone: ZoneInfo) -> SiteDay:
    return day_of(datetime.fromtimestamp(seconds, UTC).astimezone(zone).date(), zone)


@lru_cache(maxsize=4096)
def day_of(day: date, zone: ZoneInfo) -> SiteDay:
    """
    The site-day of a calendar date.
    """
    return SiteDay(day.isoformat(), _midnight(day, zone), _midnight(day + timedelta(days=1), zone))


def day_before(day: SiteDay, zone: ZoneInfo) -> SiteDay:
    """
    The site-day before this one.
    """
    return _day_before(day.label, zone)


@lru_cache(maxsize=4096)
def _day_before(label: str, zone: ZoneInfo) -> SiteDay:
    return day_of(date.fromisoformat(label) - timedelta(days=1), zone)


def _midnight(day: date, zone: ZoneInfo) -> int:
    # Where clocks skip midnight, fold=0 names the instant of the jump: the day's true beginning.
    return round(datetime.combine(day, time(), zone).timestamp()) * 1000
