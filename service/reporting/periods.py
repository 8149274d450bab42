"""
Spans of site-days that a report is asked for.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from service.errors import Reason, Rejected

#: The longest span of a report, in days: a century is a typing error.
LONGEST = 36_525

#: No page was read before; what is beyond these is a slip of the pen.
EARLIEST, LATEST = date(1970, 1, 1), date(2199, 12, 31)

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


class Comparison(StrEnum):
    """
    What a period may be compared with.
    """

    PREVIOUS_PERIOD = "previous_period"
    PREVIOUS_YEAR = "previous_year"


class PeriodName(StrEnum):
    """
    Periods that have a name. All end today, but for ``yesterday``; weeks begin on Monday.
    """

    TODAY = "today"
    YESTERDAY = "yesterday"
    THIS_WEEK = "this_week"
    THIS_MONTH = "this_month"
    THIS_YEAR = "this_year"
    LAST_7_DAYS = "last_7_days"
    LAST_28_DAYS = "last_28_days"
    LAST_30_DAYS = "last_30_days"
    LAST_90_DAYS = "last_90_days"
    LAST_365_DAYS = "last_365_days"
    #: Since the first day on which anything was counted.
    ALL = "all"


def compared(span: Period, name: str | None, comparison: Comparison) -> Period:
    """
    The period that another is compared with.

    The previous one of a calendar month, year or week under way has the same days of the one
    before; of any other period it is as many days, up to the day before it.

    :param name: the name that the period was asked by, if any
    """
    if comparison is Comparison.PREVIOUS_YEAR or name == PeriodName.THIS_YEAR:
        return Period(_a_year_before(span.first), _a_year_before(span.last))
    if name == PeriodName.THIS_WEEK:
        week = timedelta(days=7)
        return Period(span.first - week, span.last - week)
    last = span.first - timedelta(days=1)
    if name == PeriodName.THIS_MONTH:
        return Period(last.replace(day=1), last.replace(day=min(last.day, span.last.day)))
    return Period(last - (span.last - span.first), last)


def _a_year_before(day: date) -> date:
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if is_leap_day else day.day)


def period(
    name: str | None, first: str | None, last: str | None, today: date, begun: date | None = None
) -> Period:
    """
    The period of a question: a name, or its first and last day as ISO 8601 writes them.

    :param begun: the first day on which anything was counted, where ``all`` begins
    :raises Rejected: malformed, when there are both, half of them, or a day that is none
    """
    if name is not None and (first is not None or last is not None):
        raise Rejected(Reason.MALFORMED, "period")
    if first is None and last is None:
        return _named(name or PeriodName.LAST_30_DAYS, today, begun or today)
    span = Period(_day(first, "from"), _day(last, "to"))
    if span.last < span.first or (span.last - span.first).days > LONGEST:
        raise Rejected(Reason.MALFORMED, "to")
    return span


def last_days(count: int, today: date) -> Period:
    """
    So many days, today being the last.
    """
    return Period(today - timedelta(days=count - 1), today)


def _named(name: str, today: date, begun: date) -> Period:
    yesterday = today - timedelta(days=1)
    spans = {
        PeriodName.TODAY: Period(today, today),
        PeriodName.YESTERDAY: Period(yesterday, yesterday),
        PeriodName.THIS_WEEK: Period(today - timedelta(days=today.weekday()), today),
        PeriodName.THIS_MONTH: Period(today.replace(day=1), today),
        PeriodName.THIS_YEAR: Period(today.replace(month=1, day=1), today),
        PeriodName.LAST_7_DAYS: last_days(7, today),
        PeriodName.LAST_28_DAYS: last_days(28, today),
        PeriodName.LAST_30_DAYS: last_days(30, today),
        PeriodName.LAST_90_DAYS: last_days(90, today),
        PeriodName.LAST_365_DAYS: last_days(365, today),
        PeriodName.ALL: Period(max(min(begun, today), today - timedelta(days=LONGEST)), today),
    }
    if name not in set(PeriodName):
        raise Rejected(Reason.MALFORMED, "period")
    return spans[PeriodName(name)]


def _day(text: str | None, field: str) -> date:
    # date.fromisoformat alone takes "20261122" and "2026-W47-7", too.
    if text is None or not _ISO_DAY.fullmatch(text):
        raise Rejected(Reason.MALFORMED, field)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Rejected(Reason.MALFORMED, field) from None
    if not EARLIEST <= day <= LATEST:
        raise Rejected(Reason.MALFORMED, field)
    return day
