"""
Removing everything that Redis has of a site that was given up.
"""

from service.counting.keys import SiteKeys
from service.counting.store import Store

#: Keys that one command removes.
_CHUNK = 1_000


def erase(store: Store, site: str) -> int:
    """
    Redis has nothing of the site; returns how many keys there were.

    :raises StoreUnavailable: some may be left
    """
    pattern = SiteKeys(site).pattern
    # Braces are no wildcards for Redis, but brackets would be; a site's id has neither.
    keys = store.guarded(lambda: list(store.commands.scan_iter(match=pattern, count=_CHUNK)))
    for first in range(0, len(keys), _CHUNK):
        store.guarded(store.commands.unlink, *keys[first : first + _CHUNK])
    return len(keys)
