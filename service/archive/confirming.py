"""
Comparing a site in Redis with SQL before anything is counted or shown.

Redis answers for a site only when the process that answers was confirmed for it. After a restart,
a fail-over or a loss this is asked again: has Redis everything that SQL has?
"""

import logging

from service.archive.baselines import push_baselines
from service.archive.databases import Database
from service.archive.sites import SiteRow, create_site
from service.counting.deltas import chain
from service.counting.phases import advance, confirm, create
from service.counting.store import Status, Store
from service.errors import ArchiveBehind, RestoreNeeded
from service.intake.sites import Site

log = logging.getLogger(__name__)


def open_site(store: Store, database: Database, site: Site) -> int:
    """
    The site counts and shows its numbers; returns its epoch.

    :raises RestoreNeeded: Redis has lost what SQL holds
    :raises ArchiveBehind: SQL has lost what Redis continues
    :raises SiteNotOpen: something changed while it was compared; asking again settles it
    """
    row = create_site(database, site)
    status = store.status(site.id)
    if status.epoch == 0 and row.number == 0:
        create(store, site.id, row.epoch, row.head)
        log.info("site begun", extra={"site": site.id, "epoch": row.epoch})
    else:
        _compare(store, site.id, status, row)
        if not status.is_open:
            confirm(store, site.id, status)
            log.info("site confirmed", extra={"site": site.id, "epoch": row.epoch})
    advance(store, site.id, row.epoch, "count", "open")
    push_baselines(store, database, site.id)
    return row.epoch


def _compare(store: Store, site: str, status: Status, row: SiteRow) -> None:
    """
    Nothing, when Redis has everything that SQL has.
    """
    if status.epoch < row.epoch:
        raise RestoreNeeded(
            f"{site}: Redis has lost its numbers (epoch {status.epoch}, SQL has {row.epoch} with "
            f"{row.number} snapshots). Nothing is counted or snapshotted. Put back Redis' own "
            f"data, the append-only directory, and start it again."
        )
    if status.epoch > row.epoch or row.head not in chain(store, site, status.tip):
        raise ArchiveBehind(
            f"{site}: SQL ends at snapshot {row.number} of epoch {row.epoch}, which is not what "
            f"Redis continues (epoch {status.epoch}). Nothing is snapshotted. Put back the newer "
            f"database."
        )
