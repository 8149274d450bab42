"""
Work that waits for Redis or SQL, kept away from the event loop.

A fixed number of threads does it, and no more than a bounded number of requests waits for one:
when storage is away, whoever comes last is told so at once and not after everybody before.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from service.clock import Clock
from service.errors import Reason, Rejected
from service.intake.sites import Site

#: Requests that may wait for a thread, for each thread.
LARGEST_QUEUE = 64

#: How long it is believed that a site's salts are at hand after they were used, in ms.
BELIEVED_MS = 5_000

P = ParamSpec("P")
T = TypeVar("T")


class Threads:
    """
    Threads for work that waits.
    """

    def __init__(self, count: int) -> None:
        self._executor = ThreadPoolExecutor(count, "doors")
        self._most = count * LARGEST_QUEUE
        self._waiting = 0

    async def run(self, work: Callable[P, T], *args: P.args, **_: P.kwargs) -> T:
        """
        What ``work`` returns or raises.

        :raises Rejected: storage, when too many wait already
        """
        if self._waiting >= self._most:
            raise Rejected(Reason.STORAGE, status=503)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, work, *args)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """
        No thread runs afterwards.
        """
        self._executor.shutdown()


class SaltsAtHand:
    """
    The sites whose hits can be taken in at once, because their day's salt was used just now.

    The others' are taken in by a thread, for the first hit of a site-day asks Redis.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._spans: dict[str, tuple[int, int]] = {}

    def has(self, site: Site) -> bool:
        """
        Whether nobody has to be waited for.
        """
        since, until = self._spans.get(site.id, (0, 0))
        return since <= self._clock.now_ms() < until

    def note(self, site: Site) -> None:
        """
        The site's salts were used a moment ago.
        """
        now = self._clock.now_ms()
        self._spans[site.id] = now, min(now + BELIEVED_MS, site.day(now).end_ms)

    def forget(self, site: Site) -> None:
        """
        They could not be had.
        """
        self._spans.pop(site.id, None)
