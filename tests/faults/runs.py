"""
A run of one row: a world, a load, the faults that are done meanwhile, and the verdict.
"""

import contextlib
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.faults.features import Feature
from tests.faults.judge import Before, Verdict, judge, settle
from tests.faults.ledger import Ledger
from tests.faults.load import Load, Manner
from tests.faults.plans import SITES, Plan
from tests.faults.waits import TookTooLong, until
from tests.faults.watcher import Watcher
from tests.faults.world import World

#: Worlds that run at once while only one is used.
KEPT = 2


@dataclass(slots=True)
class Outcome:
    """
    A line of the report.
    """

    row: str
    title: str
    seed: int
    #: ``ok``, ``BROKEN``, ``SKIPPED`` or ``FAILED``: it could not be carried through.
    state: str = "ok"
    injected: int = 0
    verdict: Verdict = field(default_factory=Verdict)
    p99_ms: float = 0.0
    longest_stall_ms: float = 0.0
    recover_s: float = 0.0
    #: Attempts that nobody answered; with clients that ask again they become acknowledged.
    unanswered: int = 0
    journal_peak: int = 0
    seconds: float = 0.0
    figures: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


class Worlds:
    """
    Keeps the last worlds, for the next rows that are built alike.
    """

    def __init__(self, keep_in: Path) -> None:
        self._keep_in = keep_in
        #: The plan of the world that was given last.
        self.given: Plan | None = None
        self._worlds: dict[Plan, World] = {}

    def give(self, plan: Plan) -> World:
        """
        A world of this plan that runs and is in no doubt.
        """
        self.given = plan
        if plan in self._worlds and self._worlds[plan].is_spoiled:
            self.end(plan)
        if plan not in self._worlds:
            while len(self._worlds) >= KEPT:
                self.end(next(iter(self._worlds)))
            self._worlds[plan] = World(plan)
            self._worlds[plan].start()
        # The one that was used last is given up last.
        self._worlds[plan] = self._worlds.pop(plan)
        return self._worlds[plan]

    def end(self, plan: Plan, name: str = "") -> None:
        """
        The world of this plan is gone; what it held is kept under ``name`` if one is given.
        """
        world = self._worlds.pop(plan, None)
        if world is not None:
            world.end(self._keep_in / name if name else None)

    def end_last(self, name: str = "") -> None:
        """
        The world that was given last is gone, and kept under ``name`` if one is given.
        """
        if self.given is not None:
            self.end(self.given, name)

    def end_all(self) -> None:
        """
        There is no world.
        """
        for plan in list(self._worlds):
            self.end(plan)


@dataclass(slots=True)
class Run:
    """
    What a row is given: how often it has to inject, its own randomness, and where to report.
    """

    worlds: Worlds
    folder: Path
    count: int
    outcome: Outcome
    random: random.Random

    def world(self, plan: Plan) -> World:
        """
        A running world.
        """
        return self.worlds.give(plan)

    def figure(self, name: str, value: Any) -> None:
        """
        A figure of the row's own.
        """
        self.outcome.figures[name] = value

    def breaks(self, said: str) -> None:
        """
        An invariant that only this row knows does not hold.
        """
        self.outcome.verdict.broken.append(said)

    @contextlib.contextmanager
    def under_load(self, world: World, manner: Manner | None = None) -> Iterator["Scene"]:
        """
        Hits are sent while the block lasts; afterwards all is mended, quiet, and judged.
        """
        scene = Scene(self, world, manner or Manner())
        scene.begin()
        try:
            yield scene
        except TookTooLong as error:
            # Whether anything was lost is asked all the same.
            world.is_spoiled = True
            self.breaks(str(error))
        except BaseException:
            world.is_spoiled = True
            raise
        finally:
            scene.end()
        scene.judge()


class Scene:
    """
    A load on a world, with everything that watches it.
    """

    def __init__(self, run: Run, world: World, manner: Manner) -> None:
        self.run, self.world = run, world
        self.before = Before.of(world)
        name = f"{run.outcome.row}-{world.next_hit}.ledger"
        self.ledger = Ledger(run.folder / "ledgers" / name, world.next_hit)
        label = f"{run.outcome.row}-{world.mark}"
        self.load = Load(world.port, label, self.ledger, manner, run.random.randrange(1 << 30))
        self.watcher = Watcher(world.port, world.token, SITES)
        #: Hits that were destroyed on purpose; if they are missing the service has to say so.
        self.may_lose = 0
        self.untold = 0
        self._recoveries: list[float] = []

    def begin(self) -> None:
        """
        Hits come in.
        """
        self.load.start()
        self.watcher.start()
        self.after_acks(5)

    def inject(self, what: str, act: Callable[..., object] | None = None, *told: Any) -> None:
        """
        A fault is done, counted and written to the ledger.
        """
        self.ledger.note_fault(what)
        self.run.outcome.injected += 1
        if act is not None:
            act(*told)

    def mended(self) -> None:
        """
        The fault is over; how long until a hit is acknowledged again is measured from here.
        """
        self.ledger.note_fault("mended")
        self.note_journal()
        since, began = self.ledger.acked, time.monotonic()
        until(lambda: self.ledger.acked > since, 30, "hits are acknowledged again")
        self._recoveries.append(time.monotonic() - began)

    def after_acks(self, many: int, seconds: float = 60.0) -> None:
        """
        So many more attempts have been acknowledged.
        """
        since = self.ledger.acked
        until(lambda: self.ledger.acked >= since + many, seconds, f"{many} more acknowledged")

    def after_attempts(self, many: int, seconds: float = 60.0) -> None:
        """
        So many more attempts have been made, whatever is answered.
        """
        since = self.ledger.attempts
        until(lambda: self.ledger.attempts >= since + many, seconds, f"{many} more sent")

    def after_refusals(self, many: int, seconds: float = 60.0) -> None:
        """
        So many more attempts have been answered with an error.
        """
        since = self.ledger.refused
        until(lambda: self.ledger.refused >= since + many, seconds, f"{many} more refused")

    def note_journal(self) -> None:
        """
        How large the journals are is looked at now.
        """
        size = 0
        with contextlib.suppress(OSError):
            for entry in self.world.journal.rglob("*"):
                with contextlib.suppress(OSError):
                    size += entry.stat().st_size if entry.is_file() else 0
        self.run.outcome.journal_peak = max(self.run.outcome.journal_peak, size)

    def end(self) -> None:
        """
        Nothing is sent any more, and everything runs.
        """
        self.note_journal()
        self.world.heal()
        try:
            self.load.finish()
        finally:
            self.watcher.stop()
            self.world.next_hit = self.ledger.next

    def judge(self) -> None:
        """
        The verdict stands in the outcome, added to what was there.
        """
        outcome = self.run.outcome
        drained = settle(self.world, self.ledger, self.before)
        verdict = judge(self.world, self.ledger, self.before, self.may_lose, untold=self.untold)
        verdict.drained = drained
        self.ledger.close()
        verdict.broken += [
            f"{fall.site} {fall.number} fell from {fall.shown} to {fall.then}"
            f"{' (stale)' if fall.stale else ''}"
            for fall in self.watcher.falls[:5]
        ]
        refused = [status for hit in self.ledger.hits.values() for status in hit.refusals]
        if odd := {status for status in refused if status not in {0, 503}}:
            verdict.broken.append(f"honest hits were answered {sorted(odd)}")
        hung = sum(seconds > 5 for seconds in self.ledger.latencies)
        if hung:
            outcome.notes.append(f"{hung} answers took over 5 s")
        self._measure(outcome)
        if verdict.broken:
            self.world.is_spoiled = True
        _add(outcome.verdict, verdict)

    def _measure(self, outcome: Outcome) -> None:
        lost = sum(hit.unknown for hit in self.ledger.hits.values())
        outcome.unanswered += lost
        latencies = sorted(self.ledger.latencies)
        if latencies:
            p99 = latencies[min(len(latencies) - 1, int(len(latencies) * 0.99))] * 1000
            outcome.p99_ms = max(outcome.p99_ms, p99)
        times = self.ledger.ack_times
        stalls = [later - earlier for earlier, later in pairwise(times)]
        outcome.longest_stall_ms = max(outcome.longest_stall_ms, max(stalls, default=0) * 1000)
        outcome.recover_s = max([outcome.recover_s, *self._recoveries])


def _add(whole: Verdict, part: Verdict) -> None:
    for name in (
        *("sent", "acked", "ambiguous", "refused", "refused_counted", "counted"),
        *("lost", "doubled", "phantom", "lost_known"),
    ):
        setattr(whole, name, getattr(whole, name) + getattr(part, name))
    whole.broken += part.broken
    if part.drained is not None:
        whole.drained = max(whole.drained or 0.0, part.drained)


@dataclass(frozen=True, slots=True)
class Row:
    """
    One kind of fault.
    """

    name: str
    title: str
    act: Callable[[Run], None]
    #: Injections in the full form and in the short one.
    full: int
    short: int
    needs: tuple[Feature, ...]
    #: Whether the short form has it.
    is_short: bool = True


ROWS: list[Row] = []


def row(
    name: str, title: str, full: int, short: int, *needs: Feature
) -> Callable[[Callable[[Run], None]], Callable[[Run], None]]:
    """
    The function is a row of this name.
    """

    def add(act: Callable[[Run], None]) -> Callable[[Run], None]:
        ROWS.append(Row(name, title, act, full, short, needs, short > 0))
        return act

    return add
