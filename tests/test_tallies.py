"""
Piles: what is put on them by many threads at once stands in the metric once.
"""

import threading

from prometheus_client import CollectorRegistry, Counter, Histogram

from service import tallies
from service.tallies import Bins, Tally


def test_nothing_that_threads_note_at_once_is_lost_or_doubled() -> None:
    registry = CollectorRegistry()
    tally = Tally(Counter("x", "X.", ["kind"], registry=registry))
    place = tally.labels("a")

    def note() -> None:
        for number in range(5_000):
            place.inc()
            if number % 100 == 0:
                tally.flush()

    threads = [threading.Thread(target=note) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tally.flush()

    assert 20_000 == registry.get_sample_value("x_total", {"kind": "a"})


def test_a_pile_that_nobody_clears_away_clears_itself() -> None:
    tally = Tally(Counter("y", "Y.", ["kind"], registry=CollectorRegistry()))
    for _ in range(3 * tallies.LARGEST):
        tally.labels("a").inc()

    assert len(tally._pile) <= tallies.LARGEST


def test_a_histogram_has_what_it_would_have_had_value_by_value() -> None:
    registry, other = CollectorRegistry(), CollectorRegistry()
    plain = Histogram("z", "Z.", buckets=(1, 2, 5), registry=registry)
    bins = Bins(Histogram("z", "Z.", buckets=(1, 2, 5), registry=other))
    for value in (0.5, 1, 1.5, 5, 7, 2):
        plain.observe(value)
        bins.observe(value)
    bins.flush()

    def samples(found: CollectorRegistry) -> list[tuple[str, str, float]]:
        return [
            (sample.name, sample.labels.get("le", ""), sample.value)
            for family in found.collect()
            for sample in family.samples
            if not sample.name.endswith("_created")
        ]

    assert samples(registry) == samples(other)
