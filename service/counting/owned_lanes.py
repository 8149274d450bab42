"""
Lanes that run by themselves in an event loop, with those who wait for their batches.
"""

import asyncio
import logging
from collections.abc import Callable

from service.counting.desks import Waiting
from service.counting.journal import Journal
from service.counting.lanes import Lane
from service.counting.links import Link, Standing

log = logging.getLogger(__name__)


#: Seconds that hits wait for the first answer of a site, at least: it may have to be opened.
FIRST_DEADLINE = 2.0

#: Seconds for which hits are gathered while Redis is away.
GATHERING = 0.02


class OwnedLane:
    """
    A lane with the task that runs it.
    """

    def __init__(self, link: Link, journal: Journal, site: str, wake: Callable[[], None]) -> None:
        self.waiting = Waiting(wake)
        self.lane = Lane(link, journal, site, self.waiting)
        self._link = link
        self._has_begun = False
        self._wake = wake
        self._task: asyncio.Task[None] | None = None
        self._is_over = False
        self._is_held = False

    @property
    def is_idle(self) -> bool:
        """
        Whether it has nothing to do.
        """
        return self._task is None or self._task.done()

    @property
    def is_free(self) -> bool:
        """
        Whether the next batch may be made: nobody waits for the last one.
        """
        return not self.waiting and not self._is_held

    @property
    def deadline(self) -> float:
        """
        Seconds that a hit waits for its batch before it is answered as queued.
        """
        return max(self._link.deadline, 0.0 if self._has_begun else FIRST_DEADLINE)

    def hold(self) -> None:
        """
        Hits are gathered for a while, though nobody waits for Redis.

        Batches that are made as fast as the disk takes them are too many to be caught up with.
        """
        self._is_held = True
        asyncio.get_running_loop().call_later(GATHERING, self._release)

    def _release(self) -> None:
        self._is_held = False
        self._wake()

    def hear(self, standing: Standing) -> int:
        """
        It asks again if Redis is not what it was; returns how many batches Redis has not yet.
        """
        self.lane.doubt(standing)
        return max(self.lane.journal.last(self.lane.site) - standing.last, 0)

    def run(self) -> None:
        """
        It works until Redis has everything.
        """
        if self.is_idle and not self.lane.is_drained and not self._is_over:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        try:
            await self.lane.run()
            self._has_begun = True
        except Exception:
            log.exception("lane has stopped", extra={"site": self.lane.site})
        self._wake()

    async def stop(self) -> None:
        """
        It does nothing any more; what it had not sent stays in its journal.

        Not even when somebody who asked where it stands hears so only now: once its producer is
        retired, whatever it sends would be counted again.
        """
        self._is_over = True
        self.waiting.away()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
