"""
A lane: the batches of one journal for one site, on their way to Redis, in order.

A lane never sends a batch before the one in front of it is settled, sends each as it is in the
journal until Redis says what became of it, and starts from what Redis says it has. So a reply that
is lost, a Redis that lost its last seconds, and a process that adopts a dead one's journal are one
and the same to it: it asks where it stands, and goes on from there.
"""

import logging
from collections import deque
from dataclasses import dataclass, replace
from typing import Any, Protocol

from service import crashes, metrics
from service.counting.entries import Lost
from service.counting.journal import Journal
from service.counting.links import Call, Gap, Link, Standing
from service.counting.records import Record
from service.errors import LuotError, SiteNotOpen, StoreUnavailable

log = logging.getLogger(__name__)

#: Seconds between two tries while Redis is away.
PROBE = 1.0

#: Seconds until the second look at a phase that has to end; doubled up to a probe's.
LOOK = 0.1

#: Batches that are kept in memory for sending; those behind them are read from the journal.
RECENT = 64

#: A lane that is so many batches behind has caught up: whoever comes now waits for Redis again.
NEAR = 8

#: Phases in which hits are counted.
_COUNTING = frozenset({"count", "open"})


class Listener(Protocol):
    """
    Whoever waits for what becomes of batches.
    """

    def settled(self, seq: int, reply: list[Any]) -> None:
        """
        Redis has the batch; ``reply`` is what ``record`` said of it.
        """

    def known(self, last: int) -> None:
        """
        Redis has every batch up to this ``seq``, though it may not have said so of each.
        """

    def away(self) -> None:
        """
        Redis cannot be reached; what waits will be sent later.
        """


@dataclass(frozen=True, slots=True)
class _Recent:
    seq: int
    packed: bytes
    online_since_ms: int | None


class Lane:
    """
    One journal's batches for one site. ``run`` is the only one that sends them.
    """

    def __init__(self, link: Link, journal: Journal, site: str, listener: Listener | None) -> None:
        self.site = site
        self.journal = journal
        self._link = link
        self._listener = listener
        self._recent: deque[_Recent] = deque(maxlen=RECENT)
        self._standing: Standing | None = None
        self._is_doubted = False
        #: How often something failed since a batch was settled: a Redis that is full or a replica
        #: says where it stands as if nothing were wrong, and refuses the batch.
        self._failures = 0
        #: In which life and up to which ``seq`` it has said again who was seen.
        self._told: tuple[tuple[int, bool, str] | None, int] = None, 0
        #: Whether hits are answered as queued because Redis does not take them now.
        self.is_away = False

    @property
    def is_drained(self) -> bool:
        """
        Whether Redis has everything, as far as is known, and the site is open.
        """
        standing = self._standing
        return (
            standing is not None
            and not self._is_doubted
            and standing.phase == "open"
            and standing.last >= self.journal.last(self.site)
        )

    def add(self, seq: int, packed: bytes, online_since_ms: int | None) -> None:
        """
        A batch that is in the journal now is sent from memory.
        """
        self._recent.append(_Recent(seq, packed, online_since_ms))

    def doubt(self, standing: Standing | None = None) -> None:
        """
        Redis may not be what it was: the lane asks again before it sends, unless nothing changed.
        """
        mine = self._standing
        if mine is not None and (standing is None or _life(standing) != _life(mine)):
            self._is_doubted = True

    async def run(self) -> None:
        """
        Redis has all that the journal has afterwards, and the site is open.
        """
        self._failures, seconds = 0, LOOK
        while not self.is_drained:
            try:
                await self._step()
                seconds = LOOK
            except _NotYet:
                await self._link.pause(seconds)
                seconds = min(seconds * 2, PROBE)
            except LuotError as error:
                self._standing = None
                self._failures += 1
                # Once may be a restart that is over; the second time nobody is kept waiting.
                if self._failures > 1:
                    self._go_away(error)
                    await self._link.pause(PROBE)
        self.is_away = False

    def _go_away(self, error: LuotError) -> None:
        if not self.is_away:
            told = {"site": self.site, "producer": self.journal.producer, "why": str(error)}
            log.warning("hits are queued", extra=told)
        self.is_away = True
        if self._listener is not None:
            self._listener.away()

    async def _step(self) -> None:
        """
        One thing that has to be done next is done.
        """
        standing = None if self._is_doubted else self._standing
        if standing is None:
            self._is_doubted = False
            await self._stand()
        elif standing.last < self.journal.last(self.site):
            await self._send_next(standing)
        else:
            await self._wait_for_opening(standing)

    async def _stand(self) -> None:
        """
        It is known where Redis stands, and Redis knows again who was seen.
        """
        standing = await self._ask()
        if not standing.is_confirmed or standing.phase not in {"remember", "count", "open"}:
            await self._link.open(self.site)
            standing = await self._ask()
            if not standing.is_confirmed:
                raise SiteNotOpen(f"{self.site} is not confirmed")
        if standing.owed or standing.phase == "remember":
            await self._remember(standing)
        if standing.phase not in _COUNTING:
            await self._link.arrive(self.site, self.journal.producer, standing)
            await self._look_on(standing)
        self._standing = standing
        if self._listener is not None:
            self._listener.known(standing.last)

    async def _ask(self) -> Standing:
        return (await self._link.standings(self.site, [self.journal.producer]))[0]

    async def _remember(self, standing: Standing) -> None:
        """
        Redis knows again whom the hits have shown that it has the numbers of.
        """
        for (site, day), (salt, end_ms) in self.journal.salts().items():
            if site == self.site:
                await self._link.put_salt(site, day, salt, end_ms)
        life, told = self._told
        # One call in thousands that is too slow does not mean to begin anew.
        after = told if life == _life(standing) else 0
        for found in self.journal.read(self.site, after):
            if isinstance(found, Lost):
                continue
            if found.seq > standing.owed:
                break
            await self._link.remember(self._call(standing, found.seq, found.body, None))
            self._told = _life(standing), found.seq
        if standing.phase != "remember":
            # It came too late for the phase, but it has told.
            late = replace(standing, round=f"0 {standing.round.partition(' ')[2]}")
            await self._link.arrive(self.site, self.journal.producer, late)

    async def _look_on(self, standing: Standing) -> None:
        """
        Raises, because the phase that is waited for has not begun.
        """
        await self._link.open(self.site)
        raise _NotYet(standing.phase)

    async def _wait_for_opening(self, standing: Standing) -> None:
        """
        Everything is told; the site opens when all others have told theirs.
        """
        await self._link.arrive(self.site, self.journal.producer, standing)
        await self._link.open(self.site)
        self._standing = await self._ask()
        if _life(self._standing) != _life(standing) and self._standing.phase != "open":
            self._standing = None
            raise SiteNotOpen(f"{self.site} has begun another life")
        if self._standing.phase != "open":
            raise _NotYet(standing.phase)

    async def _send_next(self, standing: Standing) -> None:
        seq = standing.last + 1
        while self._recent and self._recent[0].seq < seq:
            self._recent.popleft()
        if self._recent and self._recent[0].seq == seq:
            recent = self._recent[0]
            await self._send(standing, seq, recent.packed, recent.online_since_ms)
            return
        # What is not in memory is read in one go, as far as one follows on the other.
        for found in self.journal.read(self.site, standing.last):
            if isinstance(found, Record):
                went = await self._send(standing, found.seq, found.body, None)
                if went is not None:
                    metrics.replayed.labels(self.site).inc(found.hits)
            else:
                went = await self._skip(standing, found)
            if went is None:
                return
            standing = went

    async def _send(
        self, standing: Standing, seq: int, packed: bytes, online_since_ms: int | None
    ) -> Standing | None:
        """
        Where the producer stands now; ``None`` when that is not behind this batch.
        """
        reply = await self._link.record(self._call(standing, seq, packed, online_since_ms))
        crashes.at("applied")
        if reply[0] == "gap":
            # Redis has lost what it had; the lane goes on from what it has now.
            self._standing = replace(standing, last=int(reply[1]))
            return None
        last = max(seq, int(reply[1])) if reply[0] == "known" else seq
        self._standing = replace(standing, last=last)
        self._failures = 0
        if standing.phase == "open" and self.journal.last(self.site) - last <= NEAR:
            # As long as hits are queued they come faster than they can be caught up with.
            self.is_away = False
        if self._listener is not None:
            self._listener.settled(seq, reply)
        return self._standing

    async def _skip(self, standing: Standing, lost: Lost) -> Standing:
        producer = self.journal.producer
        told = {"site": self.site, "producer": producer, "hits": lost.hits, "batches": lost.unknown}
        # Those of a site that was given up say nothing of themselves: they are dropped on purpose.
        if lost.hits or lost.unknown:
            log.error("batches of the journal are lost", extra=told)
        gap = Gap(
            self.site, standing.epoch, producer, standing.last, lost.seq, lost.hits, lost.unknown
        )
        await self._link.skip(gap)
        self._standing = replace(standing, last=lost.seq)
        return self._standing

    def _call(
        self, standing: Standing, seq: int, packed: bytes, online_since_ms: int | None
    ) -> Call:
        producer = self.journal.producer
        return Call(self.site, standing.epoch, producer, seq, packed, online_since_ms)


class _NotYet(StoreUnavailable):
    """
    A phase has to end first; nothing is wrong.
    """


def _life(standing: Standing) -> tuple[int, bool, str]:
    """
    What changes when a site was restored, or another process answers for it.
    """
    return standing.epoch, standing.is_confirmed, standing.round
