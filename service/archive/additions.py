"""
Adding one delta to SQL: one transaction that moves the site's head and adds every row.

The head moves by compare-and-swap, from the delta's parent to the delta. So a delta is added once,
in its place, by whoever comes first; anybody who comes later finds that the row does not move.
"""

from collections import defaultdict
from collections.abc import Callable
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Table, select, update
from sqlalchemy import bindparam as bound

from service.archive import import_tables, schema
from service.archive.breakdown_rows import breakdown_rows
from service.archive.breakdowns import add_breakdowns
from service.archive.databases import Database, add_to, upsert
from service.archive.hour_rows import HourRows, hour_rows
from service.archive.moves import paths_in, paths_now, renamed
from service.archive.names import page_ids
from service.archive.sites import SiteRow, site_row
from service.archive.titles import set_titles
from service.archive.together import add_together
from service.counting.deltas import Delta
from service.errors import ArchiveBehind

#: Told the name of each step that is reached; a test stops the process there.
Steps = Callable[[str], None]


class Added(StrEnum):
    """
    What became of a delta.
    """

    #: It is in SQL now.
    NOW = "now"
    #: It was in SQL before.
    BEFORE = "before"
    #: It belongs to an older life of the site, which SQL has left behind.
    OUTDATED = "outdated"


def add_delta(database: Database, site: str, delta: Delta, now_ms: int, at: Steps) -> Added:
    """
    The delta is in SQL, once.

    :raises ArchiveBehind: SQL's last delta is not this one's parent, so SQL has lost something
    :raises ArchiveUnavailable: nothing was added
    """
    with database.write() as connection:
        row = site_row(connection, site)
        if row is None or not _move_head(connection, row, delta):
            return _why_not(connection, site, row, delta)
        at("moved")
        _add_rows(connection, row, delta, now_ms)
        at("added")
    return Added.NOW


def _move_head(connection: Connection, row: SiteRow, delta: Delta) -> bool:
    moved = connection.execute(
        update(schema.site)
        .where(
            schema.site.c.id == row.id,
            schema.site.c.epoch == delta.epoch,
            schema.site.c.head == delta.parent,
        )
        .values(head=delta.token, number=delta.number)
    )
    return moved.rowcount == 1


def _why_not(connection: Connection, site: str, row: SiteRow | None, delta: Delta) -> Added:
    known = schema.delta.c
    if row is None:
        raise ArchiveBehind(
            f"{site}: Redis counts a site that SQL has never seen: is this another database, or an "
            f"empty one? Put back the newer database"
        )
    if delta.epoch < row.epoch:
        return Added.OUTDATED
    asked = select(known.token).where(known.site_id == row.id, known.token == delta.token)
    if connection.execute(asked).first() or row.head == delta.token:
        return Added.BEFORE
    raise ArchiveBehind(f"{site}: SQL ends before snapshot {delta.number} of epoch {delta.epoch}")


def _add_rows(connection: Connection, row: SiteRow, delta: Delta, now_ms: int) -> None:
    delta = renamed(delta, paths_now(connection, row.id, paths_in(delta)))
    of_hours = hour_rows(delta)
    of_values = breakdown_rows(delta)
    pages = page_ids(connection, row.id, sorted({path for _, _, path in of_hours}))
    hours, days, totals = _counts(row.id, of_hours, pages)
    add_to(connection, schema.hour_count, hours, schema.MEASURES)
    add_to(connection, schema.day_count, days, schema.MEASURES)
    _add_totals(connection, totals)
    add_breakdowns(connection, of_values, pages, delta.rules)
    filtered = [
        {"site_id": row.id, "day": date.fromisoformat(d), "hour": h, "reason": r, "requests": n}
        for (d, h, r), n in delta.filtered.items()
    ]
    add_to(connection, schema.filtered_count, filtered, ["requests"])
    set_titles(connection, row.id, delta, now_ms)
    add_together(connection, row.id, delta.together, now_ms)
    _set_marks(connection, row.id, delta, now_ms)


def _counts(
    site_id: int, of_hours: HourRows, pages: dict[str, int]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """
    The rows of hours, of days and of pages' totals.
    """
    hours = []
    days: dict[tuple[date, int], list[int]] = defaultdict(lambda: [0] * len(schema.MEASURES))
    totals: dict[int, list[int]] = defaultdict(lambda: [0] * 3)
    for (label, hour, path), numbers in of_hours.items():
        day, page = date.fromisoformat(label), pages[path]
        named = dict(zip(schema.MEASURES, numbers, strict=True))
        hours.append({"page_id": page, "day": day, "hour": hour, **named})
        days[day, page] = [a + b for a, b in zip(days[day, page], numbers, strict=True)]
        totals[page] = [a + b for a, b in zip(totals[page], numbers[:3], strict=True)]
    of_days = [
        {"site_id": site_id, "day": day, "page_id": page}
        | dict(zip(schema.MEASURES, numbers, strict=True))
        for (day, page), numbers in days.items()
    ]
    of_pages = [
        {"number": page, "views": v, "visits": s, "visitors": u}
        for page, (v, s, u) in totals.items()
    ]
    return hours, of_days, of_pages


def _add_totals(connection: Connection, totals: list[dict[str, Any]]) -> None:
    if not totals:
        return
    added = {m: schema.page.c[m] + bound(m) for m in ("views", "visits", "visitors")}
    connection.execute(
        update(schema.page).where(schema.page.c.id == bound("number")).values(added), totals
    )


def _set_marks(connection: Connection, site_id: int, delta: Delta, now_ms: int) -> None:
    mark = {"site_id": site_id, "token": delta.token, "number": delta.number, "added_ms": now_ms}
    upsert(connection, schema.delta, [mark], None)
    producers = [
        {"site_id": site_id, "producer": producer, "seq": seq, "seen_ms": now_ms}
        for producer, seq in delta.watermarks.items()
    ]
    _set(connection, schema.producer, producers, ["seq", "seen_ms"])
    files = [
        {"site_id": site_id, "file": file, "lines": lines} for file, lines in delta.files.items()
    ]
    _set(connection, import_tables.import_file, files, ["lines"])


def _set(
    connection: Connection, table: Table, rows: list[dict[str, Any]], columns: list[str]
) -> None:
    upsert(connection, table, rows, lambda excluded: {c: excluded[c] for c in columns})
