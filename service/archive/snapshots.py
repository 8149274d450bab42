"""
Snapshots: what was added in Redis since the last one is added to SQL, once.

A snapshot sets the open delta aside, adds every delta that stands aside to SQL in the order of
their parents, and forgets each when SQL has it. It may stop anywhere, run twice at once, or wake
up late: the next one goes on from what it finds.
"""

import logging
from dataclasses import dataclass

from service import crashes
from service.archive.additions import Added, Steps, add_delta
from service.archive.databases import Database
from service.archive.sites import new_token
from service.clock import Clock
from service.counting.deltas import Delta, chain, close_delta, forget_delta, read_delta
from service.counting.store import Store
from service.errors import SiteNotOpen

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """
    What one snapshot of a site did.
    """

    site: str
    #: Deltas that it added, and the rows that they had.
    deltas: int
    rows: int


def snapshot(
    store: Store, database: Database, site: str, clock: Clock, at: Steps = crashes.at
) -> Snapshot:
    """
    Everything that Redis had counted when it was called is in SQL.

    :param at: told each step that is reached
    :raises SiteNotOpen: the site has to be confirmed or restored; nothing more was done
    :raises ArchiveBehind: SQL has lost something; nothing more is added until that is settled
    """
    status = store.status(site)
    at("begun")
    close_delta(store, site, status.epoch, new_token())
    at("closed")
    deltas = rows = 0
    for token in chain(store, site, store.status(site).tip)[1:]:
        delta = read_delta(store, site, token)
        if delta is None:
            # Another scheduler has added and forgotten it since.
            continue
        at("read")
        added = add_delta(database, site, delta, clock.now_ms(), at)
        if added is Added.OUTDATED:
            # A restore has begun in SQL and perhaps died there. Who forgot this delta would leave
            # Redis counting in a life that SQL adds nothing of.
            raise SiteNotOpen(f"SQL has left epoch {delta.epoch} of {site} behind")
        if added is Added.NOW:
            deltas, rows = deltas + 1, rows + _rows(delta)
            _tell_unreadable(site, delta)
        at("committed")
        forget_delta(store, site, status.epoch, token)
        at("forgotten")
    return Snapshot(site, deltas, rows)


def _rows(delta: Delta) -> int:
    return len(delta.hits) + len(delta.moves) + len(delta.seconds) + len(delta.filtered)


def _tell_unreadable(site: str, delta: Delta) -> None:
    if delta.unreadable:
        log.error(
            "fields of a delta could not be read and were left out",
            extra={"site": site, "delta": delta.number, "fields": len(delta.unreadable)},
        )
