"""
Who is there now, as Redis holds it: how many, what they read, where they came from.
"""

from collections import Counter
from dataclasses import dataclass

from service.counting.keys import SiteKeys
from service.counting.store import Store
from service.intake.days import SiteDay

#: Minutes whose views are told.
MINUTES = 30

#: Visitors that one call looks up, and that are looked up at most.
_CHUNK, LARGEST_CROWD = 500, 20_000


@dataclass(frozen=True, slots=True)
class Presence:
    """
    What is going on at a site.
    """

    #: Distinct visitors whose last hit was not long ago.
    online: int
    #: How many of them were looked up for pages and sources: all, unless there are very many.
    looked_up: int
    #: Minutes since 1970 and the views in them, the oldest first; the last one is under way.
    minutes: list[tuple[int, int]]
    #: Path of the page that was viewed last -> visitors who are there.
    pages: Counter[str]
    #: (source, channel) of their visits -> visitors.
    sources: Counter[tuple[str, str]]


def read_presence(
    store: Store, site: str, today: SiteDay, yesterday: SiteDay, since_ms: int, now_ms: int
) -> Presence:
    """
    Who is at a site now.

    :param since_ms: visitors whose last hit is later than this are online
    :raises SiteNotOpen: while the site is being confirmed or restored
    """
    keys = SiteKeys(site)
    asked = [keys.state, keys.online, keys.visitors(today.label), keys.visitors(yesterday.label)]
    first = now_ms // 60_000 - MINUTES + 1
    online, views = 0, []
    seen: dict[str, tuple[str, str]] = {}
    for passed in range(0, LARGEST_CROWD, _CHUNK):
        args = [since_ms, first, MINUTES, passed, _CHUNK]
        online, views, told = store.read("presence", asked, args)
        # Who moves to the front between two calls is told twice.
        seen |= dict(zip(told[::3], zip(told[1::3], told[2::3], strict=True), strict=True))
        if len(told) < 3 * _CHUNK:
            break
    return Presence(
        online=online,
        looked_up=len(seen),
        minutes=[(first + place, int(many)) for place, many in enumerate(views)],
        pages=Counter(path for path, _ in seen.values() if path),
        sources=Counter(_source(origin) for _, origin in seen.values() if origin),
    )


def _source(origin: str) -> tuple[str, str]:
    source, _, channel = origin.partition("\t")
    return source, channel
