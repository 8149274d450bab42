"""
Numbers for Prometheus about the service itself; what pages count is no metric.

Every label has a bound: sites are those of the settings, all others are closed sets.
"""

from functools import lru_cache

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, values
from prometheus_client import generate_latest as _text
from prometheus_client.multiprocess import MultiProcessCollector

hits = Counter("luot_hits", "Well-formed hits by what became of them.", ["site", "door", "result"])
filtered = Counter(
    "luot_filtered", "Requests that count in none of the numbers.", ["site", "reason"]
)
rejected = Counter("luot_rejected", "Requests and items that were refused.", ["door", "reason"])
truncated = Counter("luot_truncated", "Parts of hits that were too long and were cut.", ["field"])
unsettled = Counter(
    "luot_unsettled", "Filtered requests that Redis was not there to note.", ["site"]
)
record_seconds = Histogram(
    "luot_record_seconds",
    "Time until Redis had counted a batch.",
    ["site"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
job_success = Gauge(
    "luot_job_last_success_timestamp_seconds",
    "When a job last did all it had to do.",
    ["job"],
    multiprocess_mode="mostrecent",
)
job_failures = Counter("luot_job_failures", "Runs of a job that did not.", ["job"])
snapshot_rows = Counter("luot_snapshot_rows", "Rows that snapshots added to SQL.", ["site"])


@lru_cache(maxsize=4096)
def hits_of(site: str, door: str, result: str) -> Counter:
    """
    The counter ``hits`` under these labels, whose lookup costs more than counting.
    """
    return hits.labels(site, door, result)


def exposition() -> bytes:
    """
    All metrics of all processes in the text format of Prometheus.
    """
    if values.ValueClass is values.MutexValue:
        return _text(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return _text(registry)
