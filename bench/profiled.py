"""
The deployed front's configuration with Python's own profiler in each worker.
"""

import cProfile
import os
import runpy
from typing import Any

from bench.homes import CONFIG

globals().update(
    {name: told for name, told in runpy.run_path(str(CONFIG)).items() if not name.startswith("_")}
)

_profile = cProfile.Profile()


def post_worker_init(_worker: Any) -> None:
    """
    What the worker's main thread does from here on is recorded.
    """
    _profile.enable()


def worker_exit(_server: Any, _worker: Any) -> None:
    """
    The record is on disk.
    """
    _profile.disable()
    _profile.dump_stats(os.environ["BENCH_PROFILE"])
