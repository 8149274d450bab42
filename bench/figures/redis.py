"""
What Redis computes for a hit that comes in a batch of twenty, against ``INCR`` by pipeline.

Batches come through the batch door, one after the other, so that each is one call of ``record``.
Time is all that the server process computed in the round: reading the command, the function, the
append-only file. Pages keep their usual dimensions, and readers send four hits on three of 5,000
pages. The pipeline has a hundred ``INCR`` of 5,000 keys in it. Bound: at most 25 µs on a machine on
which ``INCR`` costs 1 to 2 µs; on a faster or slower one, as much less or more.
"""

import random

from bench import traffic
from bench.feeding import feed
from bench.homes import deployed_front, home
from bench.plans import Plan
from bench.rounds import alternate
from bench.rows import Bound, Row, Side, Subject
from tests.servers import Valkey

#: Hits of a round, of the warming before the first, and of a batch.
HITS, WARMING, BATCH = 6_000, 2_000, 20

#: ``INCR`` of a round, and of a pipeline.
INCREMENTS, PIPELINE = 50_000, 100

#: µs that a hit may cost where ``INCR`` costs something between these.
ALLOWED, CHEAP, DEAR = 25.0, 1.0, 2.0


def measure(plan: Plan) -> list[Row]:
    """
    One row.
    """
    count = plan.hits or HITS
    calls: list[float] = []
    with home(plan, "home") as at, deployed_front(at) as front:
        token, hits = at.token("write"), traffic.hits(1)
        feed(front, token, hits, WARMING)

        def ours() -> float:
            before, called = cpu_us(at.store), _called_us(at.store)
            feed(front, token, hits, count, BATCH)
            calls.append((_called_us(at.store) - called) / count)
            return (cpu_us(at.store) - before) / count

        pairs = alternate(plan.rounds, ours, lambda: _increment(at.store))
    return [
        Row(
            "redis",
            "processor time of Redis per hit, in batches of 20",
            "INCR by pipeline",
            "µs",
            Bound(Side.AT_MOST, allowed(pairs.beside.median), Subject.OURS),
            pairs.ours,
            pairs.beside,
            notes=[f"inside the functions {sorted(calls)[len(calls) // 2]:.1f} µs per hit"],
        )
    ]


def allowed(incr: float) -> float:
    """
    µs that a hit may cost on a machine on which ``INCR`` costs so many.
    """
    return ALLOWED * incr / min(max(incr, CHEAP), DEAR)


def cpu_us(store: Valkey) -> float:
    """
    µs that the store has computed so far.
    """
    with store.client as client:
        told = client.info("cpu")
    return (float(told["used_cpu_user"]) + float(told["used_cpu_sys"])) * 1e6


def _called_us(store: Valkey) -> float:
    with store.client as client:
        told = client.info("commandstats")
    return sum(float(row["usec"]) for name, row in told.items() if name.startswith("cmdstat_fcall"))


def _increment(store: Valkey) -> float:
    chance = random.Random(7)
    before = cpu_us(store)
    with store.client as client:
        for _ in range(INCREMENTS // PIPELINE):
            with client.pipeline(transaction=False) as pipeline:
                for _ in range(PIPELINE):
                    pipeline.incr(f"beside:{chance.randrange(traffic.PAGES)}")
                pipeline.execute()
    return (cpu_us(store) - before) / INCREMENTS
