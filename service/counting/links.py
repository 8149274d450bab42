"""
What a lane asks of the world outside it, and Redis as it answers.

Lanes know neither an event loop nor a client library, so that a test can be their world and
decide what happens at each step.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import redis

from service import metrics
from service.counting.clients import async_client
from service.counting.keys import SiteKeys
from service.counting.salts import salt_life
from service.counting.store import FunctionMissing, library_source, translated
from service.counting.wire import keys_of
from service.errors import StoreUnavailable
from service.intake.hits import Moment

#: Seconds that a call may take before its connection is given up and its hits are queued, unless
#: somebody says otherwise.
DEADLINE = 0.2


@dataclass(frozen=True, slots=True)
class Standing:
    """
    Where a site stands in Redis, and one producer in it.
    """

    #: Whether the process that answers was confirmed for the site.
    is_confirmed: bool
    #: 0 when Redis has nothing of the site.
    epoch: int
    #: ``load``, ``remember``, ``count``, ``open`` or empty.
    phase: str
    #: Changes whenever a phase begins: who has arrived has arrived in one round. A number, and the
    #: process of Redis that began it; 0 for a word that comes too late for its phase.
    round: str
    #: The last ``seq`` that Redis has of the producer.
    last: int
    #: Up to which ``seq`` Redis asks to be told again who was seen; 0: it need not be told.
    owed: int


@dataclass(frozen=True, slots=True)
class Call:
    """
    A batch under its number, for one life of its site.
    """

    site: str
    epoch: int
    producer: str
    seq: int
    packed: bytes
    #: Visitors seen later than this are online, in ms; ``None``: no numbers are wanted.
    online_since_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """
    Batches that nobody has any more, for one life of their site.
    """

    site: str
    epoch: int
    producer: str
    #: The last ``seq`` before the gap, and the last one in it.
    last: int
    seq: int
    #: Hits that were in them, and batches of which not even that is known.
    hits: int
    batches: int


class Link(Protocol):
    """
    The world of a lane. Every method may raise ``StoreUnavailable`` or ``SiteNotOpen``.
    """

    #: Seconds that a hit waits for a call before it is answered as queued.
    deadline: float

    async def standings(self, site: str, producers: Sequence[str]) -> list[Standing]:
        """
        Where these producers stand.
        """

    async def open(self, site: str) -> None:
        """
        The site is confirmed, or restored as far as that can be done now.
        """

    async def record(self, call: Call) -> list[Any]:
        """
        What the function ``record`` says of a batch.
        """

    async def remember(self, call: Call) -> None:
        """
        Redis knows again whom the hits of a batch have shown.
        """

    async def put_salt(self, site: str, day: str, salt: bytes, end_ms: int) -> None:
        """
        Redis has this salt for a site-day, unless it has one.
        """

    async def skip(self, gap: Gap) -> None:
        """
        The batches of a gap are lost, and noted as such.
        """

    async def arrive(self, site: str, producer: str, standing: Standing) -> None:
        """
        The producer has nothing more to tell in this round.
        """

    async def pause(self, seconds: float) -> None:
        """
        So much time has passed.
        """


class FunctionLink:
    """
    What a lane asks, as calls of the library; those who inherit say how a call is made.
    """

    deadline = DEADLINE

    def __init__(self, moment: Callable[[str], Moment]) -> None:
        """
        :param moment: what time it is at a site
        """
        self._moment = moment

    async def call(
        self, function: str, keys: Sequence[str], args: Sequence[Any], verb: str = "FCALL"
    ) -> Any:
        """
        What a function of the library answers.

        :raises StoreUnavailable: Redis did not answer; it may have been applied
        :raises SiteNotOpen: the function refused server, epoch or phase
        """
        raise NotImplementedError

    async def standings(self, site: str, producers: Sequence[str]) -> list[Standing]:
        """
        Where these producers stand.
        """
        told = await self.call("standings", [SiteKeys(site).state], producers, verb="FCALL_RO")
        run_id, epoch, phase, server, round_, rows = told
        return [
            Standing(run_id == server, int(epoch or 0), phase, round_, int(last), int(owed))
            for last, owed in rows
        ]

    async def record(self, call: Call) -> list[Any]:
        """
        What the function ``record`` says of a batch.
        """
        since = "" if call.online_since_ms is None else call.online_since_ms
        args = [
            call.epoch,
            call.producer,
            call.seq,
            self._now_ms(call.site),
            call.packed,
            since,
            "",
            0,
        ]
        told: list[Any] = await self.call("record", keys_of(call.site, call.packed), args)
        return told

    async def remember(self, call: Call) -> None:
        """
        Redis knows again whom the hits of a batch have shown.
        """
        args = [call.epoch, self._now_ms(call.site), call.packed]
        await self.call("remember", keys_of(call.site, call.packed), args)

    async def put_salt(self, site: str, day: str, salt: bytes, end_ms: int) -> None:
        """
        Redis has this salt for a site-day, unless it has one.
        """
        keys = SiteKeys(site)
        life = salt_life(end_ms, self._now_ms(site))
        await self.call("salt", [keys.state, keys.salt(day)], [salt.hex(), life, "remember"])

    async def skip(self, gap: Gap) -> None:
        """
        The batches of a gap are lost, and noted as such.
        """
        keys, now = SiteKeys(gap.site), self._moment(gap.site)
        args = [gap.epoch, gap.producer, gap.last, gap.seq, now.ms, now.day.label, now.hour]
        await self.call("skip", [keys.state, keys.delta], [*args, gap.hits, gap.batches])

    async def arrive(self, site: str, producer: str, standing: Standing) -> None:
        """
        The producer has nothing more to tell in this round.
        """
        args = [standing.epoch, producer, standing.round]
        await self.call("arrive", [SiteKeys(site).state], args)

    def _now_ms(self, site: str) -> int:
        return self._moment(site).ms


class RedisLink(FunctionLink):
    """
    Redis, asked from an event loop. Safe before a fork until its first call.
    """

    def __init__(
        self,
        url: str,
        moment: Callable[[str], Moment],
        open_site: Callable[[str], object],
        deadline: float = DEADLINE,
    ) -> None:
        """
        A link that opens its connections when it is first asked.

        :param moment: what time it is at a site
        :param open_site: confirms or restores a site; called in a thread
        :param deadline: seconds that a call may take before its connection is given up
        """
        super().__init__(moment)
        self.deadline = deadline
        self._open_site = open_site
        self._opening: dict[str, asyncio.Task[object]] = {}
        self._redis = async_client(url, deadline)

    async def open(self, site: str) -> None:
        """
        The site is confirmed, or restored as far as that can be done now.
        """
        # Many lanes ask for it at once; one thread does it.
        task = self._opening.get(site)
        if task is None:
            task = asyncio.create_task(asyncio.to_thread(self._open_site, site))
            self._opening[site] = task
            task.add_done_callback(lambda _: self._opening.pop(site))
        await asyncio.shield(task)

    async def pause(self, seconds: float) -> None:
        """
        So much time has passed.
        """
        await asyncio.sleep(seconds)

    async def close(self) -> None:
        """
        No connection is open afterwards.
        """
        await self._redis.aclose()

    async def call(
        self, function: str, keys: Sequence[str], args: Sequence[Any], verb: str = "FCALL"
    ) -> Any:
        """
        What a function answers; the library is loaded when it is missing.
        """
        asked = (verb, f"luot_v1_{function}", len(keys), *keys, *args)
        with metrics.function_seconds.time(function):
            return await self._asked(asked)

    async def _asked(self, asked: Sequence[Any]) -> Any:
        try:
            return await self._guarded(*asked)
        except FunctionMissing:
            await self._guarded("FUNCTION", "LOAD", "REPLACE", library_source())
            return await self._guarded(*asked)

    async def _guarded(self, *command: Any) -> Any:
        try:
            return await self._redis.execute_command(*command)
        except redis.exceptions.ResponseError as error:
            raise translated(error) from error
        except (redis.exceptions.RedisError, OSError, TimeoutError) as error:
            raise StoreUnavailable(f"Redis: {type(error).__name__}") from error
