"""
The journals that a process owns: its own, and those of processes that ended before it.

Whoever owns a journal sends what is in it, says again who was seen when Redis has forgotten, and
removes it when nobody will ask for it any more. A journal is locked by its owner, so it has one.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from service import metrics
from service.clock import Clock
from service.counting.desks import Group
from service.counting.entries import Entry
from service.counting.givenup import GivenUp, watermarks_of
from service.counting.houses import House
from service.counting.journal import Journal
from service.counting.journals import Journals
from service.counting.links import Link
from service.counting.owned_lanes import OwnedLane
from service.counting.segments import KEPT_AT_MOST_MS
from service.errors import JournalFailed, LuotError

log = logging.getLogger(__name__)

#: Seconds between two looks at where idle lanes stand and whether a journal is without an owner.
LOOK = 1.0

#: Seconds between two looks at what can be removed.
TRIM = 60.0

#: A journal takes new hits for so long, in ms, so that none outlives the numbers known of it.
JOURNAL_MS = 86_400_000

_T = TypeVar("_T")


class Owner:
    """
    The journals of one process, and their lanes.
    """

    def __init__(
        self, link: Link, journals: Journals, sites: Collection[str], house: House, clock: Clock
    ) -> None:
        self._link = link
        self._journals = journals
        self._sites = sites
        self._house = house
        self._clock = clock
        self._own: Journal | None = None
        self._begun_ms = 0
        self._size = 0
        self._owned: dict[str, Journal] = {}
        self._lanes: dict[tuple[str, str], OwnedLane] = {}
        self._unregistered: set[str] = set()
        #: Empty journals whose producers are waited for until they are retired.
        self._empty: dict[str, Journal] = {}
        #: Adopted by the thread that looks for journals, and not looked after yet.
        self._found: list[Journal] = []
        self._given_up = GivenUp(house)
        self._tasks: list[asyncio.Task[None]] = []
        self._is_new = asyncio.Event()

    def start(self, wake: Callable[[], None]) -> None:
        """
        What dead processes left is this one's, and is looked after from here on.

        :param wake: called when the next batch of a site may be made
        """
        self._wake = wake
        # One thread writes, syncs and trims, so that no two do so at once. What dead processes
        # left may take seconds to read, so that has a thread of its own.
        self._disk = ThreadPoolExecutor(1, "luot-journal")
        self._finder = ThreadPoolExecutor(1, "luot-finder")
        self._tasks = [
            asyncio.create_task(self._again(LOOK, self.look)),
            asyncio.create_task(self._again(LOOK, self._register_new)),
            asyncio.create_task(self._again(TRIM, self.trim)),
        ]

    async def stop(self) -> None:
        """
        Nothing is owned any more.
        """
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for owned in self._lanes.values():
            await owned.stop()
        await asyncio.to_thread(self._finder.shutdown)
        self._take_over()
        for journal in (*self._owned.values(), *self._empty.values()):
            await self._on_disk(journal.close)
        self._disk.shutdown(wait=True)
        if hasattr(self._link, "close"):
            await self._link.close()

    def is_free(self, site: str) -> bool:
        """
        Whether a batch of the site may be made: the last one is settled, or nobody waits for it.
        """
        if self._own is None:
            return True
        owned = self._lanes.get((self._own.producer, site))
        return owned is None or owned.is_free

    async def append(self, entries: Sequence[Entry], groups: Sequence[Group]) -> None:
        """
        The entries are on disk and on their way; their groups will be told what becomes of them.

        :raises JournalFailed: none of them is
        """
        journal = await self._journal()
        size = sum(len(entry.body) for entry in entries)
        if self._size + size > self._journals.capacity:
            raise JournalFailed("journal: it is full, and drops nothing")
        try:
            seqs = await self._on_disk(journal.append, entries)
        except JournalFailed:
            # Its lanes go on; new hits begin a new one, unless this never kept anything.
            if journal.sites or not journal.is_empty:
                self._own = None
            raise
        self._size += size
        for entry, group, seq in zip(entries, groups, seqs, strict=True):
            self._send(journal, entry, group, seq)

    def _send(self, journal: Journal, entry: Entry, group: Group, seq: int) -> None:
        owned = self._lane(journal, entry.site)
        owned.waiting.add(seq, group, owned.deadline)
        if owned.lane.is_away:
            owned.waiting.away()
            owned.hold()
        else:
            owned.lane.add(seq, entry.body, group.online_since_ms)
        owned.run()

    async def _journal(self) -> Journal:
        """
        The journal that takes new hits.
        """
        now = self._clock.now_ms()
        if self._own is not None and now - self._begun_ms >= JOURNAL_MS:
            await self._on_disk(self._own.seal)
            self._own = None
        if self._own is None:
            self._own = await self._on_disk(self._journals.create)
            self._begun_ms = now
            self._owned[self._own.producer] = self._own
            self._unregistered.add(self._own.producer)
            self._is_new.set()
        return self._own

    def _lane(self, journal: Journal, site: str) -> OwnedLane:
        found = self._lanes.get((journal.producer, site))
        if found is None:
            found = OwnedLane(self._link, journal, site, self._wake)
            self._lanes[journal.producer, site] = found
        return found

    # Again and again

    async def look(self) -> None:
        """
        Idle lanes know where they stand, and journals without an owner have one.
        """
        # Until they are retired a restore waits for them, and they have no lanes to answer it.
        await self._retire()
        await self._given_up.ask_once()
        loop = asyncio.get_running_loop()
        self._size = await loop.run_in_executor(self._finder, self._journals.size)
        metrics.journal_bytes.set(self._size)
        await loop.run_in_executor(self._finder, self._find, {*self._owned, *self._empty})
        self._take_over()
        if self._journals.is_pressed(self._size):
            await self.trim()
        for journal in list(self._owned.values()):
            # Each stands for all sites, also where it has no hits: a restore waits for it.
            for site in self._sites:
                self._lane(journal, site).run()
        await asyncio.gather(*(self._poll(site) for site in self._sites))

    def _find(self, owned: set[str]) -> None:
        self._found.extend(self._journals.adopt(owned))

    def _take_over(self) -> None:
        while self._found:
            journal = self._found.pop()
            journal.dropped = self._given_up.until
            self._owned[journal.producer] = journal

    async def _poll(self, site: str) -> None:
        lanes = [owned for (_, name), owned in self._lanes.items() if name == site]
        if not lanes:
            return
        try:
            told = await self._link.standings(site, [o.lane.journal.producer for o in lanes])
        except LuotError:
            for owned in lanes:
                owned.lane.doubt()
        else:
            behind = sum(o.hear(standing) for o, standing in zip(lanes, told, strict=True))
            metrics.waiting_batches.labels(site).set(behind)
        for owned in lanes:
            owned.run()

    async def trim(self) -> None:
        """
        What nobody will ask for is gone from disk.
        """
        if not await self._given_up.may_trim():
            return
        now = closed = self._clock.now_ms()
        is_pressed = self._journals.is_pressed(self._size)
        if is_pressed:
            log.warning("journals are nearly full", extra={"bytes": self._size})
            closed += KEPT_AT_MOST_MS
        sites = {site for journal in self._owned.values() for site in journal.sites}
        marks = await watermarks_of(self._house, sites.intersection(self._sites))
        for producer, journal in list(self._owned.items()):
            try:
                await self._on_disk(journal.seal_old, closed)
                await self._on_disk(journal.trim, marks.get(producer, {}), closed)
                # Pressed, the own one is empty again and again; a new one would have to stand.
                if journal is not self._own or not is_pressed:
                    await self._put_down(journal, now)
            except OSError:
                # The others are not to be kept for ever because of this one.
                log.exception("journal cannot be trimmed", extra={"producer": producer})
        await self._retire()

    async def _put_down(self, journal: Journal, now: int) -> None:
        if journal is self._own:
            # Hits may be on their way into it; another one takes the next.
            self._own = None if journal.is_empty and journal.sites else journal
        elif journal.is_empty:
            await self._forget(journal)
            self._empty[journal.producer] = journal
        elif await self._on_disk(partial(self._journals.set_aside, journal, now)):
            await self._forget(journal)

    async def _forget(self, journal: Journal) -> None:
        self._owned.pop(journal.producer, None)  # another trim may have put it down
        for key in [key for key in self._lanes if key[0] == journal.producer]:
            await self._lanes.pop(key).stop()

    async def _retire(self) -> None:
        """
        Nobody waits for producers whose journals are empty, and then these are gone.

        In this order: whoever adopts an empty journal retires its producer again, but nobody would
        ever retire one whose journal is gone.
        """
        gone = sorted(self._empty)
        if not gone:
            return
        await asyncio.to_thread(self._house.retire, gone)
        for producer in gone:
            journal = self._empty.pop(producer, None)
            if journal is not None:
                await self._on_disk(journal.remove)

    async def _register_new(self) -> None:
        """
        SQL knows every producer of this process as soon as it is made, or can be reached.
        """
        if not self._unregistered:
            await self._is_new.wait()
        self._is_new.clear()
        await self._register()

    async def _register(self) -> None:
        for producer in list(self._unregistered):
            try:
                await asyncio.to_thread(self._house.register, producer)
            except LuotError as error:
                log.warning("producer is not registered yet", extra={"why": str(error)})
                return
            self._unregistered.discard(producer)

    async def _again(self, seconds: float, act: Callable[[], Any]) -> None:
        while True:
            try:
                await act()
            except LuotError as error:
                log.warning("looking after journals failed", extra={"why": str(error)})
            except Exception:
                log.exception("looking after journals failed")
            await asyncio.sleep(seconds)

    async def _on_disk(self, act: Callable[..., _T], *args: Any) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._disk, act, *args)
