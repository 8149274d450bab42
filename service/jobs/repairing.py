"""
Finding out that Redis has lost a part of a site, and giving the site back.
"""

import logging

from service import crashes
from service.archive.reconciling import Difference, differences
from service.archive.restoring import restore
from service.archive.snapshots import snapshot
from service.counting.locks import opening
from service.counting.notes import Note, set_notes
from service.errors import LuotError, SiteNotOpen
from service.intake.sites import Site
from service.runtime import Runtime

log = logging.getLogger(__name__)


def look_for_losses(runtime: Runtime, site: Site) -> list[Difference]:
    """
    Everything that Redis has lost of what SQL holds.

    :raises SiteNotOpen: the site is being restored, so there is nothing to compare
    """
    return differences(runtime.store, runtime.database, site, runtime.clock.now_ms())


def rebuild_site(runtime: Runtime, site: Site) -> int:
    """
    Redis has of the site what SQL has, and journals send the rest; returns the new epoch.

    What was counted since the last snapshot is in SQL before, as far as Redis still has it.
    :raises SiteNotOpen: somebody else restores it
    """
    with opening(runtime.store, site.id) as hold_on:

        def at(step: str) -> None:
            hold_on()
            crashes.at(step)

        _save(runtime, site)
        now = runtime.clock.now_ms()
        return restore(runtime.store, runtime.database, site, now, at)


def repair_site(runtime: Runtime, site: Site) -> None:
    """
    The site has lost nothing, or is being restored, or the log says what an operator must do.
    """
    try:
        found = look_for_losses(runtime, site)
    except SiteNotOpen:
        return
    set_notes(runtime.store, {Note("lost", site.id): len(found)})
    missing = frozenset(difference.what for difference in found)
    if not missing:
        runtime.restored_for.pop(site.id, None)
        return
    told = {"site": site.id, "numbers": len(found), "first": found[0].what}
    if not runtime.has_journals:
        log.critical("Redis has lost numbers; see luot reconcile", extra=told)
        return
    if missing <= runtime.restored_for.get(site.id, frozenset()):
        # Who was seen today cannot come back without journals; to try again would help nobody.
        log.critical("a restore did not bring back what Redis has lost", extra=told)
        return
    log.critical("Redis has lost numbers; the site is restored", extra=told)
    rebuild_site(runtime, site)
    runtime.restored_for[site.id] = missing


def _save(runtime: Runtime, site: Site) -> None:
    try:
        snapshot(runtime.store, runtime.database, site.id, runtime.clock)
    except LuotError as error:
        log.warning("no snapshot before the restore", extra={"site": site.id, "why": str(error)})
