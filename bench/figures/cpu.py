"""
Processor time of the front per hit, against an empty answer of the same kind of server.

Time is what the worker processes computed during a round, in their own code and in the kernel's,
divided by the requests they answered; the store's time is not in it. The empty server has the same
gunicorn configuration, worker class and load, and answers 204 at once. Bound: at most 5 times.
"""

from bench.figures.hits import WARMING
from bench.homes import Front, deployed_front, empty_front, home
from bench.load import press
from bench.plans import Plan
from bench.processes import cpu_seconds
from bench.rounds import alternate
from bench.rows import Bound, Row, Side


def measure(plan: Plan) -> list[Row]:
    """
    One row.
    """
    with home(plan, "home") as at, deployed_front(at) as ours, empty_front(at) as beside:
        for front in (ours, beside):
            press(front.base, "hits", plan.folder, WARMING, plan.connections)
        pairs = alternate(plan.rounds, lambda: _cost(plan, ours), lambda: _cost(plan, beside))
    return [
        Row(
            "cpu",
            "processor time of the front per hit",
            "empty answer of the same server",
            "µs",
            Bound(Side.AT_MOST, 5),
            pairs.ours,
            pairs.beside,
        )
    ]


def _cost(plan: Plan, front: Front) -> float:
    workers = front.workers()
    before = cpu_seconds(workers)
    load = press(front.base, "hits", plan.folder, plan.seconds, plan.connections)
    return (cpu_seconds(workers) - before) / load.requests * 1e6
