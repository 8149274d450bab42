"""
The live numbers of a site and of its pages, as Redis holds them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from service.counting.keys import SiteKeys
from service.counting.store import Store
from service.intake.days import SiteDay

#: What stands behind the label of a site-day when its numbers come from imported histories.
HISTORY = "+"

#: Pages that one question may name.
LARGEST_QUESTION = 200


@dataclass(frozen=True, slots=True)
class Tally:
    """
    Views, visits and visitors of something.
    """

    views: int = 0
    visits: int = 0
    visitors: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        """
        Both together.
        """
        return Tally(
            self.views + other.views, self.visits + other.visits, self.visitors + other.visitors
        )


@dataclass(frozen=True, slots=True)
class PageNumbers:
    """
    The numbers of one page; ``today`` are the views of ``day``, ``before`` those of the day before.
    """

    total: Tally
    day: str
    today: int
    before: int
    baseline_views: int
    baseline_visits: int


@dataclass(frozen=True, slots=True)
class SiteNumbers:
    """
    The numbers of a site, and those of the pages that were asked for.
    """

    total: Tally
    baseline_views: int
    baseline_visits: int
    #: When a number last changed, in ms since 1970; 0 when none ever did.
    changed_ms: int
    #: ``None`` when only Redis could say.
    online: int | None
    #: By the label of the site-day.
    days: dict[str, Tally] = field(default_factory=dict)
    #: In the order of the question; ``None`` for a page that has no numbers.
    pages: tuple[PageNumbers | None, ...] = ()
    #: Pages that have numbers, and those that got their first today.
    page_count: int = 0
    new_pages: int = 0
    #: Whether views were counted under ``(other)``, so that an unknown page may have had some.
    has_other: bool = False

    def completed(self, other: "SiteNumbers") -> "SiteNumbers":
        """
        These numbers, with the other's for the pages that have none here.
        """
        pages = tuple(mine or theirs for mine, theirs in zip(self.pages, other.pages, strict=True))
        return replace(self, pages=pages)


def read_numbers(
    store: Store, site: str, today: SiteDay, since_ms: int, paths: Sequence[str]
) -> SiteNumbers:
    """
    The numbers of a site and of at most 200 of its pages, now.

    :param since_ms: visitors whose last hit is later than this are online
    :raises SiteNotOpen: while the site is being confirmed or restored
    """
    keys = SiteKeys(site)
    asked = [keys.state, keys.pages, keys.days, keys.online, keys.views(today.label)]
    return parse_numbers(store.read("numbers", asked, ["", since_ms, *paths]))


def parse_numbers(reply: Sequence[Any]) -> SiteNumbers:
    """
    The numbers in a reply of ``record`` or ``numbers``.
    """
    site, online, days, pages, page_count, new_pages, has_other = reply
    views, visits, visitors, baseline_views, baseline_visits, changed = map(int, site)
    return SiteNumbers(
        total=Tally(views, visits, visitors),
        baseline_views=baseline_views,
        baseline_visits=baseline_visits,
        changed_ms=changed,
        online=online,
        days=_days(_pairs(days)),
        pages=tuple(map(parse_page, pages)),
        page_count=page_count,
        new_pages=new_pages,
        has_other=bool(has_other),
    )


def _pairs(days: Any) -> list[tuple[str, str]]:
    if isinstance(days, dict):
        return list(days.items())
    return list(pairwise(days))[::2]


def _days(rows: list[tuple[str, str]]) -> dict[str, Tally]:
    """
    Each day's numbers, what was measured and what histories add together.
    """
    days: dict[str, Tally] = {}
    for name, row in rows:
        label = name.removesuffix(HISTORY)
        days[label] = days.get(label, Tally()) + _tally(row)
    return days


def _tally(row: str) -> Tally:
    return Tally(*map(int, row.split()))


def parse_page(row: str | None) -> PageNumbers | None:
    """
    The numbers in a page's row; ``None`` where it has none.
    """
    if not row:
        return None
    views, visits, visitors, day, today, before, baseline_views, baseline_visits = row.split()
    return PageNumbers(
        Tally(int(views), int(visits), int(visitors)),
        day,
        int(today),
        int(before),
        int(baseline_views),
        int(baseline_visits),
    )
