"""
The parts that a process needs, built once from its settings, in one place.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from service import crashes
from service.archive.clocks import ClockGuard
from service.archive.confirming import Terms, open_site
from service.archive.databases import Database
from service.archive.producers import forget_producers, register_producer, watermarks
from service.archive.purging import purged_sites
from service.archive.tokens import Grants
from service.clock import Clock, process_clock
from service.counting.counters import Caps
from service.counting.direct import DirectRecorder
from service.counting.journals import Journals
from service.counting.keys import SiteKeys
from service.counting.last_known import LastKnown
from service.counting.links import RedisLink
from service.counting.numbers import SiteNumbers, read_numbers
from service.counting.outcomes import Wish
from service.counting.owners import Owner
from service.counting.recorder import Recorder
from service.counting.salts import Salts
from service.counting.store import Store
from service.counting.wire import Limits
from service.demo import with_demo
from service.embedded import store_url
from service.errors import ArchiveBehind, LuotError, RestoreNeeded, SiteNotOpen
from service.hints import ProxyHint
from service.intake.beacons import Intake
from service.intake.countries import Countries
from service.intake.hits import Moment
from service.intake.rates import Rates
from service.intake.sites import Site
from service.reporting.live import archived_numbers
from service.settings import Settings

log = logging.getLogger(__name__)

T = TypeVar("T")

#: How long a site that somebody has to look at is not compared again by each hit, in ms.
CLOSED_MS = 5_000

#: Seconds that a process waits for another one to open a site, and how often it looks.
OPENING_SECONDS, OPENING_LOOKS = 1.0, 20

#: Seconds between two times that readers of its numbers have a site opened.
REOPENING_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Shown:
    """
    Numbers that can be shown, and whether they are old.
    """

    numbers: SiteNumbers
    stale: bool


class House:
    """
    What the owner of journals needs of the archive.
    """

    def __init__(self, runtime: "Runtime") -> None:
        self._runtime = runtime

    def register(self, producer: str) -> None:
        """
        SQL knows that the producer exists, so that a restore waits for it.
        """
        here = self._runtime
        register_producer(here.database, list(here.sites), producer, here.clock.now_ms())

    def watermarks(self, site: str) -> dict[str, int]:
        """
        For each producer the ``seq`` up to which SQL has its batches.
        """
        return watermarks(self._runtime.database, site)

    def purged(self) -> dict[str, int]:
        """
        For each site that was given up the time until which its hits are dropped, in ms since 1970.
        """
        return purged_sites(self._runtime.database)

    def clock_doubt(self) -> str:
        """
        Why the time cannot be believed, so that nothing may be removed; empty when it can.
        """
        return self._runtime.guard.doubt()

    def retire(self, producers: Sequence[str]) -> None:
        """
        Nobody waits for these producers any more.
        """
        here = self._runtime
        for site in here.sites:
            epoch = here.store.status(site).epoch
            here.store.call("retire", [SiteKeys(site).state], [epoch, *producers])
        forget_producers(here.database, producers)


class Runtime:
    """
    Everything that a process of Luot works with.
    """

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.settings = with_demo(settings)
        self.clock = clock or process_clock()
        self.sites = {name: Site.of(name, row) for name, row in self.settings.sites.items()}
        self.store = Store(store_url(self.settings))
        self.database = Database.of(self.settings)
        self.journals = Journals(self.settings.data_dir, self.settings.journal_bytes)
        self.guard = ClockGuard(self.store, self.database, self.journals, self.clock)
        self.salts = Salts(self.store, self.clock, self.open_site, self.journals.salt)
        self.intake = Intake(Countries(self.settings.country_database), self.salts)
        self.caps = Caps(self.settings.pages_total, self.settings.pages_per_day)
        limits = Limits.of(self.settings)
        self.direct = DirectRecorder(self.store, self.clock, limits, self.open_site)
        make_owner = self._owner if self.has_journals else None
        self.recorder = Recorder(self.clock, limits, self.salts.used, self.direct, make_owner)
        self.grants = Grants(self.database, self.clock)
        self.proxies = ProxyHint(self.settings.data_dir, self.settings.trusted_proxies, self.clock)
        self.rates = Rates(self.clock, self.settings.rate_per_second, self.settings.rate_burst)
        #: Whether this process could once keep hits and show numbers of every site.
        self.was_ready = False
        self._last_known = LastKnown()
        #: For each site what a restore was to bring back, until nothing is missing any more.
        self.restored_for: dict[str, frozenset[str]] = {}
        self._closed: dict[str, tuple[int, LuotError]] = {}
        self._tried: dict[str, float] = {}

    @property
    def has_journals(self) -> bool:
        """
        Whether hits are kept in journals.
        """
        return self.settings.durability == "journal"

    def _owner(self) -> Owner:
        def moment(site: str) -> Moment:
            return self.sites[site].moment(self.clock.now_ms())

        link = RedisLink(
            store_url(self.settings), moment, self.open_site, self.settings.redis_wait_ms / 1000
        )
        return Owner(link, self.journals, list(self.sites), House(self), self.clock)

    def open_site(self, name: str) -> int:
        """
        The site counts; returns its epoch.

        It shows its numbers too, unless journals have to be heard first.
        :raises StoreUnavailable: Redis is away
        :raises SiteNotOpen: it is being restored; asking again settles it
        :raises RestoreNeeded, ArchiveBehind: somebody has to look
        """
        since, closed = self._closed.get(name, (0, None))
        if closed is not None and 0 <= self.clock.now_ms() - since < CLOSED_MS:
            raise closed
        try:
            return self._open(self.sites[name])
        except (RestoreNeeded, ArchiveBehind) as error:
            self._closed[name] = self.clock.now_ms(), error
            log.critical("site is closed", extra={"site": name, "why": str(error)})
            raise

    def _open(self, site: Site) -> int:
        try:
            return open_site(self.store, self.database, site, self.terms)
        except SiteNotOpen:
            # Another process was opening it at the same moment; it is open when that has ended.
            return self._opened_by_another(site)

    def _opened_by_another(self, site: Site) -> int:
        for _ in range(OPENING_LOOKS):
            status = self.store.status(site.id)
            if status.is_open:
                return status.epoch
            time.sleep(OPENING_SECONDS / OPENING_LOOKS)
        return open_site(self.store, self.database, site, self.terms)

    @property
    def terms(self) -> Terms:
        """
        How sites are opened here.
        """
        return Terms(
            now_ms=self.clock.now_ms,
            on_this_host=self.journals.producers if self.has_journals else tuple,
            wait_ms=self.settings.restore_wait_seconds * 1000,
            has_journals=self.has_journals,
            at=crashes.at,
        )

    def online_since_ms(self) -> int:
        """
        Visitors whose last hit is later than this are online.
        """
        return self.clock.now_ms() - self.settings.online_minutes * 60_000

    def wish(self) -> Wish:
        """
        The wish of a caller that wants the numbers with its answer.
        """
        return Wish(online_since_ms=self.online_since_ms())

    def shown(self, site: Site, paths: Sequence[str]) -> Shown | None:
        """
        The numbers of a site and some of its pages; ``None`` when there are none anywhere.

        They are Redis'; else, stale, the last that this process saw; else, stale, SQL's.
        """
        try:
            numbers = self._live(site, paths)
        except LuotError as error:
            log.warning("numbers are stale", extra={"site": site.id, "why": str(error)})
            old = self._old(site, paths)
            return Shown(old, stale=True) if old else None
        return Shown(numbers, stale=False)

    def keep(self, site: Site, paths: Sequence[str], numbers: SiteNumbers) -> None:
        """
        These numbers can be shown when Redis is away.
        """
        self._last_known.keep(site.id, paths, numbers)

    def _live(self, site: Site, paths: Sequence[str]) -> SiteNumbers:
        today = site.day(self.clock.now_ms())
        asked = (self.store, site.id, today, self.online_since_ms(), paths)
        numbers = self.from_store(site, lambda: read_numbers(*asked))
        self.keep(site, paths, numbers)
        return numbers

    def from_store(self, site: Site, read: Callable[[], T]) -> T:
        """
        What is read of a site in Redis; a site that nobody has opened is opened before.

        :raises LuotError: as ``read`` does, and as ``open_site`` does
        """
        try:
            return read()
        except SiteNotOpen:
            if time.monotonic() - self._tried.get(site.id, -REOPENING_SECONDS) < REOPENING_SECONDS:
                raise
            self._tried[site.id] = time.monotonic()
            self.open_site(site.id)
            return read()

    def _old(self, site: Site, paths: Sequence[str]) -> SiteNumbers | None:
        known = self._last_known.of(site.id, paths)
        if known is not None and all(page is not None for page in known.pages):
            return known
        try:
            archived = archived_numbers(self.database, site.id, paths)
        except LuotError:
            return known
        return known.completed(archived) if known and archived else known or archived

    def close(self) -> None:
        """
        No connection is open afterwards, and no journal is owned.
        """
        self.recorder.close()
        self.store.close()
        self.database.close()
