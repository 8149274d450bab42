"""
Midnights: ordinary ones, ends of months and years, a leap day, and one while Redis is away.
"""

import time
from datetime import UTC, datetime, timedelta

from tests.faults.features import Feature
from tests.faults.ledger import SET, Fate
from tests.faults.load import Manner
from tests.faults.plans import Plan
from tests.faults.readers import of_redis
from tests.faults.runs import Run, Scene, row
from tests.faults.waits import last
from tests.faults.world import World

PLAN = Plan(shifted=True)

#: Days that begin in the rows, in their order: time only goes on.
MIDNIGHTS = ("2026-12-01", "2027-01-01", "2027-03-01", "2028-02-29", "2028-03-01")

#: Seconds around midnight in which nobody can say to which day a hit belongs.
UNSURE = 0.3


def _go_to(world: World, midnight: datetime, seconds_before: float) -> float:
    """
    The clocks stand so many seconds before midnight; returns when it is by this machine's clock.
    """
    shift = (midnight - timedelta(seconds=seconds_before) - datetime.now(UTC)).total_seconds()
    world.shift_clock(shift)
    return time.monotonic() + seconds_before


def _judge_day(run: Run, scene: Scene, at: float, day: str) -> None:
    """
    The new day has the hits that came after midnight, and as many visitors as sent them.
    """
    surely, maybe = set(), set()
    for hit in scene.ledger.of_site(SET):
        if hit.fate is Fate.ACKED and hit.first_sent > at + UNSURE:
            surely.add(hit.number)
        if hit.last_sent > at - UNSURE:
            maybe.add(hit.number)
    with scene.world.store.client() as client:
        views, visits, visitors = of_redis(client, SET).days.get(day, (0, 0, 0))
    hits = scene.ledger.hits
    least = len({hits[n].address for n in surely})
    most = len({hits[n].address for n in maybe})
    run.outcome.notes.append(f"{day}: {views} views, {visits} visits, {visitors} visitors")
    if not len(surely) <= views <= len(maybe):
        run.breaks(f"{day}: {views} views of {len(surely)} to {len(maybe)}")
    if not least <= visitors <= most:
        run.breaks(f"{day}: {visitors} visitors of {least} to {most}")


@row("F34", "midnights of days, months, years and a leap day", 5, 1)
def midnight(run: Run) -> None:
    """
    Hits go on over midnight, and each day has its own.
    """
    for label in MIDNIGHTS[: run.count]:
        world = run.world(PLAN)
        at = _go_to(world, datetime.fromisoformat(f"{label}T00:00:00Z"), 3)
        with run.under_load(world, Manner(pace=0.04)) as scene:
            scene.inject(f"midnight before {label}")
            last(max(at - time.monotonic(), 0) + 3)
        _judge_day(run, scene, at, label)
    run.worlds.end_last()


@row("F36", "a new day's salt while Redis is away, two workers", 5, 1, Feature.JOURNAL)
def salt_changes_during_outage(run: Run) -> None:
    """
    Redis dies before midnight and is back after it; every reader is one visitor of the new day.
    """
    for label in MIDNIGHTS[: run.count]:
        world = run.world(PLAN)
        at = _go_to(world, datetime.fromisoformat(f"{label}T00:00:00Z"), 4)
        with run.under_load(world, Manner(pace=0.04)) as scene:
            last(1)
            scene.inject("SIGKILL Redis", world.store.kill)
            last(max(at - time.monotonic(), 0) + 2)
            world.store.start()
            scene.mended()
            last(2)
        _judge_day(run, scene, at, label)
    run.worlds.end_last()
