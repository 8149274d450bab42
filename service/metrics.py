"""
Numbers for Prometheus about the service itself, and how they are told.

Every label has a bound: sites are those of the settings, all others are closed sets. What Redis and
SQL know is not kept here but asked for when somebody looks; see ``reporting.scraped``.
"""

import atexit
import logging
import os
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, values
from prometheus_client import disable_created_metrics as _tell_no_births
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from service.slots import FOLDER, forget_passing, keep_in_slots
from service.tallies import Bins, Place, Tally

log = logging.getLogger(__name__)

keep_in_slots()
_tell_no_births()  # type: ignore[no-untyped-call]


class _Flusher(Collector):
    """
    Clears the piles away before anything else of this process is collected.
    """

    def describe(self) -> Iterable[Metric]:
        """
        It has no metric of its own.
        """
        return ()

    def collect(self) -> Iterable[Metric]:
        """
        The other collectors have everything afterwards.
        """
        flush()
        return ()


REGISTRY.register(_Flusher())

#: Bounds of what takes from half a millisecond to seconds.
_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)

hits = Tally(
    Counter("luot_hits", "Well-formed hits by what became of them.", ["site", "door", "result"])
)
filtered = Tally(
    Counter("luot_filtered", "Requests that count in none of the numbers.", ["site", "reason"])
)
rejected = Tally(
    Counter("luot_rejected", "Requests and items that were refused.", ["door", "reason"])
)
truncated = Tally(
    Counter("luot_truncated", "Parts of hits that were too long and were cut.", ["field"])
)
reads = Tally(
    Counter("luot_reads", "Questions for numbers, by the door that they came to.", ["door"])
)
unsettled = Tally(
    Counter("luot_unsettled", "Filtered requests that Redis was not there to note.", ["site"])
)
journal_seconds = Bins(
    Histogram("luot_journal_seconds", "Time until a batch was on disk.", buckets=_SECONDS)
)
function_seconds = Bins(
    Histogram(
        "luot_function_seconds",
        "Time until Redis had answered a function.",
        ["function"],
        buckets=_SECONDS,
    )
)
batch_size = Bins(
    Histogram("luot_batch_items", "Items in a batch.", buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500))
)
journal_bytes = Gauge(
    "luot_journal_bytes", "Bytes of all journals of this host.", multiprocess_mode="mostrecent"
)
waiting_batches = Gauge(
    "luot_waiting_batches",
    "Batches in journals that Redis has not yet.",
    ["site"],
    multiprocess_mode="livesum",
)
replayed = Counter(
    "luot_replayed_hits", "Hits that were sent out of a journal and not at once.", ["site"]
)
derived_salts = Counter(
    "luot_derived_salts", "Salts that were derived because Redis was away.", ["site"]
)

#: What is put on piles first.
PILES: Sequence[Tally | Bins] = (
    *(hits, filtered, rejected, truncated, reads, unsettled),
    *(journal_seconds, function_seconds, batch_size),
)


#: Doors that take hits, and are told of in ``hits``.
_COUNTING_DOORS = frozenset({"hit", "pixel", "batch"})


@lru_cache(maxsize=4096)
def hits_of(site: str, door: str, result: str) -> Place:
    """
    The counter ``hits`` under these labels.
    """
    return hits.labels(site, door, result)


def asked_for(door: str) -> None:
    """
    Somebody asks for numbers at this door; nothing is noted for doors that count.
    """
    if door not in _COUNTING_DOORS:
        reads.labels(door).inc()


def forget_ended() -> None:
    """
    The gauges of processes that ended are gone.
    """
    folder = os.environ.get(FOLDER)
    if folder:
        forget_passing(Path(folder))


def flush() -> None:
    """
    What this process has noted is in its metrics; called once a second and when it ends.
    """
    for pile in PILES:
        try:
            pile.flush()
        except (OSError, ValueError) as error:
            # A file of metrics that is broken must not stop anybody from counting hits.
            log.warning("metrics were not kept", extra={"why": str(error)})


atexit.register(flush)


def exposition(accept: str = "", *more: Collector) -> tuple[bytes, str]:
    """
    All metrics of all processes, and the type of the text: OpenMetrics for whoever takes it.

    :param accept: what the asker takes, as the header says it
    :param more: collectors of what is asked for now
    """
    flush()
    encode, content_type = choose_encoder(accept)
    registry = CollectorRegistry()
    if values.ValueClass is values.MutexValue:
        registry.register(REGISTRY)
    else:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    for collector in more:
        registry.register(collector)
    return encode(registry), content_type
