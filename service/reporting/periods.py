"""
Spans of site-days that a report is asked for.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from service.errors import Reason, Rejected

#: The longest span of a report, in days: a century is a typing error.
LONGEST = 36_525

_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Period:
    """
    Site-days from the first to the last, both included.
    """

    first: date
    last: date

    @property
    def days(self) -> list[date]:
        """
        Each of its days, the oldest first.
        """
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]


def period(name: str | None, first: str | None, last: str | None, today: date) -> Period:
    """
    The period of a question: a name, or its first and last day as ISO 8601 writes them.

    :raises Rejected: malformed, when there are both, half of them, or a day that is none
    """
    if name is not None and (first is not None or last is not None):
        raise Rejected(Reason.MALFORMED, "period")
    if first is None and last is None:
        return _named(name or "last_30_days", today)
    span = Period(_day(first, "from"), _day(last, "to"))
    if span.last < span.first or (span.last - span.first).days > LONGEST:
        raise Rejected(Reason.MALFORMED, "to")
    return span


def last_days(count: int, today: date) -> Period:
    """
    So many days, today being the last.
    """
    return Period(today - timedelta(days=count - 1), today)


def _named(name: str, today: date) -> Period:
    yesterday = today - timedelta(days=1)
    spans = {
        "today": Period(today, today),
        "yesterday": Period(yesterday, yesterday),
        "this_week": Period(today - timedelta(days=today.weekday()), today),
        "this_month": Period(today.replace(day=1), today),
        "this_year": Period(today.replace(month=1, day=1), today),
        "last_7_days": last_days(7, today),
        "last_30_days": last_days(30, today),
        "last_90_days": last_days(90, today),
        "last_365_days": last_days(365, today),
    }
    if name not in spans:
        raise Rejected(Reason.MALFORMED, "period")
    return spans[name]


def _day(text: str | None, field: str) -> date:
    # date.fromisoformat alone takes "20261122" and "2026-W47-7", too.
    if text is None or not _ISO_DAY.fullmatch(text):
        raise Rejected(Reason.MALFORMED, field)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Rejected(Reason.MALFORMED, field) from None
