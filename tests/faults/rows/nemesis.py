"""
Everything at random: what happens next is drawn, often before the last thing is over.
"""

import signal
from collections.abc import Callable

from tests.faults.features import Feature
from tests.faults.links import Mode
from tests.faults.plans import Plan
from tests.faults.processes import send
from tests.faults.rows.web import kill_worker
from tests.faults.runs import Run, Scene, row
from tests.faults.waits import last

PLAN = Plan(linked=True)

#: Faults between two verdicts.
ROUND = 25


def _worker(run: Run, scene: Scene) -> None:
    kill_worker(scene, run.random)


def _web(_: Run, scene: Scene) -> None:
    scene.inject("SIGKILL web", scene.world.kill_web)
    scene.world.start_web(ready=False)


def _scheduler(run: Run, scene: Scene) -> None:
    scene.inject("SIGKILL scheduler", scene.world.kill_schedulers)
    last(run.random.uniform(0, 1))
    scene.world.start_scheduler()


def _store(run: Run, scene: Scene) -> None:
    scene.inject("SIGKILL Redis", scene.world.store.kill)
    last(run.random.uniform(0, 1))
    scene.world.store.start()


def _empty_store(_: Run, scene: Scene) -> None:
    scene.inject("empty Redis", scene.world.store.wipe)
    scene.world.store.start()


def _flush(_: Run, scene: Scene) -> None:
    with scene.world.store.client() as client:
        scene.inject("FLUSHALL", client.flushall)


def _stop(run: Run, scene: Scene) -> None:
    scene.inject("SIGSTOP Redis", scene.world.store.send, signal.SIGSTOP)
    last(run.random.uniform(0.1, 2))
    scene.world.store.send(signal.SIGCONT)


def _hang(run: Run, scene: Scene) -> None:
    victim = run.random.choice(scene.world.workers() or [0])
    if victim:
        scene.inject(f"SIGSTOP worker {victim}", send, victim, signal.SIGSTOP)
        last(run.random.uniform(0.1, 1))
        send(victim, signal.SIGCONT)


def _swallow(run: Run, scene: Scene) -> None:
    assert scene.world.link is not None
    many = run.random.randint(1, 3)
    closes = run.random.random() < 0.8
    scene.inject(f"swallow {many}")
    scene.world.link.swallow(many, closes=closes)


def _cut(_: Run, scene: Scene) -> None:
    assert scene.world.link is not None
    scene.inject("reset all", scene.world.link.cut)


def _mode(run: Run, scene: Scene) -> None:
    link = scene.world.link
    assert link is not None
    mode = run.random.choice([Mode.RESET, Mode.LOSSY, Mode.SLOW, Mode.SILENT])
    scene.inject(f"link {mode}")
    link.delay = run.random.choice([0.05, 0.2, 0.5])
    if mode is Mode.SILENT:
        link.silence()
    link.mode = mode
    last(run.random.uniform(0.1, 1.5))
    link.heal()


#: What can happen, and how often compared with the others.
ACTS: tuple[tuple[Callable[[Run, Scene], None], int], ...] = (
    *((_worker, 6), (_swallow, 6), (_cut, 4), (_mode, 4), (_store, 3), (_stop, 3), (_hang, 3)),
    *((_scheduler, 2), (_web, 1), (_flush, 1), (_empty_store, 1)),
)


@row("F44", "everything at random", 50, 0, Feature.JOURNAL)
def nemesis(run: Run) -> None:
    """
    Faults drawn by the seed, one upon another, judged every so often.
    """
    acts, weights = zip(*ACTS, strict=True)
    left = run.count
    while left > 0:
        world = run.world(PLAN)
        with run.under_load(world) as scene:
            for _ in range(min(left, ROUND)):
                run.random.choices(acts, weights)[0](run, scene)
                last(run.random.uniform(0, 0.5))
                left -= 1
            world.heal()
            scene.mended()
        if run.outcome.verdict.broken:
            return
