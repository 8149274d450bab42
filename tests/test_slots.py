"""
Places of metrics: who comes goes on where the one before stopped, and two never share one.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

#: Counts one hit and ends as it is told to; says what it sees.
WORKER = """
import os, sys
from service import metrics
metrics.hits_of("s1", "hit", "counted").inc()
metrics.flush()
if sys.argv[1] == "wait":
    print("ready", flush=True)
    sys.stdin.readline()
if sys.argv[1] == "die":
    os._exit(9)
print(metrics.exposition()[0].decode())
"""


def started(folder: Path, how: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, how],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PROMETHEUS_MULTIPROC_DIR": str(folder)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def counted(said: str) -> str:
    return next(line.split()[1] for line in said.splitlines() if line.startswith("luot_hits_total"))


def test_processes_that_end_leave_their_numbers_and_no_new_files(tmp_path: Path) -> None:
    for how in ("end", "die", "end"):
        last = started(tmp_path, how).communicate()[0]

    assert "3.0" == counted(last)
    assert {"counter_0.db"} == {path.name for path in tmp_path.glob("counter_*.db")}


def test_two_that_run_at_once_have_places_of_their_own(tmp_path: Path) -> None:
    first = started(tmp_path, "wait")
    assert first.stdout is not None
    first.stdout.readline()
    second = started(tmp_path, "end").communicate()[0]
    first.communicate("go on\n")

    assert "2.0" == counted(second)
    assert 2 == len(list(tmp_path.glob("counter_*.db")))


def test_without_a_folder_to_write_to_it_counts_for_itself_and_says_so(tmp_path: Path) -> None:
    said, log = started(tmp_path / "nothing", "end").communicate()

    assert "1.0" == counted(said)
    assert "metrics are this process's own" in log
