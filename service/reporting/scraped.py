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
class _Seen:
    """
    A site as Redis has it; ``numbers`` only while they can be shown.
    """

    status: Status
    rows: int
    numbers: SiteNumbers | None


@dataclass(frozen=True, slots=True)
class _Family:
    """
    One metric of sites: what it is called, what it says, and where its number is.
    """

    name: str
    says: str
    of: Callable[[_Seen], float | None]
    is_counter: bool = False


def _number(pick: Callable[[SiteNumbers], float | None]) -> Callable[[_Seen], float | None]:
    return lambda seen: None if seen.numbers is None else pick(seen.numbers)


_OF_SITES = (
    _Family("luot_site_open", "1 while the site's numbers are shown.", lambda s: s.status.is_open),
    _Family(
        "luot_site_epoch",
        "Which life of the site this is; a restore adds 1.",
        lambda s: s.status.epoch,
    ),
    _Family("luot_delta_fields", "What waits in Redis for the next snapshot.", lambda s: s.rows),
    _Family(
        "luot_views",
        "Views of a site, without its baseline.",
        _number(lambda n: n.total.views),
        is_counter=True,
    ),
    _Family(
        "luot_visits",
        "Visits of a site, without its baseline.",
        _number(lambda n: n.total.visits),
        is_counter=True,
    ),
    _Family(
        "luot_visitors",
        "Visitors of a site, each day's added up.",
        _number(lambda n: n.total.visitors),
        is_counter=True,
    ),
    _Family("luot_online", "Visitors of a site who are there now.", _number(lambda n: n.online)),
    _Family("luot_pages", "Pages of a site that have numbers.", _number(lambda n: n.page_count)),
)

#: What is noted: the name of the metric, what it says, its label, and whether it only grows.
_NOTED: Mapping[str, tuple[str, str, str, bool]] = {
    "success": (
        "luot_job_last_success_timestamp_seconds",
        "When a job last did all it had to do.",
        "job",
        False,
    ),
    "seconds": ("luot_job_last_duration_seconds", "How long a job's last run took.", "job", False),
    "failures": (
        "luot_job_failures",
        "Runs of a job that did not do all they had to do.",
        "job",
        True,
    ),
    "rows": ("luot_snapshot_rows", "Rows that snapshots added to SQL.", "site", True),
    "snapshot": (
        "luot_snapshot_last_timestamp_seconds",
        "When a site was last added to SQL.",
        "site",
        False,
    ),
    "took": (
        "luot_snapshot_last_duration_seconds",
        "How long the last snapshot of a site took.",
        "site",
        False,
    ),
    "lost": (
        "luot_lost_numbers",
        "Numbers of a site that Redis has less of than SQL.",
        "site",
        False,
    ),
}


class Scraped(Collector):
    """
    The metrics that Redis and SQL know.
    """

    def __init__(
        self,
        store: Store,
        database: Database,
        clock: Clock,
        sites: Mapping[str, Site],
        online_since_ms: Callable[[], int],
    ) -> None:
        self._store = store
        self._database = database
        self._clock = clock
        self._sites = sites
        self._since_ms = online_since_ms

    def collect(self) -> Iterable[Metric]:
        """
        Everything that can be had now.
        """
        told = {"version": version("luot"), "python": platform.python_version()}
        yield InfoMetricFamily("luot_build", "Which Luot answers.", value=told)
        seen = self._seen()
        up = GaugeMetricFamily("luot_redis_up", "1 when Redis answers this host.")
        up.add_metric([], float(seen is not None))
        yield up
        if seen is not None:
            yield from (_family(family, seen) for family in _OF_SITES)
            yield from self._noted()
        yield from self._archived(seen or {})

    def _seen(self) -> dict[str, _Seen] | None:
        try:
            return {name: self._see(site) for name, site in self._sites.items()}
        except LuotError as error:
            log.warning("metrics without Redis", extra={"why": str(error)})
            return None

    def _see(self, site: Site) -> _Seen:
        status, keys = self._store.status(site.id), SiteKeys(site.id)
        rows = self._store.guarded(self._store.commands.hlen, keys.delta)
        if not status.is_open:
            return _Seen(status, rows, None)
        day = site.day(self._clock.now_ms())
        return _Seen(status, rows, read_numbers(self._store, site.id, day, self._since_ms(), []))

    def _noted(self) -> Iterable[Metric]:
        notes = read_notes(self._store)
        for what, (name, says, label, grows) in _NOTED.items():
            make = CounterMetricFamily if grows else GaugeMetricFamily
            family = make(name, says, labels=[label])
            for note in notes:
                if note.what == what and (label == "job" or note.of in self._sites):
                    family.add_metric([note.of], notes[Note(what, note.of)])
            yield family

    def _archived(self, seen: Mapping[str, _Seen]) -> Iterable[Metric]:
        up = GaugeMetricFamily("luot_sql_up", "1 when SQL answers this host.")
        behind = GaugeMetricFamily(
            "luot_deltas_waiting", "Closed deltas that SQL has not yet.", labels=["site"]
        )
        row = schema.site.c
        try:
            with self._database.read() as connection:
                for found in connection.execute(select(row.name, row.number, row.epoch)):
                    live = seen.get(found.name)
                    if live is not None and live.status.epoch == found.epoch:
                        behind.add_metric([found.name], max(live.status.number - found.number, 0))
        except LuotError as error:
            log.warning("metrics without SQL", extra={"why": str(error)})
            up.add_metric([], 0.0)
            yield up
            return
        up.add_metric([], 1.0)
        yield up
        yield behind


def _family(family: _Family, seen: Mapping[str, _Seen]) -> Metric:
    make = CounterMetricFamily if family.is_counter else GaugeMetricFamily
    made: Metric = make(family.name, family.says, labels=["site"])
    for site, found in seen.items():
        value = family.of(found)
        if value is not None:
            made.add_sample(
                f"{family.name}{'_total' if family.is_counter else ''}",
                {"site": site},
                float(value),
            )
    return made
