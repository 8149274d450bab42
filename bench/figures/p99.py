"""
How long the slowest of a hundred hits wait at half the highest rate, against an empty answer.

The highest rate is what wrk got out of the front just before, a median of three runs. Then requests
come at half of it, on a schedule that does not wait for answers, and each wait is counted from the
moment when the request was due. The empty server gets the same requests at the same rate.
Bound: at most 4 times.
"""

from statistics import median

from bench.figures.hits import WARMING
from bench.homes import Front, deployed_front, empty_front, home
from bench.load import LoadError, press
from bench.pacing import Pace, Paced, finish, start
from bench.plans import Plan
from bench.rounds import alternate
from bench.rows import Bound, Row, Side
from bench.samples import percentile

#: Runs of wrk that find the highest rate.
SEARCHES = 3

#: Requests in a thousand that may go unanswered or be refused.
TOLERATED = 2


def measure(plan: Plan) -> list[Row]:
    """
    One row.
    """
    with home(plan, "home") as at, deployed_front(at) as ours, empty_front(at) as beside:
        highest = highest_rate(plan, ours)
        seeds = iter(range(1, 1_000))

        def wait(front: Front) -> float:
            paced = finish(start(_pace(plan, front, highest / 2, next(seeds))))
            return percentile(checked(paced).waits, 0.99) / 1e6

        pairs = alternate(plan.rounds, lambda: wait(ours), lambda: wait(beside))
    return [
        Row(
            "p99",
            "p99 of /hit at half the highest rate",
            "p99 of the empty answer at that rate",
            "ms",
            Bound(Side.AT_MOST, 4),
            pairs.ours,
            pairs.beside,
            notes=[f"highest rate {highest:,.0f} hits/s"],
        )
    ]


def highest_rate(plan: Plan, front: Front) -> float:
    """
    Hits per second at which the front is busy all the time.
    """
    press(front.base, "hits", plan.folder, WARMING, plan.connections)
    tries = (
        press(front.base, "hits", plan.folder, plan.seconds, plan.connections)
        for _ in range(SEARCHES)
    )
    return median(load.rate for load in tries)


def checked(paced: Paced) -> Paced:
    """
    A run of which enough was answered.

    :raises LoadError: too many requests were refused, or not answered
    """
    if paced.bad * 1000 > TOLERATED * len(paced.answers):
        raise LoadError(f"{paced.bad} requests of {len(paced.answers)} had no good answer")
    return paced


def _pace(plan: Plan, front: Front, rate: float, seed: int) -> Pace:
    return Pace(front.port, rate, plan.seconds, plan.connections, seed)
