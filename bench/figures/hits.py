"""
Hits per second that were counted and kept: the deployed front against the plain Flask front.

Both have two workers, the same settings, a store and a database of their own and the same load;
the Flask front runs under gunicorn's threads, four in each worker. After each round the site's own
number of views has to have grown by as many as were answered. Bound: at least 3 times.
"""

from bench.feeding import views, wait_for
from bench.homes import Front, deployed_front, flask_front, home
from bench.load import press
from bench.plans import Plan
from bench.rounds import alternate
from bench.rows import Bound, Row, Side

#: Seconds of load before the first round.
WARMING = 1


def measure(plan: Plan) -> list[Row]:
    """
    One row.
    """
    with (
        home(plan, "deployed") as first,
        home(plan, "flask") as second,
        deployed_front(first) as ours,
        flask_front(second) as beside,
    ):
        for front in (ours, beside):
            press(front.base, "hits", plan.folder, WARMING, plan.connections)
        pairs = alternate(
            plan.rounds, lambda: counted_rate(plan, ours), lambda: counted_rate(plan, beside)
        )
    return [
        Row(
            "hits",
            "hits counted and kept, 2 workers",
            "plain Flask front, 2 workers with 4 threads",
            "hits/s",
            Bound(Side.AT_LEAST, 3),
            pairs.ours,
            pairs.beside,
        )
    ]


def counted_rate(plan: Plan, front: Front) -> float:
    """
    Hits per second that a front answered, each of which is in the site's number.

    Hits that were kept, and had to wait until they were counted, make the round longer.
    :raises LoadError: fewer were counted than answered
    """
    before = views(front)
    load = press(front.base, "hits", plan.folder, plan.seconds, plan.connections)
    waited = wait_for(front, before + load.requests)
    return load.requests / (load.seconds + waited)
