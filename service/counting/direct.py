"""
Batches that go to Redis without a journal.

They come from imports, which can be run again, and from operators who want nothing but the Redis
they run. One batch for each call, answered when it is applied. A reply that is lost is asked for
again under the same number, which Redis knows, so the batch is not counted twice.
"""

import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from service.clock import Clock
from service.counting.outcomes import Recorded, Wish, recorded
from service.counting.store import Store
from service.counting.wire import Batch, Item, Limits, batch
from service.errors import LaneBroken, SiteNotOpen, StoreUnavailable
from service.intake.sites import Site

#: How the names of producers without a journal begin: nobody waits for them after a loss.
DIRECT = "direct-"

#: How often a batch is sent under its number before its sender is told to come back.
TRIES = 3


@dataclass(slots=True)
class _Lane:
    """
    The batches of one thread for one site: in order, never the next before the last is settled.
    """

    producer: str
    seq: int = 0


class DirectRecorder:
    """
    Sends batches to Redis; each thread is a producer of its own.

    :param open_site: confirms a site and returns its epoch; asked when Redis refuses
    """

    def __init__(
        self, store: Store, clock: Clock, limits: Limits, open_site: Callable[[str], int]
    ) -> None:
        self._store = store
        self._clock = clock
        self._limits = limits
        self._open_site = open_site
        self._epochs: dict[str, int] = {}
        self._threads = threading.local()

    def record(self, site: Site, items: Sequence[Item], wish: Wish | None = None) -> Recorded:
        """
        Every item is counted, or settled otherwise, once.

        :param items: at most 500
        :raises StoreUnavailable: it may or may not be counted; a copy with the same id is safe
        :raises SiteNotOpen: the site has to be restored first; nothing was counted
        :raises LaneBroken: Redis has lost lines of the file that the wish names, and nothing was
            counted; SQL says, after a snapshot, how many lines are done
        """
        told, wish = batch(site, items, self._limits, self._clock.now_ms()), wish or Wish()
        try:
            return self._send(told, wish)
        except SiteNotOpen:
            # Redis was started anew, perhaps after it had counted this batch and before it could
            # say so. The site is confirmed, and the batch sent again under the number it has.
            self._epochs[site.id] = self._open_site(site.id)
        except LaneBroken as error:
            # Redis has lost a batch before this one, so it cannot have this one.
            self._leave_lane(site.id, wish, error)
        return self._send_again(told, wish)

    def _send_again(self, told: Batch, wish: Wish) -> Recorded:
        try:
            return self._send(told, wish)
        except LaneBroken as error:
            self._leave_lane(told.site, wish, error)
            return self._send(told, wish)

    def _leave_lane(self, site: str, wish: Wish, error: LaneBroken) -> None:
        """
        The next batch begins another lane.

        :raises LaneBroken: it is an import's, and its file still has what was lost
        """
        self._forget_lane(site)
        if wish.file:
            raise error

    def _send(self, told: Batch, wish: Wish) -> Recorded:
        epoch = self._epochs.get(told.site)
        if epoch is None:
            epoch = self._epochs[told.site] = self._open_site(told.site)
        lane = self._lane(told.site)
        try:
            recorded = self._settle(told, wish, epoch, lane)
        except StoreUnavailable:
            # Nobody knows whether it was applied, and nobody may count on either.
            self._forget_lane(told.site)
            raise
        lane.seq += 1
        return recorded

    def _settle(self, told: Batch, wish: Wish, epoch: int, lane: _Lane) -> Recorded:
        since = "" if wish.online_since_ms is None else wish.online_since_ms
        for attempt in range(1, TRIES + 1):
            now = self._clock.now_ms()
            args = [epoch, lane.producer, lane.seq + 1, now, told.packed, since]
            try:
                reply = self._store.call("record", told.keys, [*args, wish.file, wish.lines])
                return recorded(reply, told.is_hit)
            except LaneBroken as error:
                # A producer that Redis does not know at all may have been retired after a try
                # that was applied: then nobody can say, and a copy with the same id is safe.
                if attempt > 1 and error.last == 0:
                    raise StoreUnavailable("Redis has forgotten this producer") from error
                raise
            except StoreUnavailable:
                if attempt == TRIES:
                    raise
        raise AssertionError("unreachable")

    def _lane(self, site: str) -> _Lane:
        lanes: dict[str, _Lane] = self._threads.__dict__
        return lanes.setdefault(site, _Lane(DIRECT + secrets.token_hex(16)))

    def _forget_lane(self, site: str) -> None:
        self._threads.__dict__.pop(site, None)
