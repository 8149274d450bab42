"""
Counting what happens thousands of times a second, so that it costs next to nothing.

A metric that many processes share lies in shared memory behind a lock, and looking it up under its
labels costs more than all of the counting. So what happened is put on a pile, and the pile is
cleared away once a second, before somebody looks, and when the process ends.
"""

import time
from bisect import bisect_left
from collections import Counter as Counted
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from prometheus_client import Counter, Histogram

_T = TypeVar("_T")

#: Entries of a pile that nobody clears away before its own.
LARGEST = 10_000


class Place:
    """
    A counter under its labels.
    """

    __slots__ = ("_labels", "_tally")

    def __init__(self, tally: "Tally", labels: tuple[str, ...]) -> None:
        self._tally = tally
        self._labels = labels

    def inc(self) -> None:
        """
        It has happened once more.
        """
        self._tally.note(self._labels)


class Tally:
    """
    A counter; its numbers are the metric's after ``flush``. Safe for threads.
    """

    def __init__(self, counter: Counter) -> None:
        self.counter = counter
        self._pile: deque[tuple[str, ...]] = deque()
        self._places: dict[tuple[str, ...], Place] = {}

    def labels(self, *labels: str) -> Place:
        """
        The counter under these labels.
        """
        found = self._places.get(labels)
        if found is None:
            found = self._places[labels] = Place(self, tuple(map(str, labels)))
        return found

    def note(self, labels: tuple[str, ...]) -> None:
        """
        It has happened once more under these labels.
        """
        # Both ends of a deque may be used by several threads at once.
        self._pile.append(labels)
        if len(self._pile) > LARGEST:
            self.flush()

    def flush(self) -> None:
        """
        The metric has all that was noted before.
        """
        for labels, many in Counted(_taken(self._pile)).items():
            self.counter.labels(*labels).inc(many)


class Bins:
    """
    A histogram; its numbers are the metric's after ``flush``. Safe for threads.
    """

    def __init__(self, histogram: Histogram) -> None:
        self.histogram = histogram
        self._pile: deque[tuple[tuple[str, ...], float]] = deque()

    def observe(self, value: float, *labels: str) -> None:
        """
        One more value.
        """
        self._pile.append((labels, value))
        if len(self._pile) > LARGEST:
            self.flush()

    @contextmanager
    def time(self, *labels: str) -> Iterator[None]:
        """
        The seconds that the block takes are one more value, however it ends.
        """
        began = time.perf_counter()
        try:
            yield
        finally:
            self.observe(time.perf_counter() - began, *labels)

    def flush(self) -> None:
        """
        The metric has all that was observed before.
        """
        found: dict[tuple[str, ...], list[float]] = {}
        for labels, value in _taken(self._pile):
            found.setdefault(labels, []).append(value)
        for labels, values in found.items():
            self._add(labels, values)

    def _add(self, labels: tuple[str, ...], values: list[float]) -> None:
        histogram = self.histogram.labels(*labels) if labels else self.histogram
        bounds, buckets = histogram._upper_bounds, histogram._buckets  # noqa: SLF001 - the client library adds one value at a time only
        histogram._sum.inc(sum(values))  # noqa: SLF001 - as above
        for place, many in Counted(bisect_left(bounds, value) for value in values).items():
            buckets[place].inc(many)


def _taken(pile: "deque[_T]") -> "Iterator[_T]":
    """
    What was on a pile when it was first asked for; what comes meanwhile stays.
    """
    for _ in range(len(pile)):
        try:
            yield pile.popleft()
        except IndexError:
            # Another thread clears it away, too.
            return
