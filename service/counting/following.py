"""
Looking for a filtered request on its way: in the journals of this host, and in Redis.
"""

import msgspec

from service.counting.deltas import chain
from service.counting.folders import segment_paths
from service.counting.journals import Journals
from service.counting.keys import SiteKeys
from service.counting.records import Record, RecordKind
from service.counting.segments import Segment
from service.counting.store import Store

#: Where items stand in a batch, and kind and reason in an item.
_ITEMS, _KIND, _REASON = 10, 0, 3


def is_in_journals(journals: Journals, site: str, reason: str, since_ms: int) -> bool:
    """
    Whether a journal of this host has a request of the site that was filtered so, since then.
    """
    for producer in journals.producers():
        for path in segment_paths(journals.folder / producer)[-2:]:
            try:
                segment = Segment(path, size=path.stat().st_size)
                if any(_holds(found, site, reason, since_ms) for _, found in segment.read()):
                    return True
            except FileNotFoundError:
                continue
    return False


def is_in_deltas(store: Store, site: str, day: str, reason: str) -> bool:
    """
    Whether the open delta of a site, or a closed one, has such a request on a site-day.

    :raises StoreUnavailable: Redis is away
    """
    keys = SiteKeys(site)
    tip = store.status(site).tip
    names = [keys.delta, *(keys.closed_delta(token) for token in chain(store, site, tip))]
    fields = [f"f\t{day}\t{hour}\t{reason}" for hour in range(25)]
    return any(any(store.guarded(store.commands.hmget, name, fields)) for name in names)


def _holds(found: object, site: str, reason: str, since_ms: int) -> bool:
    if not isinstance(found, Record) or found.kind is not RecordKind.BATCH:
        return False
    if found.site != site or found.time_ms < since_ms:
        return False
    items = msgspec.msgpack.decode(found.body)[_ITEMS]
    return any(item[_KIND] == 0 and item[_REASON] == reason for item in items)
