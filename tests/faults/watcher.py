"""
Watching the numbers that are published while things break: a total never falls.

Fresh answers never fall, whoever gives them. A stale one may be old; but one connection, which is
one process, never shows less than it has shown.
"""

import threading
import time
from dataclasses import dataclass

from tests.faults.readers import Api

#: Seconds between two looks.
EVERY = 0.2


@dataclass(frozen=True, slots=True)
class Fall:
    """
    A number that fell.
    """

    site: str
    number: str
    shown: int
    then: int
    stale: bool


class Watcher:
    """
    Asks for the counters of some sites from ``start`` to ``stop``.
    """

    def __init__(self, port: int, token: str, sites: tuple[str, ...]) -> None:
        self._api = Api(port, token, timeout=3.0)
        self._sites = sites
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watcher", daemon=True)
        self._fresh: dict[tuple[str, str], int] = {}
        self._here: dict[tuple[str, str], int] = {}
        self.falls: list[Fall] = []
        self.answers = self.stale = self.none = 0
        #: The lowest total of the first site that was shown, as fresh, since ``mark``.
        self.lowest: int | None = None

    def start(self) -> "Watcher":
        """
        It watches.
        """
        self._thread.start()
        return self

    def stop(self) -> None:
        """
        It has stopped.
        """
        self._ends.set()
        self._thread.join(10)
        self._api.close()

    def mark(self) -> None:
        """
        ``lowest`` and the counts of answers begin anew.
        """
        self.lowest, self.answers, self.stale, self.none = None, 0, 0, 0
        self.falls = []

    def _watch(self) -> None:
        while not self._ends.wait(EVERY):
            for site in self._sites:
                self._look(site)

    def _look(self, site: str) -> None:
        before = self._api._connection
        began = time.monotonic()
        body = self._api.counters(site)
        if self._api._connection is not before or time.monotonic() - began > 3:
            self._here.clear()
        if body is None:
            self.none += 1
            return
        self.answers += 1
        stale = bool(body["stale"])
        self.stale += stale
        for number in ("views", "visits", "visitor_days"):
            self._compare(site, number, int(body[number]["total"]), stale=stale)
        if not stale and site == self._sites[0]:
            views = int(body["views"]["total"])
            self.lowest = views if self.lowest is None else min(self.lowest, views)

    def _compare(self, site: str, number: str, total: int, *, stale: bool) -> None:
        key = (site, number)
        shown = self._here.get(key, 0) if stale else self._fresh.get(key, 0)
        if total < shown:
            self.falls.append(Fall(site, number, shown, total, stale))
        self._here[key] = total
        if not stale:
            self._fresh[key] = max(total, shown)
