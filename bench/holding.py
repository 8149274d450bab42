"""
What Redis and SQL hold of everything that strangers can make more of, and how much that may be.

Hits bring visitors, pages, pairs of both, ids, and rows of the delta. Each of them has a bound in
bytes, so their numbers say how much memory Redis may have, whatever the paths are.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers import Valkey

#: Bytes that may be used for each; the last is what operations.md says of rows that wait.
VISITOR, PAGE, PAIR, REMEMBERED, WAITING = 250, 150, 60, 60, 170

#: Seconds between two looks.
LOOK = 1.0


@dataclass(frozen=True, slots=True)
class Held:
    """
    How many of each Redis holds, of all sites.
    """

    visitors: int = 0
    pages: int = 0
    pairs: int = 0
    remembered: int = 0

    def allowed_since(self, before: "Held") -> int:
        """
        Bytes by which Redis may have grown since then, without what waits for a snapshot.
        """
        return (
            (self.visitors - before.visitors) * VISITOR
            + (self.pages - before.pages) * PAGE
            + (self.pairs - before.pairs) * PAIR
            + (self.remembered - before.remembered) * REMEMBERED
        )


def holding(store: Valkey) -> Held:
    """
    What there is now.
    """
    with store.client as client:
        return Held(
            visitors=sum(client.hlen(key) for key in client.scan_iter("luot:*:visitors:*", 1_000)),
            pages=sum(client.hlen(key) for key in client.scan_iter("luot:*:pages", 1_000)),
            pairs=sum(client.hlen(key) for key in client.scan_iter("luot:*:views:*", 1_000)),
            remembered=sum(client.scard(key) for key in client.scan_iter("luot:*:ids:*", 1_000)),
        )


def used(store: Valkey) -> int:
    """
    Bytes that Redis has now.
    """
    with store.client as client:
        return int(client.info("memory")["used_memory"])


@dataclass(slots=True)
class Watch:
    """
    The largest numbers that were seen while somebody looked.
    """

    #: Bytes of Redis, and rows that waited for a snapshot.
    largest: int = 0
    waiting: int = 0

    def look(self, store: Valkey) -> None:
        """
        Now is looked at too.
        """
        with store.client as client:
            keys = client.scan_iter("luot:*:delta*", 1_000)
            self.waiting = max(self.waiting, sum(client.hlen(key) for key in keys))
        self.largest = max(self.largest, used(store))


@contextmanager
def watching(store: Valkey) -> Iterator[Watch]:
    """
    Somebody looks each second, until the end of the block, and then once more.
    """
    watch, ended = Watch(), threading.Event()

    def look() -> None:
        while not ended.wait(LOOK):
            watch.look(store)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        ended.set()
        thread.join()
        watch.look(store)


def sqlite_bytes(data: Path) -> int:
    """
    Bytes of a data directory's SQLite with its log.
    """
    return sum(file.stat().st_size for file in data.glob("luot.sqlite3*"))


def sql_rows(data: Path) -> int:
    """
    Rows of history in a data directory's SQLite, and of the names that they need.
    """
    tables = ("page", "hour_count", "day_count", "value", "value_count", "filtered_count")
    with closing(sqlite3.connect(data / "luot.sqlite3")) as connection:
        named = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
        counts = [f"SELECT count(*) FROM {name}" for name in tables if name in named]
        return sum(connection.execute(count).fetchone()[0] for count in counts)
