"""
Memory of a worker over many hits: what it holds at the end, against after the first fifth.

The first fifth fills what is kept on purpose: patterns, a browser's name, a country's table.
Beside it the plain Flask front gets as many hits. Each has one worker, and each round fresh ones.
Bound: at the end at most 1.1 times as much. The long form is ``--hits 1000000``.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager

from bench.homes import Front, Home, deployed_front, flask_front, home
from bench.load import press
from bench.plans import Plan
from bench.processes import rss_bytes
from bench.rows import Bound, Row, Side
from bench.samples import Sample

#: Hits of the short form.
HITS = 20_000

#: Parts into which they are cut; memory is looked at after each.
PARTS = 10

#: The part after which memory is to stay as it is.
SETTLED = 2

ALLOWED = 1.1


def measure(plan: Plan) -> list[Row]:
    """
    A row for each front.
    """
    hits = plan.hits or HITS
    return [
        _row(plan, hits, "deployed front", deployed_front),
        _row(plan, hits, "plain Flask front", flask_front),
    ]


def _row(
    plan: Plan,
    hits: int,
    name: str,
    start: Callable[[Home], AbstractContextManager[Front]],
) -> Row:
    seen: list[int] = []
    with home(plan, name.split(maxsplit=1)[0], workers=1) as at, start(at) as front:
        worker = front.workers()[0]
        sent = 0
        for part in range(1, PARTS + 1):
            while sent < hits * part / PARTS:
                sent += press(front.base, "hits", plan.folder, 1, plan.connections).requests
            seen.append(rss_bytes(worker))
    told = ", ".join(f"{size / 2**20:.0f}" for size in seen)
    return Row(
        "rss",
        f"memory of a worker of the {name} after {hits:,} hits",
        "after the first fifth of them",
        "MiB",
        Bound(Side.AT_MOST, ALLOWED),
        Sample.of([seen[-1] / 2**20]),
        Sample.of([seen[SETTLED - 1] / 2**20]),
        notes=[f"{sent:,} hits in all; MiB after each tenth: {told}"],
    )
