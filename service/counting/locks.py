"""
The lock of whoever opens a site: others wait, and go on when it has ended or died.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from service.counting.keys import LEADER
from service.counting.store import Store
from service.errors import SiteNotOpen

#: Seconds after which another may try; whoever works holds it on.
LOCK_SECONDS = 30.0


@contextmanager
def opening(store: Store, site: str) -> Iterator[Callable[[], None]]:
    """
    Nobody else opens or restores the site meanwhile; gives what holds the lock on.

    :raises SiteNotOpen: somebody else does
    """
    name = f"{LEADER}:open:{site}"
    token = store.lock(LOCK_SECONDS, name)
    if token is None:
        raise SiteNotOpen(f"{site} is being opened by another process")
    try:
        yield lambda: store.renew(token, LOCK_SECONDS, name)
    finally:
        store.unlock(token, name)
