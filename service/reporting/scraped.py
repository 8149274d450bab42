"""
What is asked of Redis and SQL when somebody looks at the metrics.

Every host that is asked tells the same numbers of a site, so a sum over hosts would be wrong: take
the largest. What cannot be had is left out and not told as 0.
"""

import logging
import platform
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import select

from service.archive import schema
from service.archive.databases import Database
from service.clock import Clock
from service.counting.keys import SiteKeys
from service.counting.notes import Note, read_notes
from service.counting.numbers import SiteNumbers, read_numbers
from service.counting.store import Status, Store
from service.errors import LuotError
from service.intake.sites import Site

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Seen:
    """
    A site as Redis has it; ``numbers`` only while they can be shown.
    """

    status: Status
    rows: int
    numbers: SiteNumbers | None


@dataclass(frozen=True, slots=True)
class OfSite:
    """
    A metric of sites: what it is called, what it says, and where its number is.
    """

    name: str
    says: str
    of: Callable[[Seen], float | None]
    is_counter: bool = False


@dataclass(frozen=True, slots=True)
class Noted:
    """
    A metric that the scheduler has noted: what it is called, and of what it is told.
    """

    name: str
    label: str
    says: str
    is_counter: bool = False


def _shown(pick: Callable[[SiteNumbers], float | None]) -> Callable[[Seen], float | None]:
    return lambda seen: None if seen.numbers is None else pick(seen.numbers)


#: Metrics without labels, and what they say.
OF_HOST = {
    "luot_redis_up": "1 when Redis answers this host.",
    "luot_sql_up": "1 when SQL answers this host.",
    "luot_journal_capacity_bytes": "Bytes that all journals of this host may have.",
}

BUILD = "Which Luot answers."
WAITING = "Closed deltas that SQL has not yet."

OF_SITES = (
    OfSite("luot_site_open", "1 while the site's numbers are shown.", lambda s: s.status.is_open),
    OfSite(
        "luot_site_epoch", "Which life of it this is: a restore adds 1.", lambda s: s.status.epoch
    ),
    OfSite("luot_delta_fields", "What waits in Redis for the next snapshot.", lambda s: s.rows),
    OfSite("luot_views", "Views, without a baseline.", _shown(lambda n: n.total.views), True),
    OfSite("luot_visits", "Visits, without a baseline.", _shown(lambda n: n.total.visits), True),
    OfSite(
        "luot_visitors", "Visitors of each day, added up.", _shown(lambda n: n.total.visitors), True
    ),
    OfSite("luot_online", "Visitors who are there now.", _shown(lambda n: n.online)),
    OfSite("luot_pages", "Pages that have numbers.", _shown(lambda n: n.page_count)),
)

#: By what the scheduler calls them.
NOTED: Mapping[str, Noted] = {
    "success": Noted(
        "luot_job_last_success_timestamp_seconds", "name", "When a job last did all it had to do."
    ),
    "seconds": Noted("luot_job_last_duration_seconds", "name", "How long its last run took."),
    "failures": Noted(
        "luot_job_failures", "name", "Runs that did not do all they had to do.", True
    ),
    "rows": Noted("luot_snapshot_rows", "site", "Rows that snapshots added to SQL.", True),
    "snapshot": Noted(
        "luot_snapshot_last_timestamp_seconds", "site", "When the site was last added to SQL."
    ),
    "took": Noted("luot_snapshot_last_duration_seconds", "site", "How long that took."),
    "lost": Noted("luot_lost_numbers", "site", "Numbers that Redis has less of than SQL."),
}


class Scraped(Collector):
    """
    The metrics that Redis and SQL know.

    :param online_since_ms: visitors whose last hit is later than this are online
    :param journal_bytes: what all journals of this host may have
    """

    def __init__(
        self,
        store: Store,
        database: Database,
        clock: Clock,
        sites: Mapping[str, Site],
        online_since_ms: Callable[[], int],
        journal_bytes: int,
    ) -> None:
        self._store = store
        self._database = database
        self._clock = clock
        self._sites = sites
        self._since_ms = online_since_ms
        self._journal_bytes = journal_bytes

    def collect(self) -> Iterable[Metric]:
        """
        Everything that can be had now.
        """
        told = {"version": version("luot"), "python": platform.python_version()}
        yield InfoMetricFamily("luot_build", BUILD, value=told)
        yield _of_host("luot_journal_capacity_bytes", self._journal_bytes)
        try:
            seen = {name: self._see(site) for name, site in self._sites.items()}
            notes = read_notes(self._store)
        except LuotError as error:
            log.warning("metrics without Redis", extra={"why": str(error)})
            yield _of_host("luot_redis_up", 0)
            seen = {}
        else:
            yield _of_host("luot_redis_up", 1)
            yield from (_of_sites(metric, seen) for metric in OF_SITES)
            yield from (self._noted(what, notes) for what in NOTED)
        yield from self._archived(seen)

    def _see(self, site: Site) -> Seen:
        status, keys = self._store.status(site.id), SiteKeys(site.id)
        rows = self._store.guarded(self._store.commands.hlen, keys.delta)
        if not status.is_open:
            return Seen(status, rows, None)
        day = site.day(self._clock.now_ms())
        return Seen(status, rows, read_numbers(self._store, site.id, day, self._since_ms(), []))

    def _noted(self, what: str, notes: Mapping[Note, float]) -> Metric:
        metric = NOTED[what]
        family = _family(metric.name, metric.says, metric.label, is_counter=metric.is_counter)
        for note, value in notes.items():
            if note.what == what and (metric.label == "name" or note.of in self._sites):
                family.add_metric([note.of], value)
        return family

    def _archived(self, seen: Mapping[str, Seen]) -> Iterable[Metric]:
        row = schema.site.c
        try:
            with self._database.read() as connection:
                rows = connection.execute(select(row.name, row.number, row.epoch)).all()
        except LuotError as error:
            log.warning("metrics without SQL", extra={"why": str(error)})
            yield _of_host("luot_sql_up", 0)
            return
        yield _of_host("luot_sql_up", 1)
        family = _family("luot_deltas_waiting", WAITING, "site", is_counter=False)
        for found in rows:
            live = seen.get(found.name)
            if live is not None and live.status.epoch == found.epoch:
                family.add_metric([found.name], max(live.status.number - found.number, 0))
        yield family


def _family(
    name: str, says: str, label: str, *, is_counter: bool
) -> CounterMetricFamily | GaugeMetricFamily:
    make = CounterMetricFamily if is_counter else GaugeMetricFamily
    return make(name, says, labels=[label])


def _of_host(name: str, value: float) -> Metric:
    return GaugeMetricFamily(name, OF_HOST[name], value=float(value))


def _of_sites(metric: OfSite, seen: Mapping[str, Seen]) -> Metric:
    family = _family(metric.name, metric.says, "site", is_counter=metric.is_counter)
    for site, found in seen.items():
        value = metric.of(found)
        if value is not None:
            family.add_metric([site], float(value))
    return family
