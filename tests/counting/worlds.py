"""
A world for lanes that a test rules: Redis as it could be, and everything it was asked.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from service.counting.links import DEADLINE, Call, Gap, Standing
from service.errors import LuotError, StoreUnavailable

#: A site that counts and shows its numbers, with a producer that it has never heard of.
OPEN = Standing(is_confirmed=True, epoch=1, phase="open", round="1 r1", last=0, owed=0)


class TooMuch(BaseException):
    """
    The lane asked for more than any lane in its right mind would.
    """


@dataclass
class World:
    """
    Counts what it is given as the function ``record`` does. ``said`` is what it was asked.
    """

    standing: Standing = OPEN
    said: list[tuple[Any, ...]] = field(default_factory=list)
    applied: list[bytes] = field(default_factory=list)
    #: By the name of a method: what it does instead, once for each entry.
    instead: dict[str, list[Callable[[], None] | LuotError]] = field(default_factory=dict)
    #: What opening the site changes.
    opening: Callable[[Standing], Standing] = lambda standing: standing
    #: Called whenever the lane pauses.
    on_pause: Callable[[], Awaitable[None] | None] = lambda: None
    most: int = 500
    deadline: float = DEADLINE

    def _asked(self, name: str, *what: Any) -> None:
        self.said.append((name, *what))
        if len(self.said) > self.most:
            raise TooMuch(self.said[-6:])
        for act in self.instead.get(name, [])[:1]:
            self.instead[name].pop(0)
            if isinstance(act, LuotError):
                raise act
            act()

    def names(self) -> list[str]:
        return [name for name, *_ in self.said]

    async def standings(self, site: str, producers: Sequence[str]) -> list[Standing]:
        self._asked("standings", site)
        return [self.standing for _ in producers]

    async def open(self, site: str) -> None:
        self._asked("open", site)
        self.standing = self.opening(self.standing)

    async def record(self, call: Call) -> list[Any]:
        self._asked("record", call.seq, call.packed, call.online_since_ms)
        if call.seq <= self.standing.last:
            return ["known", str(self.standing.last)]
        if call.seq > self.standing.last + 1:
            return ["gap", str(self.standing.last)]
        self.applied.append(call.packed)
        self.standing = replace(self.standing, last=call.seq)
        return ["applied", ["counted"], False]

    async def remember(self, call: Call) -> None:
        self._asked("remember", call.seq, call.packed)

    async def put_salt(self, site: str, day: str, salt: bytes, end_ms: int) -> None:
        self._asked("put_salt", site, day, salt, end_ms)

    async def skip(self, gap: Gap) -> None:
        self._asked("skip", gap.last, gap.seq, gap.hits, gap.batches)
        self.standing = replace(self.standing, last=gap.seq)

    async def arrive(self, site: str, producer: str, standing: Standing) -> None:
        self._asked("arrive", site, producer, standing.round)

    async def pause(self, seconds: float) -> None:
        self._asked("pause", seconds)
        waiting = self.on_pause()
        if waiting is not None:
            await waiting


async def a_moment() -> None:
    """
    The event loop has had its turn.
    """
    await asyncio.wait({asyncio.get_running_loop().create_future()}, timeout=0.001)


def away(times: int) -> list[Callable[[], None] | LuotError]:
    """
    Redis does not answer so many times.
    """
    return [StoreUnavailable("Redis: ConnectionError") for _ in range(times)]
