"""
Corrections on their way to Redis: numbered steps, each applied once and in its place.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta

import msgspec

from service.counting.keys import SiteKeys
from service.counting.store import Store
from service.counting.wire import PAIR
from service.intake.sites import Site
from service.intake.visitors import page_digest

#: Pages that one step changes at most.
PAGES_OF_A_STEP = 300

#: Days before today that may still stand in a page's row.
_DAYS_BACK = 4


@dataclass(frozen=True, slots=True)
class Step:
    """
    Signed numbers that Redis adds, and pages that have moved. It is kept in SQL as JSON.
    """

    #: (path, path where its numbers go and where it is counted from now on).
    moved: list[tuple[str, str]] = field(default_factory=list)
    #: Paths that have numbers of their own again.
    back: list[str] = field(default_factory=list)
    #: Views, visits, visitors and events of the site in all.
    site: tuple[int, int, int, int] = (0, 0, 0, 0)
    #: (site-day, views, visits, visitors).
    days: list[tuple[str, int, int, int]] = field(default_factory=list)
    #: (path, views, visits, visitors, views of days in their order).
    pages: list[tuple[str, int, int, int, list[tuple[str, int]]]] = field(default_factory=list)

    def text(self) -> str:
        """
        The step as JSON.
        """
        return msgspec.json.encode(self).decode()

    @classmethod
    def parse(cls, text: str) -> "Step":
        """
        The step that ``text`` wrote.
        """
        return msgspec.json.decode(text, type=cls)


def moved_row(path: str) -> str:
    """
    What stands in place of a page's numbers when it is counted under this path.
    """
    return f"> {_digest(path)} {path}"


def _digest(path: str) -> str:
    return page_digest(path)[: PAIR[1]]


def apply_step(store: Store, site: Site, epoch: int, number: int, step: Step, now_ms: int) -> int:
    """
    Redis has the step, if it had the one before; returns the last one that it has.

    :raises SiteNotOpen: the site has another epoch, server or phase
    """
    keys = SiteKeys(site.id)
    moved = [(path, to, _digest(to)) for path, to in step.moved]
    packed = msgspec.msgpack.encode((moved, step.back, step.site, step.days, step.pages))
    today = date.fromisoformat(site.day(now_ms).label)
    days = [today + timedelta(days=back) for back in range(-_DAYS_BACK, 3)]
    told = [epoch, number, now_ms, " ".join(day.isoformat() for day in days), packed]
    return int(store.call("correct", [keys.state, keys.pages, keys.days], told))
