"""
Where a worker's processor time goes, while hits come as fast as they are answered.

py-spy looks from outside at who holds the interpreter, some hundred times a second. It
is taken from PATH, else from PyPI into the report's folder. Where neither works the worker is
started with Python's own profiler around its main thread, which is all of an asynchronous front.
"""

import os
import pstats
import shutil
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path

from bench.homes import Front, Home, deployed_front, flask_front, home, profiled_front
from bench.load import press
from bench.plans import Plan

#: Seconds of load before and beside the profile.
WARMING, MARGIN = 2, 2

#: Samples a second, and lines that are shown.
RATE, LINES = 200, 40


def show(plan: Plan, out: Path, front: str) -> None:
    """
    Prints where the time goes; what was recorded stands in the folder of the report.
    """
    spy = _py_spy(out)
    start = flask_front if front == "flask" else deployed_front
    with home(plan, "home", workers=1) as at:
        if spy:
            with start(at) as running:
                press(running.base, "hits", plan.folder, WARMING, plan.connections)
                told = _spied(spy, plan, running, out / f"profile-{front}.folded")
        else:
            told = _profiled(plan, at, out / f"profile-{front}.pstats")
    sys.stdout.write(told)


def _py_spy(out: Path) -> str | None:
    found = shutil.which("py-spy") or shutil.which("py-spy", path=str(out / "tools" / "bin"))
    if found:
        return found
    told = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(out / "tools")]
    with suppress(OSError, subprocess.SubprocessError):
        subprocess.run([*told, "py-spy"], check=True, timeout=120, stderr=subprocess.DEVNULL)
    return shutil.which("py-spy", path=str(out / "tools" / "bin"))


def _spied(spy: str, plan: Plan, front: Front, folded: Path) -> str:
    watching = subprocess.Popen(
        [
            *(
                spy,
                "record",
                "--gil",
                "--format",
                "raw",
                "--rate",
                str(RATE),
                "--output",
                str(folded),
            ),
            *("--duration", str(round(plan.seconds)), "--pid", str(front.workers()[0])),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    load = press(front.base, "hits", plan.folder, plan.seconds + MARGIN, plan.connections)
    watching.wait(60)
    told = hot(folded.read_text(encoding="utf-8").splitlines())
    return f"{load.rate:,.0f} hits/s; stacks in {folded}\n\n{told}"


def hot(stacks: list[str]) -> str:
    """
    The functions of folded stacks with most time of their own, and with most time in all.
    """
    own: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    for stack in stacks:
        names, _, count = stack.rpartition(" ")
        frames = names.split(";")
        own[frames[-1]] += int(count)
        for frame in set(frames):
            whole[frame] += int(count)
    total = max(1, own.total())
    lines = []
    for title, found in (("of its own", own), ("with all it calls", whole)):
        lines += [f"time {title}:"]
        lines += [f"{n * 100 / total:6.1f} %  {name}" for name, n in found.most_common(LINES)]
        lines += [""]
    return "\n".join(lines) + "\n"


def _profiled(plan: Plan, at: Home, file: Path) -> str:
    at.environment["BENCH_PROFILE"] = str(file.absolute())
    at.environment["BENCH_PROFILE_SECONDS"] = str(plan.seconds + MARGIN)
    with profiled_front(at) as front:
        seconds = plan.seconds + 2 * MARGIN
        load = press(front.base, "hits", plan.folder, seconds, plan.connections)
    with (file.with_suffix(".txt")).open("w", encoding="utf-8") as written:
        stats = pstats.Stats(str(file), stream=written)
        stats.sort_stats("tottime").print_stats(LINES)
        stats.sort_stats("cumulative").print_stats(LINES)
    told = file.with_suffix(".txt").read_text(encoding="utf-8")
    return f"{load.rate:,.0f} hits/s under the profiler{os.linesep}{told}"
