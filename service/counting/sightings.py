"""
Which views were counted before: asked of who was seen on a site-day, while that is remembered.
"""

from collections.abc import Iterator, Sequence

from service.counting.keys import SiteKeys
from service.counting.store import Store
from service.intake.hits import Hit

#: Views that Redis is asked for at once.
_CHUNK = 300


def remembers(store: Store, site: str, day: str) -> bool:
    """
    Whether Redis still knows who was seen on a site-day, and by which salt.
    """
    return bool(store.guarded(store.commands.exists, SiteKeys(site).salt(day)))


def were_counted(store: Store, hits: Sequence[Hit], slack_ms: int) -> Iterator[bool]:
    """
    For each of these views of one site and day whether its visitor was seen on its page then.

    :param slack_ms: how far apart the clocks of two servers may be
    :raises SiteNotOpen: the site has to be confirmed or restored first
    """
    for first in range(0, len(hits), _CHUNK):
        chunk = hits[first : first + _CHUNK]
        day = chunk[0].moment.day
        keys = SiteKeys(chunk[0].site)
        asked = [keys.state, keys.visitors(day.label), keys.views(day.label)]
        told = [
            part for hit in chunk for part in (hit.visitor, hit.page, hit.moment.ms - day.start_ms)
        ]
        yield from map(bool, store.read("seen", asked, [slack_ms, *told]))
