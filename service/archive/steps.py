"""
What Redis has to be told of a correction: the steps that follow from its changes.
"""

from collections import defaultdict
from collections.abc import Collection
from datetime import date, timedelta

from sqlalchemy import Connection

from service.archive.changes import Changes
from service.archive.moves import paths_of
from service.counting.corrections import PAGES_OF_A_STEP, Step
from service.counting.wire import DAYS_KEPT
from service.dimensions import REMOVED
from service.intake.sites import Site

#: Days before today that may still stand in a page's row.
_PAGE_DAYS = 3


def merge_steps(connection: Connection, changes: Changes) -> list[Step]:
    """
    The one step of a merge: Redis adds up what it has, also what SQL has not yet.
    """
    moved = [page for pair in changes.moved for page in pair]
    paths = paths_of(connection, [*moved, *changes.untold])
    return [
        Step(
            moved=[(paths[old], paths[new]) for old, new in changes.moved],
            # Imported histories stand in Redis as part of a baseline, which does not move.
            pages=[(paths[page], n[0], n[1], n[2], []) for page, n in changes.untold.items()],
        )
    ]


def steps_of(
    connection: Connection, changes: Changes, back: Collection[int], site: Site, now_ms: int
) -> list[Step]:
    """
    Steps that add the changes to the numbers in Redis.

    :param back: pages that had moved and have numbers of their own again
    """
    today = date.fromisoformat(site.day(now_ms).label)
    totals, days = changes.totals(), changes.days()
    paths = paths_of(connection, {*totals, *back})
    recent: dict[int, list[tuple[str, int]]] = defaultdict(list)
    of_site = []
    for (page, day), n in sorted(days.items(), key=lambda item: item[0][1]):
        if paths[page] == "":
            if day > today - timedelta(days=DAYS_KEPT):
                of_site.append((day.isoformat(), n[0], n[1], n[2]))
        elif day >= today - timedelta(days=_PAGE_DAYS):
            recent[page].append((day.isoformat(), n[0]))
    whole = next((n for page, n in totals.items() if paths[page] == ""), None)
    told = [
        (paths[page], n[0], n[1], n[2], recent[page])
        for page, n in totals.items()
        if paths[page] not in {"", REMOVED}
    ]
    first = Step(
        back=[paths[page] for page in back],
        site=(whole[0], whole[1], whole[2], whole[7]) if whole else (0, 0, 0, 0),
        days=of_site,
        pages=told[:PAGES_OF_A_STEP],
    )
    if not (back or whole or told):
        return []
    rest = range(PAGES_OF_A_STEP, len(told), PAGES_OF_A_STEP)
    return [first, *(Step(pages=told[at : at + PAGES_OF_A_STEP]) for at in rest)]
