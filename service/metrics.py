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
journal_seconds = Histogram(
    "luot_journal_seconds",
    "Time until a batch was on disk.",
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
journal_bytes = Gauge(
    "luot_journal_bytes", "Bytes of all journals of this host.", multiprocess_mode="mostrecent"
)
batch_size = Histogram(
    "luot_batch_items", "Items in a batch.", buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500)
)
derived_salts = Counter(
    "luot_derived_salts", "Salts that were derived because Redis was away.", ["site"]
)
lost_numbers = Gauge(
    "luot_lost_numbers",
    "Numbers of a site that Redis has less of than SQL.",
    ["site"],
    multiprocess_mode="mostrecent",
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
