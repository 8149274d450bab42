"""
The whole counting path under a test's hand: real functions in a real Valkey, real journals on a
real disk, real SQL, and somebody who decides what happens next.

Workers are real owners of journals with real lanes, in an event loop that turns only when it is
told to; what they ask of Redis is held until the test says what becomes of it. Schedulers, and
whoever opens a site, are puppets that stop in front of every call to Redis or SQL.
"""

import asyncio
import contextlib
import itertools
import logging
import os
import secrets
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b
from types import SimpleNamespace
from typing import Any, cast

import pytest

from service.archive.confirming import Terms, open_site
from service.archive.producers import watermarks
from service.counting import owners
from service.counting.desks import Group, Ticket
from service.counting.entries import DaySalt, Entry
from service.counting.journal import Journal
from service.counting.journals import Journals
from service.counting.keys import LEADER, SiteKeys
from service.counting.links import FunctionLink
from service.counting.numbers import parse_numbers, read_numbers
from service.counting.outcomes import Wish
from service.counting.owners import Owner
from service.counting.records import Record, RecordKind, encode
from service.counting.store import Store
from service.counting.wire import Limits, batch
from service.dimensions import Dimension
from service.errors import ArchiveBehind, LuotError, RestoreNeeded, SiteNotOpen, StoreUnavailable
from service.intake.hits import Hit, Kind
from service.intake.sites import Site
from service.jobs.repairing import rebuild_site, repair_site
from service.jobs.table import _confirm_site, _snapshot_site
from service.runtime import House, Runtime
from service.settings import Settings
from tests.conftest import NOON, SetClock
from tests.databases import databases
from tests.puppets import Dies, Fate, Puppet
from tests.stages import RUN_ID, Stage, StoppingDatabase, StoppingStore

SITES = ("a", "b")
HOSTS = (0, 1)

#: Workers of one host.
WORKERS_OF_A_HOST = 2

DAY_S = 86_400

#: How long a phase waits for journals that are away: longer than any schedule, or not at all.
PATIENT, IMPATIENT = 10**15, 0

#: What a scheduler does for a site.
JOBS: dict[str, Callable[[Runtime, Site], object]] = {
    "snapshot": _snapshot_site,
    "confirm": _confirm_site,
    "repair": repair_site,
    "rebuild": rebuild_site,
}

_SETTINGS = Settings(sites={s: {"name": s, "hosts": [f"{s}.example"]} for s in SITES})
_LIMITS = Limits.of(_SETTINGS)


class Violation(AssertionError):
    """
    Something that must never happen.
    """


@dataclass(eq=False)
class Held:
    """
    Something that a lane asked and nobody has answered.
    """

    worker: "Worker"
    site: str
    name: str
    future: asyncio.Future[Any]
    act: Callable[[], Any]
    #: Which connections it went over.
    connections: int
    is_applied: bool = False
    reply: Any = None
    error: LuotError | None = None


class _Link(FunctionLink):
    """
    The world as a lane sees it.
    """

    def __init__(self, world: "World", worker: "Worker") -> None:
        super().__init__(lambda site: world.sites[site].moment(world.clock.now_ms()))
        self._world, self._worker = world, worker

    async def call(self, function: str, keys: Any, args: Any, verb: str = "FCALL") -> Any:
        ask = self._world.plain.read if verb == "FCALL_RO" else self._world.plain.call
        act = partial(ask, function, list(keys), list(args))
        return await self._world.hold(self._worker, _site_of(keys[0]), function, act)

    async def open(self, site: str) -> None:
        act = partial(self._world.open, self._worker.host, site)
        await self._world.hold(self._worker, site, "open", act)

    async def pause(self, seconds: float) -> None:
        await self._world.hold(self._worker, "", "pause", lambda: seconds)


class _AtOnce(ThreadPoolExecutor):
    """
    A disk that answers at once.
    """

    def submit(self, act: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(act(*args, **kwargs))
        except OSError as error:  # pragma: no cover - the disk of a test is well
            done.set_exception(error)
        return done


class Worker:
    """
    A process that takes hits.
    """

    def __init__(self, world: "World", host: int) -> None:
        self.host = host
        self.is_alive = True
        self.house_work: dict[str, asyncio.Task[None]] = {}
        house = House(cast(Runtime, world.runtimes[host]))
        link = _Link(world, self)
        self.owner = Owner(link, world.journals[host], list(SITES), house, world.clock)
        # Begun by hand, because it looks and trims when it is told to.
        self.owner._wake = lambda: None
        self.owner._disk = self.owner._finder = _AtOnce()


@dataclass
class Played:
    """
    A puppet on the stage.
    """

    puppet: Puppet
    host: int
    #: The site of a scheduler's job.
    site: str = ""
    #: The lane's question that it answers; ``None``: it is a scheduler's.
    held: Held | None = None


@dataclass
class Sent:
    """
    A hit that was put into a journal.
    """

    site: str
    path: str
    day: str
    visitor: str
    hit: Hit
    #: Whether it is safe: its worker was told that it is on disk.
    is_kept: bool = True
    #: Whether its reader's browser sent it twice, and whether a day has passed since.
    is_copied: bool = False
    is_old: bool = False


@dataclass
class World:
    """
    Everything, and what was sent into it.
    """

    stage: Stage
    sent: list[Sent] = field(default_factory=list)
    published: Counter[str] = field(default_factory=Counter)
    is_up: bool = True
    #: Whether some restore did not wait for a journal that it knew of.
    was_impatient: bool = False
    wait_ms: int = PATIENT

    def __post_init__(self) -> None:
        logging.disable(logging.CRITICAL)
        self._patches = pytest.MonkeyPatch()
        numbers = itertools.count(1)
        # The same choices make the same world: names come in the order in which they are drawn.
        self._patches.setattr(secrets, "token_hex", lambda n=16: f"{next(numbers):0{2 * n}x}")
        self._patches.setattr(asyncio, "to_thread", _at_once)
        # What nobody expected, and would only stand in a log.
        self.mistakes: list[BaseException] = []
        self._patches.setattr(owners.log, "exception", self._note_mistake)
        self.folder = self.stage.new_folder()
        self.clock = SetClock()
        self.clock.set(NOON)
        self.sites = {name: Site.of(name, row) for name, row in _SETTINGS.sites.items()}
        self.plain = Store(self.stage.url)
        self.store = StoppingStore(self.stage.url, self)
        self.database = StoppingDatabase(databases.url(self.folder), self.folder)
        self.journals = {h: Journals(self.folder / f"host{h}", 2**40) for h in HOSTS}
        self.host_is_up = dict.fromkeys(HOSTS, True)
        self.runtimes = {host: self._runtime(host) for host in HOSTS}
        self.loop = asyncio.new_event_loop()
        self._hit_numbers = itertools.count(1)
        self.workers: list[Worker] = []
        self.held: list[Held] = []
        self.late: list[Callable[[], Any]] = []
        self.played: list[Played] = []
        self.bookmarks: list[dict[bytes | str, tuple[bytes, int]]] = []
        self.run = 1
        self.connections = 1
        self.has_lost_a_tail = False
        self._clear()
        self.stage.raw.set(RUN_ID, self._run_id)
        for host in (0, 0, 1):
            self.start(host)

    def close(self) -> None:
        """
        Nothing of it is left.
        """
        for played in list(self.played):
            played.puppet.end(Fate.DIES)
        self.played.clear()
        for worker in self.workers:
            self._end(worker)
        self._turn()
        self.loop.close()
        self._clear()
        for store in (self.plain, self.store):
            store.close()
        self.database.close()
        self.stage.remove(self.folder)
        self._patches.undo()
        logging.disable(logging.NOTSET)

    def _runtime(self, host: int) -> Any:
        return SimpleNamespace(
            store=self.store,
            database=self.database,
            sites=self.sites,
            clock=self.clock,
            has_journals=True,
            guard=SimpleNamespace(doubt=str),
            restored_for={},
            open_site=partial(self.open, host),
        )

    @property
    def _run_id(self) -> str:
        return f"run{self.run}"

    def open(self, host: int, site: str) -> int:
        """
        What a process does to open a site.
        """
        terms = Terms(
            self.clock.now_ms,
            self.journals[host].producers,
            self.wait_ms,
            has_journals=True,
            at=lambda _: None,
        )
        return open_site(self.store, self.database, self.sites[site], terms)

    # Hits

    @property
    def alive(self) -> list[Worker]:
        return [worker for worker in self.workers if worker.is_alive]

    def hit(self, worker: Worker, sites: str, visitor: int, many: int = 1) -> None:
        """
        A batch of hits for each of these sites is kept, and on its way.
        """
        sent = [[self._new_hit(site, visitor) for _ in range(many)] for site in sites]
        entries = [self._entry(hits) for hits in sent]
        groups = [self._group(hits) for hits in sent]
        self._append(worker, entries, groups)
        self.sent += [one for hits in sent for one in hits]
        self._turn()

    def again(self, worker: Worker, number: int) -> None:
        """
        A reader's browser sends a hit of the last minutes once more, to whoever answers.
        """
        now = self.clock.ms
        fresh = [s for s in self.sent if s.hit.id and now - s.hit.arrival_ms < 600_000]
        if not fresh:
            return
        copied = [fresh[number % len(fresh)]]
        entry, group = self._entry(copied), self._group(copied)
        self._append(worker, [entry], [group])
        copied[0].is_kept = copied[0].is_copied = True
        self._turn()

    def _append(self, worker: Worker, entries: list[Entry], groups: list[Group]) -> None:
        async def append() -> None:
            await worker.owner.append(entries, groups)
            await worker.owner._register()

        self.loop.run_until_complete(append())

    def _new_hit(self, site: str, visitor: int) -> Sent:
        now = self.clock.now_ms()
        number = next(self._hit_numbers)
        moment = self.sites[site].moment(now)
        who = f"{visitor:02}{moment.day.label.replace('-', '')}".ljust(16, "v")
        path = f"/{number}"
        hit = Hit(
            site=site,
            kind=Kind.VIEW,
            moment=moment,
            arrival_ms=now,
            trusted=False,
            # Without an id nothing but the batch's number keeps a hit from being counted twice.
            id="" if number % 3 else f"{number:08}",
            batch="",
            visitor=who,
            visitor_before="",
            path=path,
            page=f"{number:08}",
            title="",
            values=tuple(() if d is Dimension.EVENT else ("x",) for d in Dimension),
            internal=False,
        )
        return Sent(site, path, moment.day.label, who, hit)

    def _entry(self, sent: list[Sent]) -> Entry:
        site, now = self.sites[sent[0].site], self.clock.now_ms()
        hits = [one.hit for one in sent]
        packed = batch(site, hits, _LIMITS, now).packed
        days = {hit.moment.day for hit in hits}
        salts = tuple(DaySalt(site.id, d.label, d.end_ms, _salt(site.id, d.label)) for d in days)
        return Entry(site.id, now, len(hits), packed, salts)

    def _group(self, sent: list[Sent]) -> Group:
        wish = Wish(self.clock.now_ms() - 300_000)
        items = [one.hit for one in sent]
        ticket = Ticket(items, wish, self.loop.create_future())
        return Group(self.sites[sent[0].site], [ticket])

    # Lanes and what they ask

    async def hold(self, worker: Worker, site: str, name: str, act: Callable[[], Any]) -> Any:
        """
        What the test lets a lane hear.
        """
        held = Held(worker, site, name, self.loop.create_future(), act, self.connections)
        self.held.append(held)
        try:
            return await held.future
        finally:
            if held in self.held:
                self.held.remove(held)

    def answer(self, held: Held, fate: Fate = Fate.OK) -> None:
        """
        What a lane asked has this fate.
        """
        if held.name == "pause":
            held.future.set_result(None)
        elif held.name == "open":
            if not any(played.held is held for played in self.played):
                self._play(Played(Puppet(held.act), held.worker.host, held=held))
            return
        elif held.is_applied:
            self._deliver(held)
        elif (
            not self.is_up
            or held.connections != self.connections
            or fate in {Fate.REFUSED, Fate.DIES}
        ):
            held.future.set_exception(StoreUnavailable("Redis: away"))
        elif fate is Fate.LATE:
            self.late.append(held.act)
            held.future.set_exception(StoreUnavailable("Redis: slow"))
        else:
            self._apply(held)
            if fate is Fate.LOST:
                held.future.set_exception(StoreUnavailable("Redis: the reply is lost"))
            elif fate is not Fate.HELD:
                self._deliver(held)
        self._turn()

    def _apply(self, held: Held) -> None:
        held.is_applied = True
        try:
            held.reply = held.act()
        except LuotError as error:
            held.error = error
        if held.name == "record" and held.reply and held.reply[0] == "applied" and held.reply[2]:
            self._publish(held.site, parse_numbers(held.reply[2]).total.views)

    def _deliver(self, held: Held) -> None:
        if held.error is not None:
            held.future.set_exception(held.error)
        else:
            held.future.set_result(held.reply)

    def rush(self, calls: int = 200) -> None:
        """
        Everything that is held is answered well, until nothing but pauses is left.
        """
        for held in [held for held in self.held if held.name == "pause"]:
            self.answer(held)
        for _ in range(calls):
            asked = [held for held in self.held if held.name != "pause"]
            if not asked:
                return
            self.answer(asked[0])
            for played in [p for p in self.played if p.held is asked[0]]:
                self.advance(played, Fate.OK, steps=10_000)

    def calm(self) -> None:
        """
        Everybody who lives does what there is to do, and nothing goes wrong.
        """
        for worker in self.alive:
            self.look(worker)
        self.rush()
        for host, site, job in itertools.product(HOSTS, SITES, ("confirm", "snapshot")):
            self.schedule(host, site, job)
            for played in list(self.played):
                self.advance(played, Fate.OK, steps=10_000)
        for site in SITES:
            self.read(site)

    def look(self, worker: Worker) -> None:
        """
        The worker looks where its lanes stand, and for journals without an owner.
        """
        self._work(worker, "look", worker.owner.look)

    def trim(self, worker: Worker) -> None:
        """
        The worker removes what nobody will ask for.
        """
        self._work(worker, "trim", worker.owner.trim)

    def _work(self, worker: Worker, name: str, act: Callable[[], Any]) -> None:
        task = worker.house_work.get(name)
        if task is None or task.done():
            worker.house_work[name] = self.loop.create_task(self._tolerant(act))
            self._turn()

    async def _tolerant(self, act: Callable[[], Any]) -> None:
        try:
            await act()
        except LuotError:
            pass
        except Exception as error:  # noqa: BLE001 - whoever turns the loop raises it
            self.mistakes.append(error)

    def _note_mistake(self, *_: Any, **__: Any) -> None:
        error = sys.exc_info()[1]
        assert error is not None
        self.mistakes.append(error)

    def _turn(self) -> None:
        """
        The loop has nothing to do but wait.
        """
        while True:
            self.loop.call_soon(self.loop.stop)
            self.loop.run_forever()
            if not self.loop._ready:  # type: ignore[attr-defined]
                break
        if self.mistakes:
            raise self.mistakes[0]

    def arrive_late(self, number: int) -> None:
        """
        A call that its caller has given up is applied now.
        """
        if self.late and self.is_up:
            with contextlib.suppress(LuotError):
                self.late.pop(number % len(self.late))()

    # Puppets

    def schedule(self, host: int, site: str, job: str) -> None:
        """
        The scheduler of a host begins a job for a site, unless it is at one.
        """
        if self.host_is_up[host] and not any(
            p.held is None and (p.host, p.site) == (host, site) for p in self.played
        ):
            act = partial(JOBS[job], cast(Runtime, self.runtimes[host]), self.sites[site])
            self._play(Played(Puppet(act), host, site))

    def _play(self, played: Played) -> None:
        self.played.append(played)
        played.puppet.start()
        self._look_at(played)

    def advance(self, played: Played, fate: Fate, steps: int = 1) -> None:
        """
        A puppet takes steps; the first has this fate.
        """
        if fate is Fate.DIES and played.held is not None:
            self.crash(played.held.worker)
            return
        for _ in range(steps):
            if played.puppet.is_over:
                break
            played.puppet.step(fate)
            fate = Fate.OK
        self._look_at(played)

    def _look_at(self, played: Played) -> None:
        """
        Whoever waits for a puppet that is over hears of it.
        """
        if not played.puppet.is_over or played not in self.played:
            return
        self.played.remove(played)
        error, held = played.puppet.error, played.held
        if isinstance(error, ArchiveBehind | RestoreNeeded) or not isinstance(
            error, LuotError | Dies | None
        ):
            raise Violation(f"{type(error).__name__}: {error}") from error
        # Whoever dies or sleeps holds a lock for half a minute, which is no time here.
        self.expire_locks()
        if held is not None and not held.future.done():
            if error is None:
                held.future.set_result(None)
            else:
                held.future.set_exception(error)
            self._turn()

    def expire_locks(self) -> None:
        """
        Whoever opens a site has done so for so long that others may.
        """
        self.plain.commands.delete(*(f"{LEADER}:open:{site}" for site in SITES))

    # Processes and hosts

    def start(self, host: int) -> None:
        """
        A worker begins, if there is room for one.
        """
        here = [worker for worker in self.alive if worker.host == host]
        if self.host_is_up[host] and len(here) < WORKERS_OF_A_HOST:
            self.workers.append(Worker(self, host))

    def crash(self, worker: Worker, writes: str = "") -> None:
        """
        A worker is killed.

        :param writes: ``whole`` or ``half`` when it was about to sync a batch and had written so
            much of it
        """
        journal = worker.owner._own
        if writes and journal is not None and journal._file is not None:
            self._tear(journal, writes)
        self._end(worker)

    def _tear(self, journal: Journal, writes: str) -> None:
        sent = self._new_hit(SITES[0], 0)
        entry = self._entry([sent])
        seq = journal.last(sent.site) + 1
        record = Record(RecordKind.BATCH, sent.site, seq, entry.time_ms, 1, entry.body)
        data = encode(record)
        assert journal._file is not None
        os.write(journal._file, data if writes == "whole" else data[: len(data) // 2])
        sent.is_kept = False
        self.sent.append(sent)

    def _end(self, worker: Worker) -> None:
        if not worker.is_alive:
            return
        worker.is_alive = False
        for played in [p for p in self.played if p.held and p.held.worker is worker]:
            played.puppet.end(Fate.DIES)
            self.played.remove(played)
            self.expire_locks()
        owner = worker.owner
        tasks = [*worker.house_work.values(), *owner._tasks]
        tasks += [owned._task for owned in owner._lanes.values() if owned._task is not None]
        for task in tasks:
            task.cancel()
        self._turn()
        for owned in owner._lanes.values():
            owned.waiting.away()
        for journal in (*owner._owned.values(), *owner._empty.values()):
            if journal._file is not None:
                os.close(journal._file)
            os.close(journal._lock)

    def take_down(self, host: int) -> None:
        """
        A host is off, with everything that runs on it.
        """
        self.host_is_up[host] = False
        for worker in [worker for worker in self.alive if worker.host == host]:
            self._end(worker)
        for played in [p for p in self.played if p.held is None and p.host == host]:
            played.puppet.end(Fate.DIES)
            self.played.remove(played)
        self.expire_locks()

    def bring_up(self, host: int) -> None:
        """
        A host is on again; nothing runs on it yet.
        """
        self.host_is_up[host] = True

    @property
    def is_disturbed(self) -> bool:
        """
        Whether something is away that should be there.
        """
        hosts = {worker.host for worker in self.alive}
        return not self.is_up or hosts != set(HOSTS)

    def recover(self) -> None:
        """
        Redis can be reached, and every host is on and has a worker.
        """
        self.is_up = True
        for host in HOSTS:
            self.bring_up(host)
            if not any(worker.host == host for worker in self.alive):
                self.workers.append(Worker(self, host))

    # Redis

    def _clear(self) -> None:
        keys = [key for site in SITES for key in self.stage.raw.keys(SiteKeys(site).pattern)]
        if keys:
            self.stage.raw.delete(*keys)
        self.expire_locks()

    def restart(self) -> None:
        """
        Another process of Redis answers, which has everything.
        """
        self.run += 1
        self._break_connections()
        self.stage.raw.set(RUN_ID, self._run_id)

    def _break_connections(self) -> None:
        """
        What is on its way never arrives.
        """
        self.connections += 1
        self.late.clear()

    def flush(self) -> None:
        """
        Somebody has emptied Redis, which goes on.
        """
        self._clear()
        self.bookmarks.clear()

    def wipe(self) -> None:
        """
        Another process of Redis answers, which has nothing.
        """
        self.flush()
        self.restart()

    def bookmark(self) -> None:
        """
        What Redis has is on its disk.
        """
        raw = self.stage.raw
        keys = [key for site in SITES for key in raw.keys(SiteKeys(site).pattern)]
        asked = raw.pipeline(transaction=False)
        for key in keys:
            asked.dump(key)
            asked.pttl(key)
        told = asked.execute()
        kept = zip(keys, told[::2], told[1::2], strict=True)
        self.bookmarks.append({key: (value, max(life, 0)) for key, value, life in kept})
        del self.bookmarks[:-6]

    def lose_tail(self, back: int) -> None:
        """
        Another process of Redis answers, which has what was on disk some time ago.
        """
        if not self.bookmarks:
            return
        del self.bookmarks[max(1, len(self.bookmarks) - back) :]
        self._clear()
        for key, (value, life) in self.bookmarks[-1].items():
            self.stage.raw.restore(key, life, value)
        self.has_lost_a_tail = True
        self.restart()

    def read(self, site: str) -> None:
        """
        Somebody looks at the numbers of a site.
        """
        if not self.is_up:
            return
        today = self.sites[site].day(self.clock.ms)
        with contextlib.suppress(SiteNotOpen):
            self._publish(site, read_numbers(self.plain, site, today, 0, []).total.views)

    def _publish(self, site: str, views: int) -> None:
        if views < self.published[site] and not self.was_impatient:
            raise Violation(f"{site}: {self.published[site]} views were shown, and then {views}")
        self.published[site] = max(views, self.published[site])

    def lose_patience(self) -> None:
        """
        Phases wait for nobody any more.
        """
        self.wait_ms = IMPATIENT
        self.was_impatient = True

    # Time

    def pass_minutes(self) -> None:
        """
        So much time has passed that segments are sealed and ids forgotten.
        """
        self.clock.forward(70 * 60)

    def pass_day(self) -> None:
        """
        A day has passed: what Redis keeps for a while is gone, and nothing is on its way any more.
        """
        self.clock.forward(DAY_S)
        self._break_connections()
        self.bookmarks.clear()
        for one in self.sent:
            one.is_old = True
            day = one.hit.moment.day
            if self.clock.ms >= day.end_ms + DAY_S * 1000:
                self.stage.raw.delete(*SiteKeys(one.site).of_day(day.label))

    # What holds

    def marks(self) -> dict[str, dict[str, int]]:
        """
        What SQL knows of producers, by site.
        """
        return {site: watermarks(self.database, site) for site in SITES}


async def _at_once(act: Callable[..., Any], *args: Any) -> Any:
    return act(*args)


def _salt(site: str, day: str) -> bytes:
    return blake2b(f"{site} {day}".encode(), digest_size=16).digest()


def _site_of(key: str) -> str:
    return key.partition("{")[2].partition("}")[0]
