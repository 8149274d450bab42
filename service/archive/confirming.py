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
from service.errors import ArchiveBehind, RestoreNeeded, SiteNotOpen
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
        try:
            _compare(store, site.id, status, row)
        except (RestoreNeeded, ArchiveBehind):
            if create_site(database, site) != row:
                # A snapshot was taken between the two looks.
                raise SiteNotOpen(f"{site.id} changed while it was compared") from None
            raise
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
    if status.epoch == row.epoch and row.head in chain(store, site, status.tip):
        return
    if (status.epoch, status.number) < (row.epoch, row.number):
        raise RestoreNeeded(
            f"{site}: Redis has lost its numbers: it is at snapshot {status.number} of epoch "
            f"{status.epoch}, SQL at {row.number} of {row.epoch}. Nothing is counted or "
            f"snapshotted. Put back Redis' own data, the append-only directory, and start it again."
        )
    raise ArchiveBehind(
        f"{site}: SQL ends at snapshot {row.number} of epoch {row.epoch}, which is not what Redis "
        f"continues: it is at {status.number} of {status.epoch}. Nothing is snapshotted. Put back "
        f"the newer database."
    )
