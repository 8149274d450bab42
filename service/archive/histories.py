"""
Adding histories to SQL: staged in parts, counted in one transaction.

The rows of a file are written under its number first, where nobody counts them, and how many there
are is written with them. So an import that was killed goes on where it stopped. Then one
transaction adds them to the days, the pages and the values, and from then on the file is known by
its content: it adds nothing a second time. What each file added stays on record, so that a later
one can stand in its place.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice

from sqlalchemy import Connection, delete, select, update

from service import crashes
from service.archive import import_tables, schema
from service.archive.audits import audit
from service.archive.baselines import refuse_too_much
from service.archive.databases import Database, add_to, upsert
from service.archive.history import UNDATED, History, Mode, Tool, of_days
from service.archive.history_sums import count_history, keep_the_larger, take_back
from service.archive.moves import pages_now
from service.archive.names import page_ids, value_ids
from service.archive.sites import create_site
from service.errors import ImportRefused
from service.intake.sites import Site

#: Rows that one transaction writes: SQLite's other writers wait for it.
STAGED_ROWS = 2_000

#: Days that a refusal names.
_NAMED_DAYS = 7


@dataclass(frozen=True, slots=True)
class HistoryFile:
    """
    A file, as it is known.
    """

    name: str
    #: SHA-256 of its bytes.
    content: str
    tool: Tool


def is_added(database: Database, site: Site, content: str) -> bool:
    """
    Whether the numbers of this content count already.
    """
    row, _ = create_site(database, site)
    history = import_tables.history.c
    asked = select(history.added_ms).where(history.site_id == row.id, history.content == content)
    with database.read() as connection:
        return connection.execute(asked).scalar() is not None


def refuse_overlap(database: Database, site: Site, file: HistoryFile, days: Sequence[date]) -> None:
    """
    Nothing, when none of these days has numbers yet.

    :raises ImportRefused: naming the days that have
    """
    row, _ = create_site(database, site)
    with database.read() as connection:
        _refuse_overlap(connection, row.id, file, days)


def add_history(
    database: Database,
    site: Site,
    file: HistoryFile,
    history: History,
    mode: Mode,
    now_ms: int,
    on_rows: Callable[[int], None],
) -> None:
    """
    The numbers of the file count, once; Redis is yet to be told.

    :param on_rows: told how many more rows are staged
    :raises ImportRefused: nothing of it counts
    """
    row, _ = create_site(database, site)
    number, staged = _begin(database, row.id, file, mode)
    rows = of_days(history)
    on_rows(sum(1 for _ in islice(rows, staged)))
    while chunk := list(islice(rows, STAGED_ROWS)):
        staged += len(chunk)
        _stage(database, row.id, number, chunk, staged)
        on_rows(len(chunk))
        crashes.at("staged")
    _stage_values(database, number, history)
    crashes.at("values staged")
    with database.write() as connection:
        version = _locked(connection, row.id)
        if mode is Mode.REFUSE:
            _refuse_overlap(connection, row.id, file, history.days)
        if mode is Mode.REPLACE:
            take_back(connection, row.id, number, history.days, version)
            keep_the_larger(connection, row.id, number)
        count_history(connection, row.id, number, version)
        counted = update(import_tables.history).where(import_tables.history.c.id == number)
        connection.execute(counted.values(added_ms=now_ms, mode=mode))
        sums = {"file": file.name, "tool": file.tool, "mode": mode, "views": history.total("views")}
        audit(connection, now_ms, f"luot import {file.tool}", site.id, "history", sums)
        refuse_too_much(connection, row.id)
        crashes.at("history added")


def _begin(database: Database, site_id: int, file: HistoryFile, mode: Mode) -> tuple[int, int]:
    """
    The number of a history that does not count yet, and how many of its rows are there.
    """
    history = import_tables.history.c
    first = {"site_id": site_id, "content": file.content, "tool": file.tool, "file": file.name}
    with database.write() as connection:
        keys = [history.site_id, history.content]
        upsert(connection, import_tables.history, [{**first, "mode": mode}], None, conflict=keys)
        asked = select(history.id, history.staged, history.tool).where(
            history.site_id == site_id, history.content == file.content
        )
        found = connection.execute(asked).one()
        if found.tool != file.tool:
            # The same bytes, read as another tool's: its rows are others.
            for table in (import_tables.history_count, import_tables.history_value):
                connection.execute(delete(table).where(table.c.history_id == found.id))
            again = update(import_tables.history).where(history.id == found.id)
            connection.execute(again.values(tool=file.tool, staged=0))
            return found.id, 0
    return found.id, found.staged


def _stage(
    database: Database,
    site_id: int,
    number: int,
    chunk: list[tuple[date, str, list[int]]],
    staged: int,
) -> None:
    with database.write() as connection:
        pages = page_ids(connection, site_id, sorted({path for _, path, _ in chunk}))
        now = pages_now(connection, pages.values())
        sums: dict[tuple[date, int], list[int]] = {}
        for day, path, measures in chunk:
            had = sums.setdefault((day, now.get(pages[path], pages[path])), [0] * len(measures))
            had[:] = [a + b for a, b in zip(had, measures, strict=True)]
        rows = [
            {"history_id": number, "day": day, "page_id": page}
            | dict(zip(schema.MEASURES, measures, strict=True))
            for (day, page), measures in sums.items()
        ]
        # An address that has moved may be in one chunk and the page that it is now in another.
        add_to(connection, import_tables.history_count, rows, schema.MEASURES)
        done = update(import_tables.history).where(import_tables.history.c.id == number)
        connection.execute(done.values(staged=staged))


def _stage_values(database: Database, number: int, history: History) -> None:
    flat = _values(history)
    while chunk := list(islice(flat, STAGED_ROWS)):
        with database.write() as connection:
            ids = value_ids(connection, sorted({text for _, _, text, _ in chunk}))
            rows = [
                {"history_id": number, "day": day, "dimension": place, "value_id": ids[text]}
                | dict(zip(schema.VALUE_MEASURES, measures, strict=True))
                for day, place, text, measures in chunk
            ]
            upsert(connection, import_tables.history_value, rows, None)


def _values(history: History) -> Iterator[tuple[date, int, str, list[int]]]:
    for (day, place), rows in sorted(history.values.items()):
        for text, measures in sorted(rows.items()):
            yield day, place, text, measures


def _locked(connection: Connection, site_id: int) -> int:
    """
    The number of this change of the site's past, which nobody else changes until it is over.
    """
    version = schema.site.c.baseline_version + 1
    changed = update(schema.site).where(schema.site.c.id == site_id)
    asked = changed.values(baseline_version=version).returning(schema.site.c.baseline_version)
    return int(connection.execute(asked).scalar_one())


def _refuse_overlap(
    connection: Connection, site_id: int, file: HistoryFile, days: Sequence[date]
) -> None:
    day, page, covered = schema.day_count.c, schema.page.c, import_tables.import_day.c
    counted = (
        select(day.day)
        .join(schema.page, page.id == day.page_id)
        .where(day.site_id == site_id, page.path == "", (day.views > 0) | (day.visits > 0))
    )
    logged = select(covered.day).where(covered.site_id == site_id)
    taken = set(connection.execute(counted.union(logged)).scalars())
    how = "--mode add adds the file's numbers to them, --mode replace puts them in their place"
    if both := sorted(taken.intersection(days)):
        named = ", ".join(day.isoformat() for day in both[:_NAMED_DAYS])
        more = f" and {len(both) - _NAMED_DAYS} more" if len(both) > _NAMED_DAYS else ""
        raise ImportRefused(f"{file.name}: these days have numbers already: {named}{more}; {how}")
    if UNDATED in days and _has_undated(connection, site_id):
        raise ImportRefused(f"{file.name}: the site has numbers from an older counter; {how}")


def _has_undated(connection: Connection, site_id: int) -> bool:
    page, count, history = schema.page.c, import_tables.history_count.c, import_tables.history.c
    known = select(page.id).where(page.site_id == site_id, page.baseline_views > 0)
    added = (
        select(count.page_id)
        .join(import_tables.history, history.id == count.history_id)
        .where(history.site_id == site_id, history.added_ms.is_not(None), count.day == UNDATED)
    )
    return any(connection.execute(asked.limit(1)).first() for asked in (known, added))
