"""
What pages are shown: periods added up from days, and the form that ``/counters`` answers. Pure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from service.clock import rfc3339
from service.counting.numbers import PageNumbers, SiteNumbers, Tally
from service.intake.sites import Site


@dataclass(frozen=True, slots=True)
class Caps:
    """
    How many pages a site may have; past them a page that is not known has no number.
    """

    pages_total: int
    pages_per_day: int

    def are_reached(self, numbers: SiteNumbers) -> bool:
        """
        Whether an unknown page may have been, or would be, counted under ``(other)``.
        """
        return (
            numbers.has_other
            or numbers.page_count >= self.pages_total
            or numbers.new_pages >= self.pages_per_day
        )


def counters_body(
    site: Site,
    numbers: SiteNumbers,
    asked: Sequence[str],
    caps: Caps,
    now_ms: int,
    *,
    stale: bool,
) -> dict[str, Any]:
    """
    The answer of ``/counters``: integers, and ``null`` for a page that has no number to show.

    :param asked: the paths as the reader wrote them, in the order of ``numbers.pages``
    """
    pages = page_bodies(site, numbers, caps, now_ms, stale=stale)
    told = dict(zip(asked, pages, strict=True))
    return {**site_body(site, numbers, now_ms, stale=stale), "pages": told}


def site_body(site: Site, numbers: SiteNumbers, now_ms: int, *, stale: bool) -> dict[str, Any]:
    """
    The part of the answer that is about the site.
    """
    today = date.fromisoformat(site.day(now_ms).label)
    periods = {name: _sum(numbers, days) for name, days in spans(today).items()}
    now, before = periods["today"], periods["yesterday"]
    views_total = numbers.total.views + numbers.baseline_views
    visits_total = numbers.total.visits + numbers.baseline_visits
    return {
        "site": site.id,
        "as_of": rfc3339(numbers.changed_ms or now_ms),
        "stale": stale,
        "online": numbers.online,
        "views": {**{n: t.views for n, t in periods.items()}, "total": views_total},
        "visits": {**{n: t.visits for n, t in periods.items()}, "total": visits_total},
        "visitors": {"today": now.visitors, "yesterday": before.visitors},
        "visitor_days": {
            **{n: t.visitors for n, t in periods.items() if n not in {"today", "yesterday"}},
            "total": numbers.total.visitors,
        },
    }


def page_bodies(
    site: Site, numbers: SiteNumbers, caps: Caps, now_ms: int, *, stale: bool
) -> list[dict[str, int] | None]:
    """
    The part of the answer that is about pages, in the order of ``numbers.pages``.
    """
    today = date.fromisoformat(site.day(now_ms).label)
    # A page that nobody viewed has 0; one that may be under (other), or in Redis only, has none.
    is_unnamed = stale or caps.are_reached(numbers) or site.floor > 0
    unknown = None if is_unnamed else dict.fromkeys(_PAGE, 0)
    return [_page(page, site, today) if page else unknown for page in numbers.pages]


def spans(today: date) -> dict[str, list[date]]:
    """
    The days of each period that is shown; all but yesterday end today.
    """
    return {
        "today": _days(today, 1),
        "yesterday": _days(today - timedelta(days=1), 1),
        "this_week": _days(today, today.weekday() + 1),
        "this_month": _days(today, today.day),
        "last_7_days": _days(today, 7),
        "last_30_days": _days(today, 30),
    }


def _days(last: date, count: int) -> list[date]:
    return [last - timedelta(days=back) for back in range(count)]


def _sum(numbers: SiteNumbers, days: Iterable[date]) -> Tally:
    tallies = (numbers.days.get(day.isoformat(), Tally()) for day in days)
    return sum(tallies, Tally())


def _page(page: PageNumbers, site: Site, today: date) -> dict[str, int] | None:
    views = page.total.views + page.baseline_views
    if views < site.floor:
        return None
    return {
        "views": views,
        "visits": page.total.visits + page.baseline_visits,
        "visitors": page.total.visitors,
        "today": views_of(page, today),
    }


def views_of(page: PageNumbers, today: date) -> int:
    """
    A page's views of today, also when a hit of tomorrow, from a clock that is ahead, came first.
    """
    if page.day == today.isoformat():
        return page.today
    return page.before if page.day == (today + timedelta(days=1)).isoformat() else 0


_PAGE = ("views", "visits", "visitors", "today")
