"""
Whether nearly all hits of an hour come from one private address, as behind an undeclared proxy.

One worker's tally is enough: a proxy that is not declared stands in front of all of them. Only
private addresses are counted one by one, so it costs a look-up where there is no such proxy.
"""

import threading

from service.clock import Clock
from service.intake.addresses import is_private

#: Milliseconds that are judged together.
HOUR_MS = 3_600_000

#: Fewer hits than this in an hour tell nothing.
FEWEST = 10

#: An hour that is not over is judged at each of so many hits.
EVERY = 100

#: Private addresses that are counted; a network behind one proxy shows one.
LARGEST = 256


class Crowd:
    """
    The hits of this hour, all of them and those of each private address. Safe for threads.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._hour = clock.now_ms() // HOUR_MS
        self._hits = 0
        self._private: dict[str, int] = {}

    def note(self, address: str | None) -> bool | None:
        """
        One more hit; ``None``, or, when it is time to say, whether one address has nine of ten.

        No address, as behind a Unix socket, is one as well.
        """
        with self._lock:
            hour, verdict = self._clock.now_ms() // HOUR_MS, None
            if hour != self._hour:
                verdict = self._judged() if self._hits >= FEWEST else None
                self._hour, self._hits, self._private = hour, 0, {}
            self._hits += 1
            if is_private(address):
                name = address or ""
                if name in self._private or len(self._private) < LARGEST:
                    self._private[name] = self._private.get(name, 0) + 1
            return self._judged() if self._hits % EVERY == 0 else verdict

    def _judged(self) -> bool:
        return 10 * max(self._private.values(), default=0) >= 9 * self._hits
