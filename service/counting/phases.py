"""
The phases of a site: how it comes to count and to show its numbers.
"""

from service.counting.keys import SiteKeys
from service.counting.store import Status, Store


def create(store: Store, site: str, epoch: int, head: str) -> None:
    """
    A site that Redis has never had counts from here on, in its first life.

    :raises SiteNotOpen: Redis has the site
    """
    store.call("create", [SiteKeys(site).state], [epoch, head])


def confirm(store: Store, site: str, status: Status) -> None:
    """
    The process of Redis that was compared counts for the site from here on.

    :raises SiteNotOpen: the site or the process changed since ``status`` was read
    """
    store.call("confirm", [SiteKeys(site).state], [status.epoch, status.tip, status.run_id])


def advance(store: Store, site: str, epoch: int, over: str, following: str) -> None:
    """
    The phase that is over has given way to the one that follows, if that had not happened yet.

    :raises SiteNotOpen: the site has another epoch or server
    """
    store.call("advance", [SiteKeys(site).state], [epoch, over, following])
