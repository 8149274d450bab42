"""
The short form of the faults: each row a few times, on real processes.
"""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import report
from tests.faults.runner import KNOWN, run_row
from tests.faults.runs import Row, Worlds

pytestmark = pytest.mark.alone

SHORT = [pytest.param(row, id=row.name) for row in KNOWN if row.short]


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worlds]:
    worlds = Worlds(tmp_path_factory.mktemp("kept"))
    yield worlds
    worlds.end_all()


@pytest.mark.parametrize("row", SHORT)
def test_what_was_acknowledged_is_counted_once(row: Row, worlds: Worlds, tmp_path: Path) -> None:
    outcome = run_row(row, row.short, random.randrange(1 << 20), worlds, tmp_path)

    if outcome.state == "SKIPPED":
        pytest.skip("; ".join(outcome.notes))
    assert "ok" == outcome.state, "\n".join([report.head(), report.line(outcome)])
