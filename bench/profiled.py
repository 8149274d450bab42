"""
The deployed front's configuration with Python's own profiler in each worker.
"""

import cProfile
import os
import runpy
import signal
from types import FrameType
from typing import Any

from bench.homes import CONFIG

globals().update(
    {name: told for name, told in runpy.run_path(str(CONFIG)).items() if not name.startswith("_")}
)

_profile = cProfile.Profile()


def post_worker_init(_worker: Any) -> None:
    """
    What the worker's main thread does from here on is recorded, for the seconds that are wanted.
    """
    # Not when it exits: an asynchronous worker ends by the signal that stopped it.
    signal.signal(signal.SIGALRM, _write)
    signal.setitimer(signal.ITIMER_REAL, float(os.environ["BENCH_PROFILE_SECONDS"]))
    _profile.enable()


def _write(_signal: int, _frame: FrameType | None) -> None:
    _profile.disable()
    _profile.dump_stats(os.environ["BENCH_PROFILE"])
