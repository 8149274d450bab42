"""
Corrections: numbers that were counted are changed by hand, with who, when, why, and a way back.

SQL is where a correction is decided, in one transaction that also writes what Redis has to be told,
as numbered steps. Redis applies each step once; when it loses some it is told them again, and when
a site is given back its numbers are the corrected ones and its last step is SQL's.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from service.archive import administration, schema
from service.archive.audits import audit
from service.archive.baselines import push_baselines
from service.archive.changes import Changes, apply_changes, kept_changes
from service.archive.databases import Database
from service.archive.moves import pages_now
from service.archive.orders import Order, note_correction
from service.archive.sites import SiteRow, site_row
from service.archive.snapshots import snapshot
from service.archive.steps import merge_steps, steps_of
from service.clock import Clock
from service.counting.corrections import Step, apply_step
from service.counting.store import Store
from service.errors import CorrectionRefused, LuotError, RestoreNeeded, SiteNotOpen
from service.intake.sites import Site
from service.settings import LARGEST

log = logging.getLogger(__name__)

#: Makes the changes of a correction, inside its transaction.
Maker = Callable[[Connection, SiteRow], Changes]


@dataclass(frozen=True, slots=True)
class Correction:
    """
    A correction that was made.
    """

    id: int
    kind: str
    at_ms: int
    actor: str
    why: str
    asked: dict[str, Any]
    #: What it added to the site's views, visits, visitors and events.
    sums: dict[str, int]
    undone_ms: int | None
    undone_by: str | None
    undone_why: str | None


def correct(
    store: Store, database: Database, site: Site, clock: Clock, order: Order, make: Maker
) -> Correction:
    """
    The changes are in SQL and in the audit trail, and Redis shows them, or will after its return.

    :raises CorrectionRefused: nothing was changed
    :raises SiteNotOpen, StoreUnavailable, ArchiveError: nothing was changed; ask again
    """
    _come_to_rest(store, database, site, clock)
    with database.write() as connection:
        row = _locked(connection, site.id)
        changes = make(connection, row)
        number = note_correction(connection, row.id, order, changes, clock.now_ms())
        told = {"correction": number, "why": order.why, **order.asked}
        audit(connection, clock.now_ms(), order.actor, site.id, order.kind, told)
        _carry_out(connection, row, changes, clock.now_ms(), site)
        made = _correction(connection, row.id, number)
    _tell(store, database, site, clock)
    return made


def undo(
    store: Store, database: Database, site: Site, clock: Clock, number: int, actor: str, why: str
) -> Correction:
    """
    Everything is as if the correction had not been made; hits that came since stay where they are.

    :raises CorrectionRefused: there is none of this number, or it cannot be taken back
    :raises SiteNotOpen, StoreUnavailable, ArchiveError: nothing was changed; ask again
    """
    # What was counted under an old address before it moved has to be in SQL under the new one.
    _come_to_rest(store, database, site, clock)
    with database.write() as connection:
        row = _locked(connection, site.id)
        made = _correction(connection, row.id, number)
        if made.undone_ms is not None:
            raise CorrectionRefused(f"correction {number} is undone already")
        changes = kept_changes(connection, number)
        _take_back(connection, row, changes, clock.now_ms(), site)
        c = administration.correction.c
        undone = {"undone_ms": clock.now_ms(), "undone_by": actor, "undone_why": why}
        connection.execute(update(administration.correction).where(c.id == number).values(undone))
        told = {"correction": number, "why": why}
        audit(connection, clock.now_ms(), actor, site.id, f"undo {made.kind}", told)
        made = _correction(connection, row.id, number)
    _tell(store, database, site, clock)
    return made


def corrections(database: Database, site: str, limit: int = 100) -> list[Correction]:
    """
    The newest corrections of a site, the newest first.
    """
    with database.read() as connection:
        row = site_row(connection, site)
        if row is None:
            return []
        c = administration.correction.c
        asked = select(administration.correction).where(c.site_id == row.id).order_by(c.id.desc())
        return [_read(found) for found in connection.execute(asked.limit(limit))]


def correction(database: Database, site: str, number: int) -> Correction:
    """
    One correction of a site.

    :raises CorrectionRefused: there is none of this number
    """
    with database.read() as connection:
        row = site_row(connection, site)
        return _correction(connection, row.id if row else 0, number)


def push_corrections(store: Store, database: Database, site: Site, now_ms: int) -> int:
    """
    Redis has every step of SQL's corrections; returns how many it had to be told.

    :raises SiteNotOpen: the site is not open, or has begun another life
    :raises RestoreNeeded: Redis has steps that SQL has not
    """
    status = store.status(site.id)
    with database.read() as connection:
        row = site_row(connection, site.id)
        if row is None or row.corrected == status.corrected:
            return 0
        step = administration.correction_step.c
        asked = (
            select(step.number, step.step)
            .where(step.site_id == row.id, step.number > status.corrected)
            .order_by(step.number)
        )
        waiting = connection.execute(asked).all()
    if row.corrected < status.corrected:
        raise RestoreNeeded(
            f"{site.id}: Redis has corrections that SQL has lost; luot rebuild makes it follow SQL"
        )
    for number, text in waiting:
        last = apply_step(store, site, row.epoch, number, Step.parse(text), now_ms)
        if last < number:
            raise SiteNotOpen(f"{site.id}: Redis has lost a correction meanwhile")
    return len(waiting)


def _come_to_rest(store: Store, database: Database, site: Site, clock: Clock) -> None:
    """
    Redis has every correction, and SQL every hit that was counted before the last of them.
    """
    push_corrections(store, database, site, clock.now_ms())
    snapshot(store, database, site.id, clock)


def _tell(store: Store, database: Database, site: Site, clock: Clock) -> None:
    try:
        push_corrections(store, database, site, clock.now_ms())
        push_baselines(store, database, site.id)
    except LuotError as error:
        # It is kept, and the next snapshot tells Redis.
        log.warning("a correction is shown later", extra={"site": site.id, "why": str(error)})


def _locked(connection: Connection, site: str) -> SiteRow:
    """
    The site's row, which nobody else changes before this transaction ends.
    """
    c = schema.site.c
    connection.execute(
        update(schema.site).where(c.name == site).values(corrected=schema.site.c.corrected)
    )
    row = site_row(connection, site)
    if row is None:
        raise CorrectionRefused(f"{site} has no numbers yet")
    return row


def _carry_out(
    connection: Connection, row: SiteRow, changes: Changes, now_ms: int, site: Site
) -> None:
    steps = merge_steps(connection, changes) if changes.moved else None
    apply_changes(connection, row.id, changes)
    for source, target in changes.moved:
        _set_moved(connection, source, target)
    _add_baselines(connection, row, changes)
    _add_steps(connection, row, steps or steps_of(connection, changes, [], site, now_ms))


def _take_back(
    connection: Connection, row: SiteRow, changes: Changes, now_ms: int, site: Site
) -> None:
    for source, _ in changes.moved:
        _set_moved(connection, source, None)
    touched = {page for page, _, _ in changes.hours} | {page for page, *_ in changes.values}
    where = pages_now(connection, touched | changes.baselines.keys())
    back = changes.taken_back(where)
    apply_changes(connection, row.id, back)
    _add_baselines(connection, row, back)
    sources = [source for source, _ in changes.moved]
    _add_steps(connection, row, steps_of(connection, back, sources, site, now_ms))


def _set_moved(connection: Connection, page: int, to: int | None) -> None:
    where = schema.page.c.id == page
    connection.execute(update(schema.page).where(where).values(moved_to=to))


def _add_baselines(connection: Connection, row: SiteRow, changes: Changes) -> None:
    if not changes.baselines:
        return
    site, page = schema.site.c, schema.page.c
    counted = update(schema.site).where(site.id == row.id)
    version = connection.execute(
        counted.values(baseline_version=site.baseline_version + 1).returning(site.baseline_version)
    ).scalar_one()
    for number, (views, visits) in changes.baselines.items():
        connection.execute(
            update(schema.page)
            .where(page.id == number)
            .values(
                baseline_views=page.baseline_views + views,
                baseline_visits=page.baseline_visits + visits,
                baseline_version=version,
            )
        )
    wrong = (page.baseline_views < 0) | (page.baseline_visits < 0)
    wrong |= page.views + page.baseline_views > LARGEST
    asked = select(func.count()).where(page.site_id == row.id, wrong)
    if connection.execute(asked).scalar():
        raise CorrectionRefused("the baseline was set again since, or would be too large")


def _add_steps(connection: Connection, row: SiteRow, steps: list[Step]) -> None:
    told = [
        {"site_id": row.id, "number": row.corrected + place, "step": step.text()}
        for place, step in enumerate(steps, 1)
    ]
    if told:
        connection.execute(insert(administration.correction_step), told)
        where = schema.site.c.id == row.id
        last = row.corrected + len(told)
        connection.execute(update(schema.site).where(where).values(corrected=last))


def _correction(connection: Connection, site_id: int, number: int) -> Correction:
    c = administration.correction.c
    asked = select(administration.correction).where(c.site_id == site_id, c.id == number)
    found = connection.execute(asked).one_or_none()
    if found is None:
        raise CorrectionRefused(f"there is no correction {number} of this site")
    return _read(found)


def _read(found: Any) -> Correction:
    return Correction(
        id=found.id,
        kind=found.kind,
        at_ms=found.at_ms,
        actor=found.actor,
        why=found.why,
        asked=json.loads(found.asked),
        sums=json.loads(found.sums),
        undone_ms=found.undone_ms,
        undone_by=found.undone_by,
        undone_why=found.undone_why,
    )
