"""
Rows that wait for a snapshot: as many as are wanted, whatever a hit makes of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from bench import traffic
from bench.feeding import feed
from bench.homes import Front, Home
from bench.snapping import Snapped
from bench.traffic import Hit

#: Rows that a snapshot of a figure has.
ROWS = 100_000

#: Hits of a first snapshot, from which the number of the next ones follows.
FIRST_HITS = 8_000


@dataclass(slots=True)
class Changes:
    """
    Hits that make rows wait; each snapshot teaches it how many hits that takes.
    """

    front: Front
    token: str
    hits: Iterator[Hit] = field(default_factory=lambda: traffic.hits(3))
    #: Hits of the next time, and of the last one.
    needed: int = FIRST_HITS
    made: int = 0

    @classmethod
    def at(cls, where: Home, front: Front) -> "Changes":
        """
        Those of a Luot that runs.
        """
        return cls(front, where.token("write"))

    def make(self) -> None:
        """
        About so many rows wait as are wanted; before the first snapshot, fewer.
        """
        feed(self.front, self.token, self.hits, self.needed)
        self.made = self.needed

    def learn(self, taken: Snapped) -> None:
        """
        The next time it will be nearer.

        :raises RuntimeError: the snapshot had nothing to add
        """
        if not taken.rows:
            raise RuntimeError("a snapshot added nothing")
        self.needed = max(500, round(self.needed * ROWS / taken.rows))


def seconds_for_all(taken: Snapped) -> float:
    """
    What the snapshot would have taken with exactly the rows that are wanted.
    """
    return taken.seconds * ROWS / taken.rows
