"""
The phases of a site: how it comes to count and to show its numbers.

``load``: SQL's numbers are put in. ``remember``: journals say who was seen. ``count``: they send
what SQL has not. ``open``: nothing is missing, and numbers are shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from service.counting.direct import DIRECT
from service.counting.keys import SiteKeys
from service.counting.store import Status, Store

#: Keys that one call removes.
_CHUNK = 1_000

#: How the fields of a site's state are called that belong to a producer.
_LAST, _OWED, _ARRIVED = "p:", "o:", "a:"


@dataclass(frozen=True, slots=True)
class Gathering:
    """
    Who has told what there was to tell in the present phase.
    """

    phase: str
    #: When it began, in ms since 1970.
    since_ms: int
    #: Producers with journals that Redis has heard of.
    known: frozenset[str]
    #: Those who have nothing more to tell.
    arrived: frozenset[str]


def gathering(store: Store, site: str) -> Gathering:
    """
    Who has arrived in the present phase of a site.
    """
    key = SiteKeys(site).state
    rows: dict[str, str] = store.guarded(lambda: dict(store.commands.hscan_iter(key, count=_CHUNK)))
    known = {name[2:] for name in rows if name.startswith((_LAST, _OWED))}
    arrived = {
        name[2:]
        for name, value in rows.items()
        if name.startswith(_ARRIVED) and value == rows.get("round")
    }
    return Gathering(
        rows.get("phase", ""),
        int(rows.get("since", 0)),
        frozenset(name for name in known if not name.startswith(DIRECT)),
        frozenset(arrived),
    )


def create(store: Store, site: str, epoch: int, head: str, now_ms: int) -> None:
    """
    A site that nobody has ever counted counts from here on, in its first life.

    :raises SiteNotOpen: Redis has the site
    """
    store.call("create", [SiteKeys(site).state], [epoch, head, now_ms])


def confirm(store: Store, site: str, status: Status, now_ms: int) -> None:
    """
    The process of Redis that was compared counts for the site from here on.

    :raises SiteNotOpen: the site or the process changed since ``status`` was read
    """
    asked = [status.epoch, status.tip, status.run_id, now_ms]
    store.call("confirm", [SiteKeys(site).state], asked)


def advance(store: Store, site: str, epoch: int, over: str, following: str, now_ms: int) -> None:
    """
    The phase that is over has given way to the one that follows, if that had not happened yet.

    :raises SiteNotOpen: the site has another epoch or server
    """
    store.call("advance", [SiteKeys(site).state], [epoch, over, following, now_ms])


def begin(store: Store, site: str, epoch: int) -> None:
    """
    Nothing is counted or shown of the site until it is restored under this epoch.

    :raises SiteNotOpen: Redis has this epoch already, or a younger one
    """
    store.call("begin", [SiteKeys(site).state], [epoch])


def clear(store: Store, site: str, epoch: int) -> None:
    """
    Nothing is left of the site's life before.

    :raises SiteNotOpen: another restore took over
    """
    keys = SiteKeys(site)
    found = store.guarded(lambda: list(store.commands.scan_iter(match=keys.pattern, count=_CHUNK)))
    left = [key for key in found if key != keys.state]
    for first in range(0, len(left), _CHUNK):
        store.call("clear", [keys.state, *left[first : first + _CHUNK]], [epoch])


def load(
    store: Store, site: str, epoch: int, key: str, pairs: Sequence[tuple[str, str | int]]
) -> None:
    """
    These fields stand in a hash of the site that is restored; at most 500.

    :raises SiteNotOpen: another restore took over
    """
    flat = [part for pair in pairs for part in pair]
    store.call("load", [SiteKeys(site).state, key], [epoch, *flat])


def finish(store: Store, site: str, epoch: int, head: str, phase: str, now_ms: int) -> None:
    """
    Everything is loaded, and the phase begins.

    :raises SiteNotOpen: another restore took over
    """
    store.call("finish", [SiteKeys(site).state], [epoch, head, phase, now_ms])
