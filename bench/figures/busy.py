"""
How long the slowest of a hundred hits wait while a snapshot of 100,000 rows runs, against without.

Hits come at a quarter of the highest rate, on a schedule that does not wait for answers. In each
round the snapshot begins a second after the load; those hits are looked at that were due while it
ran. Then the same load comes again, without a snapshot, and hits of an equally long span are looked
at. Store, front, snapshot and load share the machine. Bound: at most 2 times.
"""

import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from bench.changes import Changes
from bench.figures.p99 import checked, highest_rate
from bench.homes import Front, deployed_front, home
from bench.pacing import Pace, Paced, finish, start
from bench.plans import Plan
from bench.rounds import alternate
from bench.rows import Bound, Row, Side
from bench.samples import percentile
from bench.snapping import Snapped, Snapper, snapper

#: The part of the highest rate at which hits come.
SHARE = 0.25

#: Seconds of load before a snapshot begins, so that it meets a steady stream.
LEAD = 1.0


def measure(plan: Plan) -> list[Row]:
    """
    One row.
    """
    with home(plan, "home") as at, deployed_front(at) as front, snapper(at) as snaps:
        rate = highest_rate(plan, front) * SHARE
        snaps.take()
        changes = Changes.at(at, front)
        changes.make()
        taken = snaps.take()
        changes.learn(taken)
        expected = taken.seconds * changes.needed / changes.made
        stream = _Stream(front, rate, plan.connections, snaps, changes, expected)
        pairs = alternate(plan.few_rounds, stream.while_snapping, stream.without)
    lengths = ", ".join(f"{snapped.seconds:.1f} s" for snapped in stream.snapped)
    return [
        Row(
            "busy",
            "p99 of /hit while a snapshot of 100,000 rows runs",
            "p99 without",
            "ms",
            Bound(Side.AT_MOST, 2),
            pairs.ours,
            pairs.beside,
            notes=[f"{rate:,.0f} hits/s; snapshots took {lengths}"],
        )
    ]


@dataclass(slots=True)
class _Stream:
    """
    Hits at one rate, and snapshots beside them.
    """

    front: Front
    rate: float
    connections: int
    snaps: Snapper
    changes: Changes
    #: Seconds that the next snapshot may take when nothing else runs.
    expected: float
    snapped: list[Snapped] = field(default_factory=list)
    seeds: Iterator[int] = field(default_factory=lambda: count(1))

    def while_snapping(self) -> float:
        """
        The p99, in ms, of hits that were due while a snapshot ran.
        """
        self.changes.make()
        running = self._begin(LEAD + 2 * self.expected + 1)
        time.sleep(LEAD)
        taken = self.snaps.take()
        self.changes.learn(taken)
        self.snapped.append(taken)
        return _p99(finish(running), taken.began, taken.ended)

    def without(self) -> float:
        """
        The same of a span as long as the last snapshot, when there is none.
        """
        span = self.snapped[-1].seconds
        paced = finish(self._begin(LEAD + span))
        began = paced.answers[0][0] + int(LEAD * 1e9)
        return _p99(paced, began, began + int(span * 1e9))

    def _begin(self, seconds: float) -> subprocess.Popen[str]:
        pace = Pace(self.front.port, self.rate, seconds, self.connections, next(self.seeds))
        return start(pace)


def _p99(paced: Paced, began: int, ended: int) -> float:
    return percentile(checked(paced).between(began, ended), 0.99) / 1e6
