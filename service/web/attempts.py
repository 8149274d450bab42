"""
How often one household may be wrong when it signs in; kept in this process only.

Tokens have too many bits to be guessed at any speed. This keeps those who try from being work.
"""

import threading
from collections import OrderedDict

from service.clock import Clock
from service.intake.addresses import network

#: Wrong tokens that are heard at once, and ms until one more is.
BURST, EACH_MS = 10, 6_000

#: Households that are remembered; the one that was quiet for longest is forgotten first.
REMEMBERED = 10_000


class Attempts:
    """
    For each household how many wrong tokens it may still show.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._left: OrderedDict[bytes, tuple[float, int]] = OrderedDict()

    def may_try(self, address: str | None) -> bool:
        """
        Whether a token of this address is looked at.
        """
        with self._lock:
            return self._now(network(address)) >= 1

    def failed(self, address: str | None) -> None:
        """
        A token of this address was wrong.
        """
        household = network(address)
        with self._lock:
            left = self._now(household)
            self._left.pop(household, None)
            self._left[household] = max(left - 1, 0.0), self._clock.now_ms()
            if len(self._left) > REMEMBERED:
                self._left.popitem(last=False)

    def _now(self, household: bytes) -> float:
        left, then = self._left.get(household, (float(BURST), 0))
        return min(left + max(self._clock.now_ms() - then, 0) / EACH_MS, BURST)
