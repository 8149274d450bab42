"""
How many requests one address may send: a bucket for each, kept in this process only.
"""

import threading
from collections import OrderedDict

from service.clock import Clock
from service.intake.addresses import is_private

#: Addresses that are remembered; the one that was quiet for longest is forgotten first.
REMEMBERED = 50_000


class Rates:
    """
    Buckets that fill by so many requests a second and hold a burst.
    """

    def __init__(self, clock: Clock, per_second: int, burst: int) -> None:
        self._clock = clock
        self._per_ms = per_second / 1000
        self._burst = burst
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def allow(self, address: str | None) -> bool:
        """
        Whether this request is within the rate; if so it is taken off the bucket.

        Private addresses have no rate: behind a proxy that is not declared, they are everybody.
        """
        if self._per_ms == 0 or address is None or is_private(address):
            return True
        now = self._clock.now_ms()
        with self._lock:
            left, then = self._buckets.pop(address, (float(self._burst), now))
            left = min(left + max(now - then, 0) * self._per_ms, self._burst)
            allowed = left >= 1
            self._buckets[address] = (left - 1 if allowed else left, now)
            if len(self._buckets) > REMEMBERED:
                self._buckets.popitem(last=False)
        return allowed
