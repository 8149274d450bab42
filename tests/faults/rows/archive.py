"""
Snapshots that are interrupted, run twice or late, and an SQL that is away, full or locked.
"""

import contextlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from typing import IO

from service.embedded import tied_to_parent
from tests.faults.features import Feature
from tests.faults.files import fill
from tests.faults.ledger import SET
from tests.faults.links import Link
from tests.faults.plans import SITES, Plan
from tests.faults.runs import Run, row
from tests.faults.snapshotter import STEPS
from tests.faults.stores import Postgres
from tests.faults.waits import last, until
from tests.faults.world import ROOT, World

PLAN = Plan()


class Snapshotter:
    """
    Asks a process that is ready for it to take snapshots.
    """

    def __init__(self, world: World) -> None:
        with (world.folder / "snapshotter.log").open("ab") as log:
            self._process = self._start(world, log)

    def _start(self, world: World, log: IO[bytes]) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "tests.faults.snapshotter", str(world.config)],
            env=world._environment({}),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            preexec_fn=tied_to_parent(),  # noqa: PLW1509 - it calls one system call
        )

    def ask(self, line: str) -> str:
        """
        How the child that this line is about ended, or that it stopped.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def close(self) -> None:
        """
        It is gone.
        """
        self._process.kill()
        self._process.communicate()


@contextlib.contextmanager
def _alone(world: World) -> Iterator[Snapshotter]:
    """
    Nobody takes snapshots but the one that is given.
    """
    world.kill_schedulers()
    taker = Snapshotter(world)
    try:
        yield taker
    finally:
        taker.close()


@row("F29", "a snapshot killed at every step, and taken again", 210, 14)
def snapshot_killed(run: Run) -> None:
    """
    Whatever a dead one left, the next one finishes, and another one adds nothing.
    """
    world = run.world(PLAN)
    ends: dict[str, int] = dict.fromkeys(STEPS, 0)
    changed = 0
    with run.under_load(world) as scene, _alone(world) as taker:
        for number in range(run.count):
            step = STEPS[number % len(STEPS)]
            scene.after_acks(run.random.randint(2, 10))
            said = taker.ask(f"{SITES[number % 2]} {step} SIGKILL")
            scene.inject(f"snapshot at {step}: {said}")
            ends[step] += said == "killed 9"
            if run.random.random() < 0.5:
                taker.ask(f"{SITES[number % 2]} never SIGKILL")
        scene.load.finish()
        for site in SITES:
            taker.ask(f"{site} never SIGKILL")
            changed += taker.ask(f"{site} never SIGKILL") != "exit 10"
    run.figure("died at", ends)
    if changed:
        run.breaks("a snapshot with nothing to add changed rows")


@row("F32", "a snapshot stops at a step, another one is taken, the first wakes up", 28, 7)
def snapshot_wakes_up_late(run: Run) -> None:
    """
    What the late one still wants to write is refused or has been done.
    """
    world = run.world(PLAN)
    with run.under_load(world) as scene, _alone(world) as taker:
        for number in range(run.count):
            step = STEPS[number % len(STEPS)]
            site = SITES[number // len(STEPS) % 2]
            scene.after_acks(run.random.randint(4, 10))
            said = taker.ask(f"{site} {step} SIGSTOP")
            scene.inject(f"snapshot at {step}: {said}")
            if not said.startswith("stopped"):
                continue
            # One that holds SQLite's lock keeps the second waiting, so only then there is none.
            if step not in {"moved", "added"}:
                taker.ask(f"{site} never SIGKILL")
                scene.after_acks(2)
                taker.ask(f"{site} never SIGKILL")
            scene.ledger.note_fault(f"woken: {taker.ask(f'wake {said.split()[1]}')}")


@row("F32-schedulers", "two schedulers, one stopped past its lock", 5, 0)
def two_schedulers(run: Run) -> None:
    """
    The leader stands still, its lock goes, the other one leads, the first wakes up.
    """
    world = run.world(PLAN)
    second = world.start_scheduler()
    with run.under_load(world) as scene:
        for number in range(run.count):
            scene.after_acks(40)
            stopped = world.schedulers[0] if number % 2 else second
            scene.inject("SIGSTOP a scheduler", os.kill, stopped.pid, 19)
            with world.store.client() as client:
                for key in client.scan_iter("luot:leader*"):
                    client.delete(key)
            last(1.5)
            os.kill(stopped.pid, 18)
            last(0.5)
    world.kill_schedulers()
    world.start_scheduler()


@row("F27-locked", "SQLite locked by somebody else", 3, 1)
def locked(run: Run) -> None:
    """
    Hits do not notice; snapshots wait and catch up.
    """
    world = run.world(PLAN)
    with run.under_load(world) as scene:
        for _ in range(run.count):
            other = sqlite3.connect(world.data / "luot.sqlite3", isolation_level=None)
            with contextlib.closing(other):
                scene.inject("BEGIN IMMEDIATE", other.execute, "BEGIN IMMEDIATE")
                last(run.random.uniform(1, 3))
                scene.after_acks(20)
                other.execute("ROLLBACK")
            scene.mended()


@row("F27-postgresql", "PostgreSQL stopped, killed and started again", 5, 0)
def postgresql_away(run: Run) -> None:
    """
    Hits do not notice; what was counted meanwhile is added once when it is back.
    """
    with Postgres() as server:
        world = run.world(Plan(database_url=server.url))
        try:
            with run.under_load(world) as scene:
                for number in range(run.count):
                    scene.after_acks(20)
                    scene.inject("SQL is gone", server.stop if number % 2 else server.kill)
                    scene.after_attempts(50)
                    last(1)
                    server.start()
                    scene.mended()
        finally:
            run.worlds.end_last()


@row("F28", "SQL's disk full", 5, 0, Feature.MOUNT)
def sql_disk_full(run: Run) -> None:
    """
    A transaction that finds no room leaves nothing; the next one adds all.
    """
    world = run.world(Plan(small_sql_kib=16_384, small_journal_kib=65_536))
    filler = world.data / "filler"
    with run.under_load(world) as scene:
        for _ in range(run.count):
            scene.after_acks(30)
            scene.inject("disk full", fill, filler)
            scene.after_attempts(80)
            last(1)
            filler.unlink()
            scene.mended()


@row("F30", "COMMIT done, and its reply lost", 20, 3)
def commit_reply_lost(run: Run) -> None:
    """
    PostgreSQL has committed and the scheduler is told nothing.
    """
    with Postgres() as server:
        behind = server.folder / ".s.PGSQL.5432"
        place = server.folder / "link"
        place.mkdir()
        link = Link(place / ".s.PGSQL.5432", behind)
        world = run.world(Plan(database_url=server.url.replace(str(server.folder), str(place))))
        try:
            with run.under_load(world) as scene:
                for _ in range(run.count):
                    scene.after_acks(5)
                    scene.inject("swallow COMMIT", link.swallow, 1, b"COMMIT")
                    until(lambda: not link.still_to_swallow, 30, "a COMMIT's reply was lost")
                link.heal()
            run.figure("replies lost", link.swallowed)
        finally:
            run.worlds.end_last()
            link.close()


#: Fields that no snapshot can read or write, put beside good ones; ``{day}`` is today.
POISON: tuple[tuple[bytes, bytes], ...] = (
    (b"h\t{day}\t3\t/nul\0l", b"1 0 0 0 0 0 0 0"),
    (b"h\t{day}\t3\t/surrogate\xed\xa0\x80", b"1 0 0 0 0 0 0 0"),
    (b"h\t{day}\t3\t/large", b"9223372036854775808 0 0 0 0 0 0 0"),
    (b"h\t{day}\t3\t/few", b"1 2"),
    (b"h\tno-day\t3\t/day", b"1 0 0 0 0 0 0 0"),
    (b"h\t{day}\tx\t/hour", b"1 0 0 0 0 0 0 0"),
    (b"d\t{day}\t/a\tno-dimension\tx", b"1 0 0 0"),
    (b"x\tno-kind", b"1"),
    (b"d\t{day}\t/a", b"1 0 0 0"),
    (b"p\tproducer", b"nine"),
)


@row("F31", "fields in a delta that nobody can read", 60, 10)
def poisoned(run: Run) -> None:
    """
    One bad row never keeps the good ones out of SQL.
    """
    world = run.world(PLAN)
    with run.under_load(world) as scene:
        for number in range(run.count):
            scene.after_acks(3)
            name, value = POISON[number % len(POISON)]
            with world.store.client() as client:
                days = client.hkeys(f"luot:{{{SET}}}:days")
                field = name.replace(b"{day}", str(max(days)).encode())
                key = f"luot:{{{SET}}}:delta"
                scene.inject(f"HSET {field!r}", client.hset, key, field, value)
            if number % 5 == 4:
                last(0.5)
    run.figure(
        "log lines about unreadable fields", world.said("scheduler").count("could not be read")
    )
