"""
``/counters`` with twenty pages, against hits per second of the same front.

Each request asks for twenty pages of 5,000 by chance, so hardly any answer is asked for twice; what
can be shown again are the numbers of single pages. Bound: at least 2 times.
"""

from bench import traffic
from bench.feeding import feed
from bench.homes import deployed_front, home
from bench.load import press
from bench.plans import Plan
from bench.rounds import alternate
from bench.rows import Bound, Row, Side

#: Hits that were counted before, so that pages have numbers.
HITS = 10_000


def measure(plan: Plan) -> list[Row]:
    """
    One row.
    """
    with home(plan, "home") as at, deployed_front(at) as front:
        feed(front, at.token("write"), traffic.hits(2), HITS)

        def rate(script: str) -> float:
            return press(front.base, script, plan.folder, plan.seconds, plan.connections).rate

        pairs = alternate(plan.rounds, lambda: rate("counters"), lambda: rate("hits"))
    return [
        Row(
            "counters",
            "/counters with 20 pages",
            "hits of the same front",
            "1/s",
            Bound(Side.AT_LEAST, 2),
            pairs.ours,
            pairs.beside,
        )
    ]
