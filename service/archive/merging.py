"""
Merging pages: an address that has moved, so that its numbers and its later hits are another's.

All numbers add up. Visits and visitors do too, though somebody may have seen both addresses on one
day before the merge: who was seen is not kept, so nobody can tell. From the merge on a reader of
both is one.
"""

from sqlalchemy import Connection, select

from service.archive import import_tables, schema
from service.archive.changes import UNKNOWN_HOUR, Changes
from service.archive.history import UNDATED
from service.archive.moves import MOST_MOVES, pages_now, paths_of
from service.archive.names import page_ids
from service.archive.sites import SiteRow
from service.dimensions import OTHER, REMOVED
from service.errors import CorrectionRefused


def merge_changes(connection: Connection, row: SiteRow, old: str, new: str) -> Changes:
    """
    What has to change so that ``old`` is counted as ``new``, with all that it ever had.

    :raises CorrectionRefused: the pages cannot be merged
    """
    if {old, new} & {"", OTHER, REMOVED}:
        raise CorrectionRefused("only pages can be merged")
    numbers = page_ids(connection, row.id, [old, new])
    source, asked = numbers[old], numbers[new]
    now = pages_now(connection, [source, asked])
    if source in now:
        where = paths_of(connection, [now[source]])[now[source]]
        raise CorrectionRefused(f"{old} has moved already: it is counted as {where}")
    target = now.get(asked, asked)
    if source == target:
        raise CorrectionRefused(f"{old} and {new} are one page")
    _refuse_long_ways(connection, source, asked)
    _refuse_undated(connection, source, old)
    changes = Changes(moved=[(source, asked)])
    _move_rows(connection, changes, source, target)
    return changes


def _move_rows(connection: Connection, changes: Changes, source: int, target: int) -> None:
    hour, value, page = schema.hour_count.c, schema.value_count.c, schema.page.c
    measures = [hour[m] for m in schema.MEASURES]
    asked = select(hour.day, hour.hour, *measures).where(hour.page_id == source)
    for day, number, *counts in connection.execute(asked):
        changes.add_hour(source, day, number, [-n for n in counts])
        changes.add_hour(target, day, number, counts)
    _move_days(connection, changes, source, target)
    measures = [value[m] for m in schema.VALUE_MEASURES]
    told = select(value.dimension, value.day, value.value_id, *measures)
    for dimension, day, text, *counts in connection.execute(told.where(value.page_id == source)):
        changes.add_value(source, dimension, day, text, [-n for n in counts])
        changes.add_value(target, dimension, day, text, counts)
    past = select(page.baseline_views, page.baseline_visits).where(page.id == source)
    views, visits = connection.execute(past).one()
    if views or visits:
        changes.baselines = {source: [-views, -visits], target: [views, visits]}


def _move_days(connection: Connection, changes: Changes, source: int, target: int) -> None:
    """
    What days have more than their hours, because an imported history tells no hours, moves too.
    """
    day = schema.day_count.c
    asked = select(day.day, *(day[m] for m in schema.MEASURES)).where(day.page_id == source)
    moving = changes.days()
    for when, *counts in connection.execute(asked).all():
        in_hours = moving.get((target, when), [0] * len(counts))
        rest = [n - m for n, m in zip(counts, in_hours, strict=True)]
        if any(rest):
            changes.add_hour(source, when, UNKNOWN_HOUR, [-n for n in rest])
            changes.add_hour(target, when, UNKNOWN_HOUR, rest)
            told = changes.untold[target]
            told[:] = [n + m for n, m in zip(told, rest, strict=True)]


def _refuse_undated(connection: Connection, source: int, old: str) -> None:
    """
    Nothing, unless an import told what the page had in all and not on which days.
    """
    count = import_tables.history_count.c
    undated = select(count.page_id).where(count.page_id == source, count.day == UNDATED)
    if connection.execute(undated.limit(1)).scalar() is not None:
        raise CorrectionRefused(
            f"{old} has numbers that were imported without days; they cannot be merged"
        )


def _refuse_long_ways(connection: Connection, source: int, target: int) -> None:
    """
    Nothing, when whoever follows the moves of any page comes to its end in time.
    """
    page = schema.page.c
    before, steps = {source}, 1
    while before and steps <= MOST_MOVES:
        asked = select(page.id).where(page.moved_to.in_(sorted(before)))
        before = set(connection.execute(asked).scalars())
        steps += bool(before)
    at: int | None = target
    while at is not None and steps <= MOST_MOVES:
        at = connection.execute(select(page.moved_to).where(page.id == at)).scalar()
        steps += at is not None
    if steps > MOST_MOVES - 1:
        raise CorrectionRefused(f"a page may move {MOST_MOVES - 1} times; merge into its last one")
