"""
Comparing a site in Redis with SQL before anything is counted or shown.

Redis answers for a site only when the process that answers was confirmed for it. After a restart,
a fail-over or a loss this is asked again: has Redis everything that SQL has? If so it goes on; if
not, the site is restored. Either way nothing is shown before every journal has been heard.
"""

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from service.archive.additions import Steps
from service.archive.baselines import push_baselines
from service.archive.corrections import push_corrections
from service.archive.databases import Database
from service.archive.producers import watermarks
from service.archive.restoring import restore
from service.archive.sites import SiteRow, create_site
from service.counting.deltas import chain
from service.counting.direct import DIRECT
from service.counting.locks import opening
from service.counting.phases import advance, confirm, create, gathering
from service.counting.store import Status, Store
from service.errors import ArchiveBehind, RestoreNeeded, SiteNotOpen
from service.intake.sites import Site

log = logging.getLogger(__name__)

#: Which phase follows on which.
_NEXT = {"remember": "count", "count": "open"}


@dataclass(frozen=True, slots=True)
class Terms:
    """
    How sites are opened here.
    """

    now_ms: Callable[[], int]
    #: Producers that have a journal on this host.
    on_this_host: Callable[[], Collection[str]]
    #: How long a phase waits for producers that are away, in ms.
    wait_ms: int
    #: Whether journals keep what SQL has not, so that a Redis that lost a part may be emptied.
    has_journals: bool
    #: Told each step of a restore that is reached.
    at: Steps


def open_site(store: Store, database: Database, site: Site, terms: Terms) -> int:
    """
    The site counts, and shows its numbers unless journals have to be heard first.

    :return: its epoch
    :raises RestoreNeeded: Redis has lost a part of what SQL holds, and no journal has it
    :raises ArchiveBehind: SQL has lost what Redis continues
    :raises SiteNotOpen: somebody else is opening it; asking again settles it
    """
    with opening(store, site.id) as hold_on:

        def at(step: str) -> None:
            hold_on()
            terms.at(step)

        epoch = _bring_up(store, database, site, replace(terms, at=at))
        _go_forward(store, database, site.id, epoch, terms)
        if store.status(site.id).counts:
            push_corrections(store, database, site, terms.now_ms())
            push_baselines(store, database, site.id)
    return epoch


def _bring_up(store: Store, database: Database, site: Site, terms: Terms) -> int:
    """
    Redis has all of the site that SQL has, and is confirmed for it; returns the epoch.
    """
    row, is_new = create_site(database, site)
    status = store.status(site.id)
    if is_new and status.epoch == 0:
        create(store, site.id, row.epoch, row.head, terms.now_ms())
        # Nobody has ever counted it, so nobody has to be heard.
        advance(store, site.id, row.epoch, "count", "open", terms.now_ms())
        log.info("site begun", extra={"site": site.id, "epoch": row.epoch})
        return row.epoch
    if status.epoch == row.epoch and row.head in chain(store, site.id, status.tip):
        if status.run_id != status.server:
            confirm(store, site.id, status, terms.now_ms())
            log.info("site confirmed", extra={"site": site.id, "epoch": row.epoch})
        return row.epoch
    if create_site(database, site)[0] != row:
        # A snapshot was taken between the two looks.
        raise SiteNotOpen(f"{site.id} changed while it was compared")
    _refuse_to_restore(site.id, status, row, terms)
    return restore(store, database, site, terms.now_ms(), terms.at)


def _refuse_to_restore(site: str, status: Status, row: SiteRow, terms: Terms) -> None:
    """
    Nothing, when the site may be restored from SQL.
    """
    if (status.epoch, status.number) >= (row.epoch, row.number + 1):
        raise ArchiveBehind(
            f"{site}: SQL ends at snapshot {row.number} of epoch {row.epoch}, which is not what "
            f"Redis continues: it is at {status.number} of {status.epoch}. Nothing is "
            f"snapshotted. Put back the newer database, or see what luot reconcile says."
        )
    if status.epoch and not terms.has_journals:
        raise RestoreNeeded(
            f"{site}: Redis has lost its numbers: it is at snapshot {status.number} of epoch "
            f"{status.epoch}, SQL at {row.number} of {row.epoch}. Nothing is counted or "
            f"snapshotted. Put back Redis' own data, the append-only directory, and start it "
            f"again; or give up what was counted since the last snapshot with luot rebuild."
        )


def _go_forward(store: Store, database: Database, site: str, epoch: int, terms: Terms) -> None:
    """
    Every phase is over that nobody has to be waited for in.
    """
    for _ in _NEXT:
        now = gathering(store, site)
        if now.phase not in _NEXT:
            return
        known = set(now.known) | set(terms.on_this_host())
        known |= {p for p in watermarks(database, site) if not p.startswith(DIRECT)}
        missing = known - now.arrived
        if missing and terms.now_ms() - now.since_ms < terms.wait_ms:
            return
        if missing:
            told = {"site": site, "phase": now.phase, "producers": sorted(missing)}
            log.error("journals were not heard", extra=told)
        advance(store, site, epoch, now.phase, _NEXT[now.phase], terms.now_ms())
        log.info("phase over", extra={"site": site, "phase": now.phase})
