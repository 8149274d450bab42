"""
The salts of site-days: drawn once in Redis, shared by all workers, gone with the day.

Without Redis a salt is looked for in the journals of this host, because whoever was counted under
it must not become somebody else; and a day that begins while Redis is away takes the keyed hash of
its label under the salt of the day before, which every host comes to by itself.
"""

import contextlib
import logging
import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import blake2b

from service import metrics
from service.clock import Clock
from service.counting.entries import DaySalt
from service.counting.keys import SiteKeys
from service.counting.store import Store
from service.counting.wire import Item
from service.errors import SiteNotOpen, StoreError, StoreUnavailable
from service.intake.days import SiteDay, day_before
from service.intake.hits import Hit
from service.intake.sites import Site
from service.intake.visitors import SALT_BYTES

log = logging.getLogger(__name__)

#: How long past its end a site-day is kept open, in ms.
OPEN_AFTER_MS = 86_400_000

#: How long a worker goes on with a salt before it asks again, in ms. Every write renews the life
#: of a salt in Redis to a day at least, so a worker never holds one that has gone there.
CACHED_MS = 3_600_000

#: How long a salt that Redis did not give is used before Redis is asked again, in ms.
DOUBTED_MS = 1_000

#: The day on which clocks are set back, in ms.
_LONGEST_DAY_MS = 25 * 3_600_000


def salt_life(end_ms: int, now_ms: int) -> int:
    """
    How long Redis keeps the salt of a site-day that ends then, in ms from now.
    """
    return max(end_ms + OPEN_AFTER_MS - now_ms, OPEN_AFTER_MS)


@dataclass(frozen=True, slots=True)
class _Known:
    salt: bytes
    #: Until when it is used without asking, in ms since 1970.
    until_ms: int
    #: When the salt has to be forgotten.
    gone_ms: int


class Salts:
    """
    The salts that this process uses.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        open_site: Callable[[str], object],
        journal_salt: Callable[[str, str], bytes | None],
    ) -> None:
        """
        Salts that nobody has asked for yet.

        :param open_site: confirms a site; asked when Redis refuses to draw
        :param journal_salt: the salt of a site and site-day that a journal of this host has
        """
        self._store = store
        self._clock = clock
        self._open_site = open_site
        self._journal_salt = journal_salt
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], _Known] = {}

    def __call__(self, site: str, day: SiteDay) -> bytes:
        """
        The salt of a site-day, the same in every process; drawn when there is none yet.

        :raises StoreUnavailable: Redis is away, and nothing here says which salt it would be
        """
        now = self._clock.now_ms()
        known = self._known.get((site, day.label))
        if known is not None and now < known.until_ms:
            return known.salt
        try:
            salt, until = self._drawn(site, day, now), now + CACHED_MS
            self._foresee(site, day, now)
        except StoreError as error:
            salt, until = self._without_redis(site, day, known, error), now + DOUBTED_MS
        self._keep(site, day.label, _Known(salt, until, now + salt_life(day.end_ms, now)), now)
        return salt

    def _keep(self, site: str, label: str, known: _Known, now: int) -> None:
        with self._lock:
            self._known = {key: row for key, row in self._known.items() if now < row.gone_ms}
            self._known[site, label] = known

    def _foresee(self, site: str, day: SiteDay, now: int) -> None:
        """
        The salt of tomorrow is known too, so that a Redis that is away at midnight is not missed.
        """
        label = (date.fromisoformat(day.label) + timedelta(days=1)).isoformat()
        if not day.start_ms <= now < day.end_ms or (site, label) in self._known:
            return
        # A day that is a little longer than most: when it is counted in, its life is set again.
        life = salt_life(day.end_ms + _LONGEST_DAY_MS, now)
        keys = SiteKeys(site)
        args = [secrets.token_hex(SALT_BYTES), life, ""]
        # Without it midnight does as it did before.
        with contextlib.suppress(StoreError):
            salt = self._store.call("salt", [keys.state, keys.salt(label)], args)
            self._keep(site, label, _Known(bytes.fromhex(salt), now, now + life), now)

    def used(self, site: Site, items: Sequence[Item]) -> tuple[DaySalt, ...]:
        """
        The salts that the visitors of these items were made with.
        """
        days = set()
        for item in items:
            if isinstance(item, Hit):
                days.add(item.moment.day)
                if item.visitor_before:
                    days.add(day_before(item.moment.day, site.zone))
        known = ((day, self._known.get((site.id, day.label))) for day in days)
        return tuple(DaySalt(site.id, d.label, d.end_ms, k.salt) for d, k in known if k)

    def _drawn(self, site: str, day: SiteDay, now: int) -> bytes:
        keys = SiteKeys(site)
        known = self._known.get((site, day.label))
        # One that hits were counted with while Redis was away is offered before a new one.
        offered = known.salt.hex() if known else secrets.token_hex(SALT_BYTES)
        asked = [keys.state, keys.salt(day.label)]
        args = [offered, salt_life(day.end_ms, now), ""]
        try:
            return bytes.fromhex(self._store.call("salt", asked, args))
        except SiteNotOpen:
            self._open_site(site)
            return bytes.fromhex(self._store.call("salt", asked, args))

    def _without_redis(
        self, site: str, day: SiteDay, known: _Known | None, error: StoreError
    ) -> bytes:
        if known is not None:
            return known.salt
        salt = self._journal_salt(site, day.label)
        if salt is not None:
            return salt
        label = (date.fromisoformat(day.label) - timedelta(days=1)).isoformat()
        yesterday = self._known.get((site, label))
        before = yesterday.salt if yesterday else self._journal_salt(site, label)
        if before is None:
            raise StoreUnavailable(f"no salt of {day.label} can be had: {error}") from error
        metrics.derived_salts.labels(site).inc()
        log.warning("salt derived from the day before", extra={"site": site, "day": day.label})
        return derived(before, day.label)


def derived(before: bytes, label: str) -> bytes:
    """
    The salt of a day that began while Redis was away, from that of the day before.
    """
    return blake2b(label.encode(), digest_size=SALT_BYTES, key=before).digest()
