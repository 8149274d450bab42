"""
One snapshot at a time, in a process that is ready before it is told to begin.

A program of its own, ``python -m bench.snapping CONFIG``: for each line on standard input it
takes a snapshot of the site and writes one line of JSON. What is timed is the snapshot, not the
start of Python, because the scheduler that takes snapshots runs all the time.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from bench.homes import Home
from bench.traffic import SITE
from service.archive.snapshots import snapshot
from service.configuration import load
from service.runtime import Runtime

#: Statements that write history. Names of pages and values, and marks, are not among them.
_HISTORY = re.compile(r"(?i)(insert\s+into|update)\s+\W?(hour|day|value|filtered)_count\b")


@dataclass(frozen=True, slots=True)
class Snapped:
    """
    One snapshot: when it began and ended, by the machine's monotonic clock in ns.
    """

    began: int
    ended: int
    #: Rows of history that it wrote.
    rows: int

    @property
    def seconds(self) -> float:
        """
        How long it took.
        """
        return (self.ended - self.began) / 1e9


@dataclass(slots=True)
class Snapper:
    """
    A process that takes a snapshot whenever it is asked.
    """

    process: subprocess.Popen[str]

    def begin(self) -> None:
        """
        A snapshot is under way.
        """
        if self.process.stdin is None:
            raise RuntimeError("the process has no input")
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def result(self) -> Snapped:
        """
        The snapshot that was begun, when it is done.

        :raises RuntimeError: it failed
        """
        line = self.process.stdout.readline() if self.process.stdout else ""
        if not line:
            raise RuntimeError("the snapshot failed")
        return Snapped(**json.loads(line))

    def take(self) -> Snapped:
        """
        A whole snapshot.
        """
        self.begin()
        return self.result()


@contextmanager
def snapper(at: Home) -> Iterator[Snapper]:
    """
    A process that is ready to take snapshots of the site.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.snapping", str(at.config)],
        env=at.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        if process.stdout is None or process.stdout.readline() != "ready\n":
            raise RuntimeError("the process that takes snapshots did not start")
        yield Snapper(process)
    finally:
        process.kill()
        process.communicate()


def main() -> None:
    """
    Takes snapshots until standard input ends.
    """
    runtime = Runtime(load(Path(sys.argv[1])))
    rows = 0

    def count(_connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        nonlocal rows
        if _HISTORY.match(statement):
            rows += max(0, cursor.rowcount)

    event.listen(Engine, "after_cursor_execute", count)
    runtime.store.status(SITE)
    _say("ready")
    for _ in sys.stdin:
        rows, began = 0, time.monotonic_ns()
        snapshot(runtime.store, runtime.database, SITE, runtime.clock)
        _say(json.dumps(asdict(Snapped(began, time.monotonic_ns(), rows))))
    runtime.close()


def _say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


if __name__ == "__main__":
    main()
