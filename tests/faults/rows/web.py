"""
Web processes that die, hang, are replaced, and clients that ask again.
"""

import random
import signal
import time
from functools import partial

from tests.faults.features import Feature
from tests.faults.ledger import Fate
from tests.faults.load import Manner
from tests.faults.plans import SITES, Plan
from tests.faults.processes import send
from tests.faults.runs import Run, Scene, row
from tests.faults.waits import last, until
from tests.faults.world import World

PLAN = Plan()

#: Steps of a hit in a web process at which it can be told to die.
STEPS = ("taken", "written", "synced", "applied")


@row("F1", "worker kill -9 under load", 200, 6)
def worker_killed(run: Run) -> None:
    """
    Workers die one by one while hits come in.
    """
    world = run.world(PLAN)
    with run.under_load(world) as scene:
        for _ in range(run.count):
            scene.after_acks(run.random.randint(3, 25))
            kill_worker(scene, run.random)


def kill_worker(scene: Scene, chance: random.Random) -> None:
    """
    One worker is gone.
    """
    until(scene.world.workers, 20, "there are workers")
    victim = chance.choice(scene.world.workers() or [0])
    if victim and send(victim, signal.SIGKILL):
        scene.inject(f"SIGKILL worker {victim}")


@row("F2", "gunicorn's master kill -9, workers orphaned, started again", 10, 1)
def master_killed(run: Run) -> None:
    """
    The master dies alone, its workers notice, and another one starts on the same port.
    """
    world = run.world(PLAN)
    waits = []
    with run.under_load(world, Manner(keeps_alive=False)) as scene:
        for _ in range(run.count):
            scene.after_acks(run.random.randint(10, 60))
            assert world.web is not None
            scene.inject("SIGKILL master", world.web.kill)
            world.web.wait(20)
            began = time.monotonic()
            world.start_web()
            waits.append(time.monotonic() - began)
            scene.mended()
    if world.orphans:
        run.breaks(f"{world.orphans} workers outlived their master and kept its port")
        world.is_spoiled = True
    run.figure("ready again after at most s", round(max(waits, default=-1), 1))


def _crash_row(step: str) -> None:
    # Each has processes of its own, so the short form has the two in which most is at stake.
    short = 2 if step in {"written", "applied"} else 0
    needs = (Feature.CRASHES, Feature.JOURNAL)

    @row(f"F3-{step}", f"web processes that die whenever they reach '{step}'", 25, short, *needs)
    def crash(run: Run) -> None:
        """
        Every worker ends itself after a few times that it gets there.
        """
        world = run.world(Plan(web_crash=f"{step}:{run.random.randint(3, 15)}"))
        with run.under_load(world) as scene:
            seen = set(world.workers())
            first = len(seen)
            while len(seen) - first < run.count:
                last(0.02)
                for worker in set(world.workers()) - seen:
                    scene.inject(f"worker {worker} took the place of one that died at {step}")
                    seen.add(worker)
                assert scene.ledger.next - scene.ledger.first < 200 * run.count + 3000, "none died"


for _step in STEPS:
    _crash_row(_step)


@row("F4", "one worker stopped, then killed", 10, 1)
def worker_hung(run: Run) -> None:
    """
    A worker stands still for a while; the others go on. Every second one never wakes up.
    """
    world = run.world(PLAN)
    with run.under_load(world, Manner(clients=16)) as scene:
        for number in range(run.count):
            scene.after_acks(run.random.randint(10, 40))
            victim = run.random.choice(world.workers())
            scene.inject(f"SIGSTOP worker {victim}", send, victim, signal.SIGSTOP)
            last(run.random.uniform(0.3, 2.0))
            send(victim, signal.SIGKILL if number % 2 else signal.SIGCONT)
            scene.mended()


@row("F37-hup", "deploys by HUP: nothing refused, nothing unanswered", 20, 2)
def reloaded(run: Run) -> None:
    """
    All workers are replaced in order, while clients that never ask again send hits.
    """
    world = run.world(PLAN)
    with run.under_load(world, Manner(keeps_alive=False, retries=False)) as scene:
        for _ in range(run.count):
            scene.after_acks(run.random.randint(10, 40))
            before = set(world.workers())
            assert world.web is not None
            scene.inject("HUP", send, world.web.pid, signal.SIGHUP)
            until(partial(_are_replaced, world, before), 40, "workers are replaced")
            scene.mended()
    _all_acknowledged(run, scene)


@row("F37-term", "web stopped by TERM with slow requests, and started again", 10, 0)
def stopped_in_order(run: Run) -> None:
    """
    Requests that are under way are answered; nobody who was not refused is left without one.
    """
    world = run.world(PLAN)
    with run.under_load(world, Manner(keeps_alive=False, retries=False)) as scene:
        for _ in range(run.count):
            scene.after_acks(run.random.randint(10, 40))
            assert world.web is not None
            scene.inject("TERM", world.web.terminate)
            world.web.wait(60)
            world.start_web()
            scene.mended()
    if ambiguous := run.outcome.verdict.ambiguous:
        run.outcome.notes.append(f"{ambiguous} connections were closed while the web stopped")


def _are_replaced(world: World, before: set[int]) -> bool:
    return not before & set(world.workers())


def _all_acknowledged(run: Run, scene: Scene) -> None:
    for fate in (Fate.AMBIGUOUS, Fate.REFUSED):
        if many := sum(scene.ledger.count(site, fate) for site in SITES):
            run.breaks(f"{many} hits were {fate}, and none had to be")


@row("F39", "each hit up to eight times at once, while Redis and workers die", 10, 2)
def storm_of_copies(run: Run) -> None:
    """
    Copies of one hit race each other through all workers and over restarts of Redis.
    """
    world = run.world(PLAN)
    world.store.options |= {"appendonly": "yes", "appendfsync": "everysec"}
    with run.under_load(world, Manner(clients=4, copies=8, pace=0.05)) as scene:
        for number in range(run.count):
            scene.after_acks(run.random.randint(50, 150))
            if number % 2:
                kill_worker(scene, run.random)
            else:
                scene.inject("SIGKILL Redis", world.store.kill)
                world.store.start()
            scene.mended()
    run.figure("copies sent", sum(hit.attempts for hit in scene.ledger.hits.values()))
