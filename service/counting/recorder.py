"""
How hits become safe: gathered, written to the journal, sent to Redis, answered.

Hits that arrive while a batch is under way wait and go together in the next one, so the price of
a sync and of a call to Redis is shared by as many as come. What is answered is on disk: counted
when Redis has said so, queued when Redis is away or slow. One recorder works in each process, in
one event loop; other threads hand their hits to it and wait.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from service import crashes, metrics
from service.clock import Clock
from service.counting.desks import Desk, Group, Ticket
from service.counting.direct import DirectRecorder
from service.counting.entries import DaySalt, Entry
from service.counting.outcomes import Recorded, Wish
from service.counting.owners import Owner
from service.counting.wire import Item, Limits, batch
from service.errors import JournalFailed, LuotError, StoreUnavailable
from service.intake.hits import Hit
from service.intake.sites import Site

log = logging.getLogger(__name__)

#: Hits that may wait in a process; more are refused, because they come faster than they can go.
LARGEST_QUEUE = 50_000

#: Seconds that a thread waits for its hits to be kept before it gives up.
PATIENCE = 30.0

#: Calls without a journal that are under way at once.
_DIRECT_CALLS = 4

#: The salts that the visitors of these items were made with.
UsedSalts = Callable[[Site, Sequence[Item]], tuple[DaySalt, ...]]


class Recorder:
    """
    Keeps hits, and has them counted in order, once.
    """

    def __init__(
        self,
        clock: Clock,
        limits: Limits,
        used_salts: UsedSalts,
        direct: DirectRecorder,
        make_owner: Callable[[], Owner] | None,
    ) -> None:
        """
        A recorder that works from its first hit, or from ``start``.

        :param direct: sends batches where there is no journal
        :param make_owner: makes the owner of this process's journals; ``None``: there is none
        """
        self._clock = clock
        self._limits = limits
        self._used_salts = used_salts
        self._direct = direct
        self._make_owner = make_owner
        self._starting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    # From any thread

    def record(self, site: Site, items: Sequence[Item], wish: Wish | None = None) -> Recorded:
        """
        What ``take`` returns; for any thread but the recorder's own.

        :raises LuotError: as ``take``
        """
        loop = self._loop or self._start_thread()
        waiting = asyncio.run_coroutine_threadsafe(self.take(site, items, wish), loop)
        try:
            return waiting.result(PATIENCE)
        except TimeoutError:
            waiting.cancel()
            raise StoreUnavailable("the recorder does not answer") from None

    def close(self) -> None:
        """
        Everything is put down, wherever the recorder works; for any thread but its own.
        """
        with self._starting:
            loop, thread = self._loop, self._thread
            if loop is None:
                return
            asyncio.run_coroutine_threadsafe(self.stop(), loop).result(PATIENCE)
            if thread is not None:
                loop.call_soon_threadsafe(loop.stop)
                thread.join(PATIENCE)
                loop.close()
            self._thread = None

    # In the recorder's own loop

    def start(self) -> None:
        """
        The running loop is the recorder's: it adopts what dead processes left, and takes hits.

        Nothing when it works already.
        """
        if self._loop is not None:
            return
        self._loop = asyncio.get_running_loop()
        self._desks: dict[str, Desk] = {}
        self._wake = asyncio.Event()
        self._waiting = 0
        self._busy: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_stopping = False
        self._owner: Owner | None = None
        if self._make_owner is not None:
            self._owner = self._make_owner()
            self._owner.start(self._wake.set)
        else:
            self._pool = ThreadPoolExecutor(_DIRECT_CALLS, "luot-direct")
        self._spawn(self._work())

    async def stop(self) -> None:
        """
        Nothing is under way; what is on disk and not in Redis waits for who comes next.

        Nothing changes when it works in another loop than this.
        """
        if self._loop is not asyncio.get_running_loop():
            return
        self._loop = None
        # Nothing is cut off: whoever is in a batch that is being written is told what became of it.
        self._is_stopping = True
        self._wake.set()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for desk in self._desks.values():
            while desk:
                desk.gather().refuse(StoreUnavailable("this process ends"))
        if self._owner is not None:
            await self._owner.stop()
        else:
            self._pool.shutdown(wait=True)

    async def take(self, site: Site, items: Sequence[Item], wish: Wish | None = None) -> Recorded:
        """
        Every item is counted, or settled otherwise, once; or it is queued and will be.

        :param items: at most 500
        :raises JournalFailed: nothing was kept
        :raises StoreUnavailable: too many wait, or the recorder stops, and nothing was kept;
            without a journal: it may or may not be counted; a copy with the same id is safe
        :raises SiteNotOpen: without a journal: the site has to be restored first
        """
        if self._is_stopping:
            raise StoreUnavailable("this process ends")
        if self._waiting >= LARGEST_QUEUE:
            raise StoreUnavailable("more hits wait than can be kept")
        crashes.at("taken")
        desk = self._desks.get(site.id)
        if desk is None:
            desk = self._desks[site.id] = Desk(site)
        ticket = Ticket(items, wish or Wish(), asyncio.get_running_loop().create_future())
        desk.add(ticket)
        self._waiting += len(items)
        self._wake.set()
        return await ticket.future

    async def _work(self) -> None:
        while not self._is_stopping:
            await self._wake.wait()
            self._wake.clear()
            while groups := self._gather():
                if self._owner is not None:
                    await self._keep(self._owner, groups)
                else:
                    for group in groups:
                        self._busy.add(group.site.id)
                        self._spawn(self._send_directly(group))

    def _gather(self) -> list[Group]:
        """
        A batch of each site that has hits waiting and no batch under way.
        """
        if self._is_stopping:
            return []
        groups = [
            desk.gather() for desk in self._desks.values() if desk and self._is_free(desk.site.id)
        ]
        self._waiting -= sum(len(group.items) for group in groups)
        return groups

    def _is_free(self, site: str) -> bool:
        return site not in self._busy and (self._owner is None or self._owner.is_free(site))

    async def _keep(self, owner: Owner, groups: list[Group]) -> None:
        """
        The batches are in the journal and on their way, or everybody knows that they are not.
        """
        try:
            entries = [self._entry(group) for group in groups]
            with metrics.journal_seconds.time():
                await owner.append(entries, groups)
        except JournalFailed as error:
            log.error("hits cannot be kept", extra={"why": str(error)})  # noqa: TRY400 - the reason says it
            for group in groups:
                group.refuse(error)
        except Exception as error:
            # Nobody may wait for ever because of a mistake of ours.
            for group in groups:
                group.refuse(StoreUnavailable(f"recorder: {type(error).__name__}"))
            log.exception("hits were not kept")

    def _entry(self, group: Group) -> Entry:
        items, now = group.items, self._clock.now_ms()
        told = batch(group.site, items, self._limits, now)
        metrics.batch_size.observe(len(items))
        hits = sum(isinstance(item, Hit) for item in items)
        return Entry(group.site.id, now, hits, told.packed, self._used_salts(group.site, items))

    async def _send_directly(self, group: Group) -> None:
        loop = asyncio.get_running_loop()
        wish = Wish(group.online_since_ms)
        try:
            said = await loop.run_in_executor(
                self._pool, self._direct.record, group.site, group.items, wish
            )
        except LuotError as error:
            group.refuse(error)
        except Exception as error:
            group.refuse(StoreUnavailable(f"recorder: {type(error).__name__}"))
            log.exception("hits were not sent")
        else:
            group.answer(said)
        finally:
            self._busy.discard(group.site.id)
            self._wake.set()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _start_thread(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._loop is not None:
                return self._loop
            loop = asyncio.new_event_loop()
            self._thread = threading.Thread(
                target=loop.run_forever, name="luot-recorder", daemon=True
            )
            self._thread.start()
            asyncio.run_coroutine_threadsafe(self._begin(), loop).result(PATIENCE)
            return loop

    async def _begin(self) -> None:
        self.start()
