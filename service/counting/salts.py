"""
The salts of site-days: drawn once in Redis, shared by all workers, gone with the day.
"""

import secrets
import threading

from service.clock import Clock
from service.counting.keys import SiteKeys
from service.counting.store import Store
from service.intake.days import SiteDay
from service.intake.visitors import SALT_BYTES

#: How long past its end a site-day is kept open, in ms.
OPEN_AFTER_MS = 86_400_000

#: How long a worker goes on with a salt before it asks again, in ms. Every write renews the life
#: of a salt in Redis to a day at least, so a worker never holds one that has gone there.
CACHED_MS = 3_600_000


class Salts:
    """
    The salts that this process uses.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._drawn: dict[tuple[str, str], tuple[int, bytes]] = {}

    def __call__(self, site: str, day: SiteDay) -> bytes:
        """
        The salt of a site-day, the same in every process; drawn when there is none yet.

        :raises StoreUnavailable: when this process has not seen it and Redis is away
        """
        now = self._clock.now_ms()
        cached = self._drawn.get((site, day.label))
        if cached is not None and now - cached[0] < CACHED_MS:
            return cached[1]
        life = max(day.end_ms + OPEN_AFTER_MS - now, OPEN_AFTER_MS)
        key = SiteKeys(site).salt(day.label)
        told = self._store.call("salt", [key], [secrets.token_hex(SALT_BYTES), life])
        salt = bytes.fromhex(told)
        with self._lock:
            self._drawn = {
                known: row for known, row in self._drawn.items() if now - row[0] < CACHED_MS
            }
            self._drawn[site, day.label] = now, salt
        return salt
