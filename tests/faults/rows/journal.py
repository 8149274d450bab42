"""
Journals: full, damaged, cut off by a power loss, and replayed by processes that die or compete.
"""

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

from tests.faults.features import Feature
from tests.faults.files import (
    BATCH,
    Found,
    fill,
    flip_body,
    flip_header,
    journal_files,
    lose_unsynced,
    records,
    tear,
)
from tests.faults.load import Manner
from tests.faults.plans import Plan
from tests.faults.processes import send
from tests.faults.rows.web import kill_worker
from tests.faults.runs import Run, Scene, row
from tests.faults.shims.build import shim
from tests.faults.waits import last

PLAN = Plan()

#: Clients that tell what they were told and never ask again.
ONCE = Manner(retries=False)


def _full(
    run: Run, plan: Plan, act: Callable[[Scene], object], undo: Callable[[Scene], object]
) -> None:
    """
    Redis stands still, the journal has no room: what was refused was never kept.
    """
    world = run.world(plan)
    for _ in range(run.count):
        with run.under_load(world, Manner(retries=False, pace=0.005)) as scene:
            scene.after_acks(30)
            scene.inject("SIGSTOP Redis", world.store.send, signal.SIGSTOP)
            scene.inject("no room for journals", act, scene)
            scene.after_refusals(50)
            undo(scene)
            world.store.send(signal.SIGCONT)
            scene.mended()
    v = run.outcome.verdict
    run.figure("refused and counted", v.refused_counted)
    if v.refused_counted:
        run.breaks(f"{v.refused_counted} hits were refused and counted all the same")


@row("F22-disk", "journal's disk full and Redis stopped", 5, 1, Feature.JOURNAL, Feature.MOUNT)
def journal_disk_full(run: Run) -> None:
    """
    Hits are refused, none that was acknowledged is lost, none that was refused is counted.
    """

    def filler(scene: Scene) -> Path:
        return scene.world.journal / "filler"

    _full(
        run,
        Plan(small_journal_kib=16_384),
        lambda scene: fill(filler(scene)),
        lambda scene: filler(scene).unlink(),
    )


@row("F22-cap", "journals as large as journal_bytes and Redis stopped", 2, 0, Feature.JOURNAL)
def journal_at_its_cap(run: Run) -> None:
    """
    The same, by the setting.
    """
    _full(run, Plan(settings=(("journal_bytes", 1 << 20),)), lambda _: None, lambda _: None)


#: What is done to journals that wait for Redis.
HARMS = ("torn", "body", "header", "empty", "foreign", "segment")


def _harm(run: Run, scene: Scene, what: str, since_ms: int) -> int:
    """
    A journal is damaged; returns how many hits that can cost.
    """
    files = [f for f in journal_files(scene.world.journal) if list(records(f))]
    waiting = [r for f in files for r in records(f) if r.kind == BATCH and r.time_ms > since_ms]
    chosen = run.random.choice([r for r in waiting if r.time_ms > since_ms + 300])
    if what == "torn":
        tear(chosen.file)
    elif what == "empty":
        next_file = chosen.file.with_name(f"{int(chosen.file.stem) + 1:08}.journal")
        next_file.touch(mode=0o600)
    elif what == "foreign":
        chosen.file.with_name("notes.txt").write_text("mine", encoding="ascii")
        (scene.world.journal / "lost+found").mkdir(exist_ok=True)
        chosen.file.with_name("99999999.journal").write_bytes(run.random.randbytes(500))
    else:
        return _cost(what, chosen, waiting)
    return 0


def _cost(what: str, chosen: Found, waiting: list[Found]) -> int:
    if what == "segment":
        chosen.file.unlink()
        return sum(found.hits for found in waiting if found.file == chosen.file)
    (flip_body if what == "body" else flip_header)(chosen)
    return chosen.hits


def _untold(what: str, cost: int) -> int:
    """
    Of so many damaged hits, those that nobody can know of.

    With a producer's newest segment goes everything that tells of its hits. How many a batch held
    stands in its header: one that cannot be read is told as one.
    """
    if what == "segment":
        return cost
    return cost - 1 if what == "header" else 0


def _harm_row(what: str, title: str, full: int, short: int = 0) -> None:
    @row(f"F23-{what}", title, full, short, Feature.JOURNAL)
    def harmed(run: Run) -> None:
        """
        Redis and web are killed, a journal is damaged, all is started again.
        """
        world = run.world(PLAN)
        with run.under_load(world, ONCE) as scene:
            for _ in range(run.count):
                scene.after_acks(20)
                # What Redis has not answered yet waits, too.
                since_ms = time.time_ns() // 1_000_000 - 50
                scene.inject("SIGKILL Redis", world.store.kill)
                last(0.3)
                scene.after_acks(60)
                scene.inject("SIGKILL web", world.kill_web)
                scene.note_journal()
                cost = _harm(run, scene, what, since_ms)
                scene.inject(f"{what}: may cost {cost} hits")
                scene.may_lose += cost
                scene.untold += _untold(what, cost)
                world.store.start()
                world.start_web(ready=False)
                scene.mended()
        run.figure("hits in what was damaged", scene.may_lose)


_harm_row("torn", "journals that end in half a record", 5, 1)
_harm_row("body", "one bit of a record's hits the other way round", 5)
_harm_row("header", "one bit of a record's header the other way round", 5)
_harm_row("empty", "an empty segment", 3)
_harm_row("foreign", "files of somebody else among the journals", 3)
_harm_row("segment", "a segment deleted", 3)


@row("F24", "power loss: only what was synced is left", 10, 1, Feature.JOURNAL, Feature.COMPILER)
def power_lost(run: Run) -> None:
    """
    Everything is killed, journals are cut to what had been synced, Redis has lost its folder.
    """
    world = run.world(Plan(web_preload=shim("synced_log")))
    gone = 0
    with run.under_load(world) as scene:
        for _ in range(run.count):
            scene.after_acks(run.random.randint(20, 120))
            scene.inject("power loss", world.kill_all)
            scene.note_journal()
            cut, files = lose_unsynced(world.folder / "synced.log", world.journal)
            scene.ledger.note_fault(f"{cut} bytes were not synced, {files} files had no name")
            gone += cut
            world.store.wipe()
            world.store.start()
            world.start_scheduler()
            world.start_web(ready=False)
            scene.mended()
    run.figure("bytes that were not synced", gone)


def _backlog(scene: Scene, many: int) -> None:
    """
    So many hits wait in journals, and Redis is back.
    """
    scene.inject("SIGKILL Redis", scene.world.store.kill)
    scene.after_acks(many)
    scene.note_journal()
    scene.world.store.start()


@row("F25", "whoever sends a backlog is killed at a random moment", 50, 4, Feature.JOURNAL)
def replay_killed(run: Run) -> None:
    """
    A dead worker's journal is sent by others, which die, too.
    """
    world = run.world(PLAN)
    with run.under_load(world) as scene:
        left = run.count
        while left > 0:
            scene.after_acks(10)
            _backlog(scene, 60)
            for _ in range(min(left, 5)):
                last(run.random.uniform(0, 0.4))
                kill_worker(scene, run.random)
                left -= 1
            scene.mended()


@row("F26", "two webs on one folder adopt what a third left", 10, 1, Feature.JOURNAL)
def two_replayers(run: Run) -> None:
    """
    All workers of the first die with a backlog; those of both compete for it.
    """
    world = run.world(PLAN)
    other = world.start_second_web()
    try:
        with run.under_load(world) as scene:
            for _ in range(run.count):
                scene.after_acks(10)
                scene.inject("SIGSTOP Redis", world.store.send, signal.SIGSTOP)
                scene.after_acks(40)
                for worker in world.workers():
                    scene.inject(f"SIGKILL worker {worker}", send, worker, signal.SIGKILL)
                world.store.send(signal.SIGCONT)
                scene.mended()
    finally:
        os.kill(other.pid, signal.SIGTERM)
        other.wait(60)


#: Steps of a restore at which the scheduler can be told to die.
RESTORE_STEPS = ("fenced", "cleared", "loaded", "finished")


@row("F25-restore", "the scheduler killed at every step of a restore", 20, 0, Feature.RESTORE)
def restore_killed(run: Run) -> None:
    """
    The web stands still meanwhile, so that nobody else restores; then all goes on.
    """
    world = run.world(PLAN)
    died = dict.fromkeys(RESTORE_STEPS, 0)
    steps = list(RESTORE_STEPS)
    random.Random(run.outcome.seed).shuffle(steps)
    with run.under_load(world) as scene:
        for number in range(run.count):
            step = steps[number % len(steps)]
            scene.after_acks(20)
            workers = world.workers()
            for worker in workers:
                send(worker, signal.SIGSTOP)
            world.kill_schedulers()
            with world.store.client() as client:
                client.flushall()
            victim = world.start_scheduler(crash_at=step)
            status = victim.wait(20)
            scene.inject(f"scheduler ended {status} at {step}")
            died[step] += status == -signal.SIGKILL
            world.schedulers.clear()
            for worker in workers:
                send(worker, signal.SIGCONT)
            world.start_scheduler()
            scene.mended()
    run.figure("died at", died)
