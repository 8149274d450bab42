"""
A month for people who do not sign in: what was read, against the month before.

A month that is not over is compared with the same days of the one before.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from service.archive.databases import Database
from service.errors import Reason, Rejected
from service.reporting import answers
from service.reporting.answers import AllTime, Totals
from service.reporting.periods import EARLIEST, LATEST, Period
from service.reporting.rankings import PageTotals, ranked_pages
from service.reporting.series import Interval, Unit, series

#: Pages that are listed.
MOST_READ = 20

_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Month:
    """
    Everything that the report of a month says.
    """

    #: Its first day.
    month: date
    #: Its days, up to today while it is not over.
    span: Period
    #: What it is compared with.
    before: Period
    is_over: bool
    totals: Totals
    totals_before: Totals
    ever: AllTime
    days: list[Interval]
    days_before: list[Interval]
    pages: list[PageTotals]
    #: Requests that count in none of the numbers, by reason, the largest first.
    filtered: dict[str, int]


def month_of(text: str | None, today: date) -> date:
    """
    The first day of a month such as ``2026-11``; of the month before today's when none is named.

    :raises Rejected: malformed, also for a month that has not begun
    """
    if text is None:
        return month_before(today)
    match = _MONTH.fullmatch(text)
    if match is None or not 1 <= int(match[2]) <= 12 or int(match[1]) < 1:
        raise Rejected(Reason.MALFORMED, "month")
    first = date(int(match[1]), int(match[2]), 1)
    if not EARLIEST <= first <= min(today, LATEST):
        raise Rejected(Reason.MALFORMED, "month")
    return first


def month_before(day: date) -> date:
    """
    The first day of the month before a day's.
    """
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)


def month_after(day: date) -> date:
    """
    The first day of the month after a day's.
    """
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)


def month(database: Database, site: str, first: date, today: date, zone: ZoneInfo) -> Month:
    """
    The report of the month that begins on this day.
    """
    whole = Period(first, month_after(first) - timedelta(days=1))
    is_over = whole.last < today
    span = whole if is_over else Period(first, today)
    earlier = month_before(first)
    end = first - timedelta(days=1)
    before = Period(earlier, end if is_over else end.replace(day=min(end.day, today.day)))
    with database.held() as held:
        found = answers.filtered(held, site, span)
        return Month(
            month=first,
            span=span,
            before=before,
            is_over=is_over,
            totals=answers.totals(held, site, span),
            totals_before=answers.totals(held, site, before),
            ever=answers.all_time(held, site),
            days=series(held, site, span, Unit.DAY, zone),
            days_before=series(held, site, before, Unit.DAY, zone),
            pages=ranked_pages(held, site, span, MOST_READ).rows,
            filtered=dict(sorted(found.items(), key=lambda row: (-row[1], row[0]))),
        )
