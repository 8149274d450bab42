"""
Answers that are made anew at most every few seconds, however many ask for them.

What cannot be made anew is shown as it was, and said to be stale. The shelf is short, so that
nobody fills a process by asking for pages that are not there.
"""

from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

from service.clock import Clock
from service.errors import LuotError

#: How long an answer stands before it is made anew, in ms.
SHOWN_MS = 5_000

#: Answers that are held.
LARGEST = 500

T = TypeVar("T")


class Shelf(Generic[T]):
    """
    The last answers, by what was asked. Safe for threads.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._known: dict[Hashable, tuple[int, T]] = {}

    def of(self, asked: Hashable, make: Callable[[], T]) -> tuple[T, bool]:
        """
        The answer to a question, and whether it is an old one that could not be made anew.

        :raises LuotError: it cannot be made, and there is no old one
        """
        now = self._clock.now_ms()
        known = self._known.get(asked)
        if known is not None and 0 <= now - known[0] < SHOWN_MS:
            return known[1], False
        try:
            made = make()
        except LuotError:
            if known is None:
                raise
            return known[1], True
        with self._lock:
            if len(self._known) >= LARGEST and asked not in self._known:
                self._known.clear()
            self._known[asked] = now, made
        return made, False
