"""
One number out of those that ``/counters`` shows, by the name that pages give it, and as text.

What is not known is a dash and never 0: not a page below the floor, not an old number that says
nothing of today.
"""

from collections.abc import Mapping
from typing import Any

#: What stands where there is no number.
NO_NUMBER = "\N{EN DASH}"

#: Periods of a site's number.
PERIODS = (
    *("today", "yesterday", "this_week", "this_month", "last_7_days", "last_30_days", "total"),
)

#: Names of numbers of a site, and where each stands in the body of ``/counters``.
SITE_FIGURES: dict[str, tuple[str, ...]] = {
    "online": ("online",),
    "views": ("views", "total"),
    "visits": ("visits", "total"),
    "visitors": ("visitors", "today"),
    **{f"{what}.{period}": (what, period) for what in ("views", "visits") for period in PERIODS},
    **{f"visitors.{period}": ("visitors", period) for period in PERIODS[:2]},
    **{f"visitor_days.{period}": ("visitor_days", period) for period in PERIODS[2:]},
}

#: Names of numbers of a page, and what each is called there.
PAGE_FIGURES = {
    "views": "views",
    "visits": "visits",
    "visitors": "visitors",
    "today": "today",
    "views.today": "today",
    "views.total": "views",
    "visits.total": "visits",
}

#: What is put between groups of three digits, by locale.
_BETWEEN = {"vi": ".", "en": ","}


def site_figure(body: Mapping[str, Any], name: str) -> int | None:
    """
    A number of the site; ``None`` when it is not known.
    """
    found: Any = body
    for part in SITE_FIGURES[name]:
        found = found[part]
    return known(found, stale=body["stale"])


def page_figure(body: Mapping[str, Any], path: str, name: str) -> int | None:
    """
    A number of a page; ``None`` when it is not known or not shown.
    """
    page = body["pages"][path]
    return None if page is None else known(page[PAGE_FIGURES[name]], stale=body["stale"])


def known(number: int | None, *, stale: bool) -> int | None:
    """
    The number, unless it is an old nothing: a day may have begun since.
    """
    return None if stale and not number else number


def written(number: int | None, locale: str) -> str:
    """
    A number in groups of three digits, as the locale divides them; a dash for none.
    """
    if number is None:
        return NO_NUMBER
    return f"{number:,}".replace(",", _BETWEEN[locale])
