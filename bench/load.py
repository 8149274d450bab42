"""
Load as hard as it goes, by wrk: as many requests as a server answers over some connections.
"""

import json
import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from bench.traffic import lua_lists

SCRIPTS = Path(__file__).parent / "wrk"

#: Failed and refused requests in a thousand that a round may have and still say something.
TOLERATED = 2


class LoadError(Exception):
    """
    A round that says nothing: the load could not be made, or was not answered.
    """


@dataclass(frozen=True, slots=True)
class Load:
    """
    What one run of wrk came to.
    """

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float

    @property
    def rate(self) -> float:
        """
        Answers per second.
        """
        return self.requests / self.seconds


def find_wrk() -> str:
    """
    The program; on a Debian that lets us, it is installed first.

    :raises LoadError: it is not there
    """
    found = shutil.which("wrk")
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        for words in (["update", "-qq"], ["install", "-qq", "-y", "wrk"]):
            subprocess.run(["apt-get", *words], stdout=subprocess.DEVNULL, check=False)
        found = shutil.which("wrk")
    if found is None:
        raise LoadError("wrk makes the load, and it is not installed: apt-get install wrk")
    return found


def press(base: str, script: str, folder: Path, seconds: float, connections: int) -> Load:
    """
    What a server answers when it is asked as fast as it can.

    :param script: ``hits`` or ``counters``
    :param folder: where the lists of readers are kept for the script
    :raises LoadError: more than two requests in a thousand failed
    """
    return parse(_last_line(base, script, folder, seconds, connections))


@dataclass(frozen=True, slots=True)
class Stream:
    """
    So many hits on one site, each on a path of its own or on usual pages.
    """

    site: str
    host: str
    hits: int
    #: Hits a second at most; answers that take long make it fewer.
    rate: float
    are_paths_distinct: bool


@dataclass(frozen=True, slots=True)
class Sent:
    """
    What became of the hits of a stream, one by one.
    """

    #: Counted at once, and kept until they can be.
    kept: int
    queued: int
    refused: int
    seconds: float

    @property
    def acknowledged(self) -> int:
        """
        Hits of which the sender was told that they are kept.
        """
        return self.kept + self.queued


def send(base: str, stream: Stream, folder: Path, connections: int) -> Sent:
    """
    Every hit of a stream was sent and its answer looked at.

    :raises LoadError: one had no answer, so nobody knows whether it is kept
    """
    words = (stream.site, stream.host, stream.hits, stream.rate, connections)
    kind = "paths" if stream.are_paths_distinct else "pages"
    patience = 60 + 10 * stream.hits / stream.rate
    began = time.monotonic()
    line = _last_line(base, "paths", folder, patience, connections, *map(str, words), kind)
    return Sent(**json.loads(line), seconds=time.monotonic() - began)


def _last_line(
    base: str, script: str, folder: Path, seconds: float, connections: int, *words: str
) -> str:
    lists = folder / "readers.lua"
    if not lists.exists():
        lists.write_text(lua_lists(), encoding="utf-8")
    told = subprocess.run(
        [
            *(find_wrk(), "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s"),
            *("--timeout", "10s", "-s", str(SCRIPTS / f"{script}.lua"), base, "--"),
            *(str(lists), str(time.time_ns() // 1000 % 10**15), *words),
        ],
        env={**os.environ, "BENCH_SCRIPTS": str(SCRIPTS)},
        capture_output=True,
        text=True,
        check=False,
    )
    if told.returncode or not told.stdout.strip().endswith("}"):
        raise LoadError(f"wrk: {told.stderr.strip() or told.stdout.strip()}")
    return told.stdout.strip().splitlines()[-1]


def parse(line: str) -> Load:
    """
    The run that a script's last line tells of.

    :raises LoadError: too much of it failed
    """
    told = json.loads(line)
    bad = told["failed"] + told["refused"]
    if not told["requests"] or bad * 1000 > TOLERATED * told["requests"]:
        raise LoadError(
            f"{told['requests']} requests, of which {told['failed']} failed and "
            f"{told['refused']} were refused"
        )
    return Load(
        told["requests"],
        told["microseconds"] / 1_000_000,
        told["p50"] / 1000,
        told["p99"] / 1000,
    )
