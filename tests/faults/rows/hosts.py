"""
What a host does to the processes on it: clocks that jump, crowds, limits, files of metrics.
"""

import random
import resource
import signal
from pathlib import Path

from tests.faults.load import Manner
from tests.faults.plans import Plan
from tests.faults.processes import send
from tests.faults.runs import Run, row
from tests.faults.waits import last
from tests.faults.world import World

#: Seconds by which clocks are wrong: an hour ahead, an hour behind, ten years ahead.
JUMPS = (3_600.0, -3_600.0, 10 * 365.25 * 86_400)

#: Files that a worker may have open when it may have no more.
FEW_FILES = 24


@row("F33", "clocks of web and scheduler jump, and come back", 6, 3)
def clocks_jump(run: Run) -> None:
    """
    Hits go on under a clock that is wrong for a while; nothing is forgotten too early for that.
    """
    world = run.world(Plan(shifted=True))
    with run.under_load(world, Manner(pace=0.04)) as scene:
        for number in range(run.count):
            jump = JUMPS[number % len(JUMPS)]
            scene.after_acks(run.random.randint(10, 40))
            scene.inject(f"clock {jump:+.0f} s", world.shift_clock, jump)
            last(run.random.uniform(1.5, 3))
            world.shift_clock(0)
            scene.mended()
            last(1)
    run.worlds.end_last()


@row("F40", "ten times the readers for a while", 6, 1)
def spike(run: Run) -> None:
    """
    Eighty clients that never pause.
    """
    world = run.world(Plan())
    with run.under_load(world, Manner(clients=80, pace=0.0)) as scene:
        for _ in range(run.count):
            scene.inject("eighty clients at once")
            last(3)


@row("F42", "workers that may open no more files, and end", 6, 2)
def few_files(run: Run) -> None:
    """
    Connections are refused for a while; a worker that is replaced under the limit comes up.
    """
    world = run.world(Plan())
    with run.under_load(world, Manner(clients=32, keeps_alive=False)) as scene:
        for number in range(run.count):
            scene.after_acks(run.random.randint(10, 40))
            limited = world.workers()
            before = [_limit(worker, FEW_FILES) for worker in limited]
            scene.inject(f"{FEW_FILES} files for each worker")
            last(run.random.uniform(1, 2))
            if number % 2:
                send(limited[0], signal.SIGKILL)
            for worker, files in zip(limited, before, strict=True):
                _limit(worker, files)
            scene.mended()


def _limit(worker: int, files: int) -> int:
    """
    The worker may open so many files; returns how many it might before.
    """
    try:
        soft, hard = resource.prlimit(worker, resource.RLIMIT_NOFILE)
        resource.prlimit(worker, resource.RLIMIT_NOFILE, (files, hard))
    except ProcessLookupError:
        return files
    return soft


@row("F43", "files of metrics cut, filled with rubbish, and not writable", 9, 3)
def metrics_broken(run: Run) -> None:
    """
    Hits are counted whatever becomes of metrics, also by a worker that starts among the rubbish.
    """
    world = run.world(Plan())
    with run.under_load(world) as scene:
        for number in range(run.count):
            scene.after_acks(run.random.randint(10, 40))
            scene.inject("metrics broken", _break_metrics, world, number, run.random)
            send(run.random.choice(world.workers()), signal.SIGTERM)
            last(run.random.uniform(0.5, 1.5))
            scene.mended()
    run.worlds.end_last()


def _break_metrics(world: World, number: int, chance: random.Random) -> None:
    files = sorted(_metrics_of(world).glob("*.db"))
    if not files:
        return
    file = chance.choice(files)
    if number % 3 == 0:
        # Cutting a file that a process has mapped would end the process, as any full disk might.
        copy = file.with_name(f"{file.stem}x.db")
        copy.write_bytes(file.read_bytes()[:100])
    elif number % 3 == 1:
        file.with_name(f"rubbish_{number}.db").write_bytes(chance.randbytes(4_096))
    else:
        file.with_name(f"counter_rubbish{number}.db").mkdir(exist_ok=True)


def _metrics_of(world: World) -> Path:
    return world.data / "metrics"
