"""
The figures, one module each; its docstring says what is compared with what, and the bound.
"""

from collections.abc import Callable

from bench.figures import (
    busy,
    counters,
    cpu,
    hits,
    journal,
    live,
    memory,
    p99,
    paths,
    redis,
    reports,
    rss,
    snapshot,
)
from bench.plans import Plan
from bench.rows import Row

#: Each figure by its name on the command line, in the order in which they are measured.
FIGURES: dict[str, Callable[[Plan], list[Row]]] = {
    "hits": hits.measure,
    "cpu": cpu.measure,
    "p99": p99.measure,
    "redis": redis.measure,
    "memory": memory.measure,
    "busy": busy.measure,
    "snapshot": snapshot.measure,
    "reports": reports.measure,
    "counters": counters.measure,
    "live": live.measure,
    "rss": rss.measure,
    "journal": journal.measure,
    "paths": paths.measure,
}
