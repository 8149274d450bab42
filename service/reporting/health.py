"""
How far SQL is behind: the snapshots of a site.
"""

from dataclasses import dataclass

from sqlalchemy import func, select

from service.archive import schema
from service.archive.databases import Database
from service.archive.sites import site_row
from service.counting.deltas import chain
from service.counting.store import Store
from service.errors import LuotError

HOUR_MS, DAY_MS = 3_600_000, 86_400_000


@dataclass(frozen=True, slots=True)
class SnapshotHealth:
    """
    What became of the snapshots of a site.
    """

    #: How many deltas were added in all.
    number: int
    #: When the last one was, in ms since 1970; ``None`` when none was in the last two days.
    last_added_ms: int | None
    added_last_hour: int
    added_last_day: int
    #: Which life of the site in Redis SQL belongs to.
    epoch: int
    #: Whether Redis counts and shows the site; ``None`` while Redis is away.
    is_open: bool | None
    #: Deltas that were set aside and wait to be added; ``None`` while Redis is away.
    waiting: int | None


def snapshot_health(database: Database, store: Store, site: str, now_ms: int) -> SnapshotHealth:
    """
    How the snapshots of a site are doing.
    """
    delta = schema.delta.c
    with database.read() as connection:
        row = site_row(connection, site)
        added = select(
            func.max(delta.added_ms),
            func.count().filter(delta.added_ms > now_ms - HOUR_MS),
            func.count().filter(delta.added_ms > now_ms - DAY_MS),
        ).where(delta.site_id == (row.id if row else None))
        last, last_hour, last_day = connection.execute(added).one()
    is_open, waiting = _in_redis(store, site)
    return SnapshotHealth(
        number=row.number if row else 0,
        last_added_ms=last,
        added_last_hour=last_hour,
        added_last_day=last_day,
        epoch=row.epoch if row else 0,
        is_open=is_open,
        waiting=waiting,
    )


def _in_redis(store: Store, site: str) -> tuple[bool | None, int | None]:
    try:
        status = store.status(site)
        return status.is_open, len(chain(store, site, status.tip)) - 1 if status.tip else 0
    except LuotError:
        return None, None
