"""
The largest size of the journals on the fourth day of traffic, against the third.

Days pass through the clock file that every process reads. Every three hours of them readers come,
the jobs run, and the size of the folder is taken. A record may go when SQL has it and the site-days
in it are closed, a day after their end, so the folder grows for two days and then has to stay.
Bound: at most 1.2 times.
"""

import time
from contextlib import closing
from pathlib import Path

from bench import traffic
from bench.feeding import feed
from bench.homes import Front, Home, eager_front, home
from bench.plans import Plan
from bench.processes import folder_bytes
from bench.rows import Bound, Row, Side
from bench.samples import Sample
from service.clock import ShiftedClock
from service.configuration import load
from service.jobs.table import jobs, run_job
from service.runtime import Runtime

#: Hours between two looks, and days that pass.
STEP, DAYS = 3, 4

#: Hits of each step.
HITS = 300

#: Jobs in the order in which a scheduler would come to them.
JOBS = ("snapshot", "salts", "close_days", "tidy")

#: Seconds that owners of journals have, after each step, to see what they need no more.
LOOKING = 0.7

ALLOWED = 1.2

_BOUND = Bound(Side.AT_MOST, ALLOWED)
_WHAT = "largest size of the journals on the fourth day"
_AGAINST = "on the third day"


def measure(plan: Plan) -> list[Row]:
    """
    One row.
    """
    clock = plan.folder / "clock"
    clock.write_text("0", encoding="ascii")
    with home(plan, "home", workers=1) as at:
        at.environment["LUOT_TEST_CLOCK"] = str(clock)
        with eager_front(at) as front:
            sizes = _pass_days(at, front, clock)
    if not any(sizes):
        missing = "not there: no journal was written"
        return [Row("journal", _WHAT, _AGAINST, "KiB", _BOUND, missing=missing)]
    steps = 24 // STEP
    days = [max(sizes[first : first + steps]) / 1024 for first in range(0, len(sizes), steps)]
    told = ", ".join(f"{size:,.0f} KiB" for size in days)
    return [
        Row(
            "journal",
            _WHAT,
            _AGAINST,
            "KiB",
            _BOUND,
            Sample.of(days[-1:]),
            Sample.of(days[-2:-1]),
            notes=[f"{len(sizes) * HITS:,} hits; largest on each day: {told}"],
        )
    ]


def _pass_days(at: Home, front: Front, clock: Path) -> list[int]:
    """
    The size of the folder after each step.
    """
    sizes, hits, token = [], traffic.hits(5), at.token("write")
    table = {job.name: job for job in jobs(60)}
    with closing(Runtime(load(at.config), ShiftedClock(clock))) as runtime:
        for step in range(DAYS * 24 // STEP):
            clock.write_text(str(step * STEP * 3_600), encoding="ascii")
            feed(front, token, hits, HITS)
            for name in JOBS:
                run_job(table[name], runtime)
            time.sleep(LOOKING)
            sizes.append(folder_bytes(at.data / "journal"))
    return sizes
