"""
What one request changes: views, metrics, keys in Redis and log lines, held against what it was
answered.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import redis
from prometheus_client import REGISTRY
from werkzeug.test import TestResponse

from service.counting.keys import LEADER
from service.runtime import Runtime
from tests import servers
from tests.conftest import NOON, Luot, MakeLuot, SetClock

#: The metrics that tell what became of requests.
FAMILIES = frozenset({"luot_hits", "luot_filtered", "luot_rejected", "luot_truncated"})

#: Bytes of the longest refusal.
LARGEST_REFUSAL = 300


class Lines(logging.Handler):
    """
    Everything that is logged.
    """

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@dataclass
class Watched:
    """
    A running Luot, of which each request is watched.
    """

    luot: Luot
    valkey: servers.Valkey
    lines: Lines

    @property
    def runtime(self) -> Runtime:
        return self.luot.runtime

    def keys(self) -> set[str]:
        """
        All keys of Redis but locks, which the recorder too holds for a moment as it starts.
        """
        found: Iterator[str] = self.valkey.client.scan_iter()
        return {key for key in found if not key.startswith(f"{LEADER}:")}

    def views(self) -> int:
        return int(self.luot.counters()["views"]["total"])

    def check(
        self, door: str, act: Callable[[], TestResponse], status: int, said: str, **cut: int
    ) -> TestResponse:
        """
        The answer to ``act``, when it has this status and result and everything else follows.

        :param cut: how many parts of each name were too long
        """
        views, metrics, keys = self.views(), metric_values(), self.keys()
        self.lines.records.clear()
        answer = act()
        # The one line of the access log, and nothing that went wrong beside it.
        assert [r.name for r in self.lines.records] == ["luot.access"]
        moved = metric_values() - metrics
        assert (answer.status_code, answer.headers.get("Luot-Result")) == (status, said)
        assert dict(moved) == expected_metrics(door, said) | {
            f"truncated {f}": n for f, n in cut.items()
        }
        assert self.views() - views == (1 if said == "counted" else 0)
        if said.startswith("rejected"):
            changed = self.keys() ^ keys
            assert not changed, changed
            check_refusal(answer, door, said.rpartition("=")[2])
        return answer

    def totals(self) -> tuple[int, int, int]:
        """
        All views, visits and visitors so far.
        """
        told = self.luot.counters()
        views, visits, visitors = (told[w]["total"] for w in ("views", "visits", "visitor_days"))
        return views, visits, visitors


def expected_metrics(door: str, said: str) -> dict[str, int]:
    word, _, reason = said.partition("; reason=")
    if word == "rejected":
        return {f"rejected {door} {reason}": 1}
    filtered = {f"filtered s1 {reason}": 1} if reason else {}
    return {f"hits s1 {door} {word}": 1, **filtered}


def metric_values() -> Counter[str]:
    """
    Each watched metric by its name and the values of its labels.
    """
    return Counter(
        {
            " ".join([family.name.removeprefix("luot_"), *sample.labels.values()]): int(
                sample.value
            )
            for family in REGISTRY.collect()
            if family.name in FAMILIES
            for sample in family.samples
            if sample.name.endswith("_total")
        }
    )


def stored(valkey: servers.Valkey) -> bytes:
    """
    Every name and value that stands in a hash of Redis.
    """
    store = redis.Redis(unix_socket_path=str(valkey.socket))
    rows: list[dict[Any, Any]] = [store.hgetall(k) for k in store.scan_iter(_type="hash")]
    return b"\n".join(part for row in rows for field in row.items() for part in field)


def short(value: object) -> str:
    """
    The name of a row: what is tried, if that is short.
    """
    text = value if isinstance(value, str) else repr(value)
    return text.encode("ascii", "backslashreplace").decode()[:40]


def check_refusal(answer: TestResponse, door: str, reason: str) -> None:
    """
    Nothing, when a refusal is short and says only what and where.
    """
    assert len(answer.data) <= LARGEST_REFUSAL
    if door == "pixel":
        assert answer.mimetype == "image/gif"
        return
    told: dict[str, Any] = msgspec.json.decode(answer.data)
    if answer.mimetype == "application/problem+json":
        assert told.keys() - {"field"} == {"type", "title", "status", "code"}
        assert (told["status"], told["code"]) == (answer.status_code, reason)
    else:
        assert answer.mimetype == "application/json"
        assert told.keys() - {"field"} == {"error"}
        assert told["error"] == reason


@contextmanager
def watched(folder: Path, front: str = "wsgi", **changes: Any) -> Iterator[Watched]:
    """
    A Luot with a store of its own, so that many tests may share it.
    """
    clock = SetClock()
    clock.set(NOON)
    with servers.valkey() as valkey:
        make = MakeLuot(folder, valkey.url, clock, front)
        try:
            luot = make(access_log=True, **changes)
            for name in luot.runtime.sites:
                # The recorder opens one after another; what that makes is no request's doing.
                luot.runtime.open_site(name)
            # The day's salts are there once one hit was counted; they are no reject's doing.
            assert luot.hit("/first").status_code == 204
            with _listening() as lines:
                yield Watched(luot, valkey, lines)
        finally:
            make.close()


@contextmanager
def _listening() -> Iterator[Lines]:
    lines, root, access = Lines(), logging.getLogger(), logging.getLogger("luot.access")
    root.addHandler(lines)
    level = access.level
    access.setLevel(logging.INFO)
    try:
        yield lines
    finally:
        access.setLevel(level)
        root.removeHandler(lines)
