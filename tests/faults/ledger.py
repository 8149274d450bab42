"""
The ledger: every hit that was sent, and what was answered, written down before it is sent.

A hit has an id of its own. Those of the site ``SET`` also have a path of their own, so that each
one can be looked for; those of the site ``SHARED`` count one page, as readers of an article do.
"""

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import IO

#: The site whose hits have paths of their own, and the one whose hits have one path together.
SET, SHARED = "set", "shared"

#: The path of the hits of the site ``SHARED``.
SHARED_PATH = "/shared"

#: Network addresses that hits come from; each is one visitor.
VISITORS = 200


class Fate(StrEnum):
    """
    What the sender of a hit may believe of it.
    """

    #: Some attempt was answered 2xx.
    ACKED = "acked"
    #: No attempt was, and of one at least nobody knows what became of it.
    AMBIGUOUS = "ambiguous"
    #: Every attempt was answered with an error, or never left.
    REFUSED = "refused"


@dataclass(slots=True)
class Hit:
    """
    One hit and its attempts.
    """

    number: int
    site: str
    #: Words of ``Luot-Result`` of the attempts that were answered 2xx.
    acks: list[str] = field(default_factory=list)
    #: Statuses of the attempts that were answered otherwise; 0: the connection was refused.
    refusals: list[int] = field(default_factory=list)
    attempts: int = 0
    unknown: int = 0
    #: When it was first and last sent, by the monotonic clock.
    first_sent: float = 0.0
    last_sent: float = 0.0

    @property
    def path(self) -> str:
        """
        The page that it counts.
        """
        return f"/t/{self.number}" if self.site == SET else SHARED_PATH

    @property
    def address(self) -> str:
        """
        Where it says it comes from.
        """
        return f"198.51.100.{self.number % VISITORS + 1}"

    @property
    def fate(self) -> Fate:
        """
        What its sender may believe.
        """
        if self.acks:
            return Fate.ACKED
        # An attempt that has no outcome yet is one of which nobody knows.
        open_attempts = self.attempts - len(self.refusals)
        return Fate.AMBIGUOUS if open_attempts else Fate.REFUSED


class Ledger:
    """
    The hits of one row of faults. Numbers go on where the ledger before it ended.

    A line is ``<ms> SENT <number> <attempt>``, ``<ms> <status> <number> <attempt> <result>`` or
    ``<ms> LOST <number> <attempt> <why>``; ``<ms> FAULT <what>`` tells what was done meanwhile.
    """

    def __init__(self, file: Path, first: int) -> None:
        self.file = file
        self.first = first
        self.hits: dict[int, Hit] = {}
        self.latencies: list[float] = []
        self.ack_times: list[float] = []
        #: Attempts, and those that were answered with an error.
        self.attempts = self.refused = 0
        self._next = first
        self._lock = threading.Lock()
        file.parent.mkdir(parents=True, exist_ok=True)
        self._lines: IO[str] = file.open("w", encoding="utf-8")

    @property
    def next(self) -> int:
        """
        The number of the hit that nobody has drawn yet.
        """
        return self._next

    def draw(self) -> Hit:
        """
        A hit that was never sent; every second one is of the site ``SHARED``.
        """
        with self._lock:
            number, self._next = self._next, self._next + 1
            site = SET if number % 2 else SHARED
            hit = self.hits[number] = Hit(number, site)
        return hit

    def note_attempt(self, hit: Hit) -> None:
        """
        It is about to be sent; ``sync`` has to come before it is.
        """
        with self._lock:
            hit.attempts += 1
            hit.last_sent = time.monotonic()
            hit.first_sent = hit.first_sent or hit.last_sent
            self.attempts += 1
            self._write(f"SENT {hit.number} {hit.attempts}")

    def sync(self) -> None:
        """
        Everything that was noted is on disk.
        """
        with self._lock:
            self._lines.flush()
        os.fdatasync(self._lines.fileno())

    def note_answer(self, hit: Hit, status: int, result: str, seconds: float) -> None:
        """
        An attempt was answered.
        """
        with self._lock:
            self.latencies.append(seconds)
            if 200 <= status < 300:
                hit.acks.append(result)
                self.ack_times.append(time.monotonic())
            else:
                hit.refusals.append(status)
                self.refused += 1
            self._write(f"{status} {hit.number} {hit.attempts} {result}")

    def note_refused(self, hit: Hit) -> None:
        """
        An attempt never left, because nobody listened.
        """
        with self._lock:
            hit.refusals.append(0)
            self._write(f"0 {hit.number} {hit.attempts} refused")

    def note_unknown(self, hit: Hit, why: str) -> None:
        """
        An attempt was sent, and no answer came.
        """
        with self._lock:
            hit.unknown += 1
            self._write(f"LOST {hit.number} {hit.attempts} {why}")

    def note_fault(self, what: str) -> None:
        """
        Something was broken, or mended, at this moment.
        """
        with self._lock:
            self._write(f"FAULT {what}")

    def of_site(self, site: str) -> Iterator[Hit]:
        """
        The site's hits.
        """
        return (hit for hit in list(self.hits.values()) if hit.site == site)

    def count(self, site: str, fate: Fate) -> int:
        """
        How many of the site's hits have come to this.
        """
        return sum(hit.fate is fate for hit in self.of_site(site))

    @property
    def acked(self) -> int:
        """
        Attempts that were answered 2xx until now.
        """
        return len(self.ack_times)

    def close(self) -> None:
        """
        The file is whole.
        """
        self.sync()
        self._lines.close()

    def _write(self, said: str) -> None:
        if not self._lines.closed:
            self._lines.write(f"{time.time_ns() // 1_000_000} {said}\n")
