"""
Runs rows one after the other and says what came of each.
"""

import random
import time
import traceback
import zlib
from pathlib import Path

from tests.faults.features import has
from tests.faults.rows import (
    archive,
    clocks,
    failover,
    hosts,
    journal,
    links,
    machines,
    nemesis,
    store,
    web,
)
from tests.faults.runs import ROWS, Outcome, Row, Run, Worlds

#: Modules whose rows are known because they were imported.
THEMES = (web, store, links, archive, journal, clocks, failover, machines, hosts, nemesis)

#: All rows; those that can share a world stand together.
KNOWN = tuple(ROWS)


def rows_named(names: str) -> list[Row]:
    """
    The rows of a list such as ``F1,F6``; a name stands for all rows that begin with it and ``-``.
    """
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    if not wanted:
        return sorted(KNOWN, key=_place)
    found = [r for r in KNOWN if any(r.name == w or r.name.startswith(f"{w}-") for w in wanted)]
    assert found, f"there is no row {names}"
    return sorted(found, key=_place)


def _place(row: Row) -> tuple[int, str]:
    number, _, rest = row.name.removeprefix("F").partition("-")
    return int(number), rest


def run_row(row: Row, count: int, seed: int, worlds: Worlds, folder: Path) -> Outcome:
    """
    What came of a row; whatever happens, it is told and does not stop the others.
    """
    outcome = Outcome(row.name, row.title, seed)
    missing = [feature for feature in row.needs if not has(feature)]
    if missing:
        outcome.state = "SKIPPED"
        outcome.notes = [f"NOT TRIED: needs {feature}" for feature in missing]
        return outcome
    own = random.Random(seed ^ zlib.crc32(row.name.encode()))
    began = time.monotonic()
    try:
        row.act(Run(worlds, folder, count, outcome, own))
        outcome.state = "BROKEN" if outcome.verdict.broken else "ok"
    except Exception as error:  # noqa: BLE001 - it is told, and the next row is tried
        outcome.state = "FAILED"
        outcome.verdict.broken.append(f"{type(error).__name__}: {error}"[:2000])
        outcome.notes += traceback.format_exc(limit=-4).splitlines()[-12:]
    if outcome.state != "ok":
        worlds.end_last(f"{row.name}-world")
    outcome.seconds = time.monotonic() - began
    return outcome
