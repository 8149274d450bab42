"""
One site gets hits on as many paths as there are hits; another one is read as ever beside it.

The hits come in five parts at half the highest rate, with the scheduler taking snapshots.
Before each part as fast a stream on usual pages goes to a third site: what the other site's p99 is
beside that is what it is compared with, so that the paths are judged and not the processors that
all share. Redis may grow by what performance.md allows for each page, visitor, visitor and page and
id that it then has, and by 170 B for each row that waits for a snapshot; its largest moment is
judged. Bounds: no view too many or too few, in Redis and in SQL; the other p99 at most 1.5 times;
workers at most 1.1 times what they had after the first part. The long form is ``--hits 1000000``;
the cap of new pages is a twentieth of the hits, which is then the default.
"""

from dataclasses import dataclass, field
from itertools import count

from bench.feeding import views, wait_for
from bench.figures.p99 import checked, highest_rate
from bench.holding import WAITING, Watch, holding, sql_rows, sqlite_bytes, used, watching
from bench.homes import Front, Home, deployed_front, home, scheduled
from bench.load import Sent, Stream, send
from bench.pacing import Pace, finish, start
from bench.plans import Plan
from bench.processes import rss_bytes
from bench.rows import Bound, Row, Side, Subject
from bench.samples import Sample, percentile

#: Hits of the short form, and parts into which they are cut.
HITS, PARTS = 20_000, 5

#: The part of the highest rate at which they come, and the other site's hits a second.
SHARE, OTHER_RATE = 0.5, 50.0

#: Seconds of a stream on usual pages.
USUAL = 15.0

#: The site that is sent paths, and the one that is sent as many usual hits, with their hosts.
FLOODED, USUAL_SITE = "flooded", "usual"
_HOSTS = {name: f"{name}.example" for name in (FLOODED, USUAL_SITE)}


def measure(plan: Plan) -> list[Row]:
    """
    A row for each bound.
    """
    hits = plan.hits or HITS
    # The long form has the default; the short one takes as many snapshots and reaches the cap too.
    settings = {
        "pages_per_day": max(1, hits // 20),
        "snapshot_seconds": max(2, min(60, hits // 10_000)),
    }
    with (
        home(plan, "home", _HOSTS, **settings) as at,
        deployed_front(at) as front,
        scheduled(at),
    ):
        flood = _Flood(plan, at, front, hits, highest_rate(plan, front) * SHARE)
        flood.alone = flood.beside_nothing()
        before, began = holding(at.store), used(at.store)
        with watching(at.store) as watch:
            for _ in range(PARTS):
                flood.part()
        wait_for(front, flood.acknowledged, FLOODED)
        growth = watch.largest - began
        held = holding(at.store)
        bound = held.allowed_since(before) + watch.waiting * WAITING
        memory = _memory(growth, bound, _told(flood, watch, began))
        return [_exact(flood), memory, _waits(flood), _workers(flood)]


@dataclass(slots=True)
class _Flood:
    plan: Plan
    at: Home
    front: Front
    hits: int
    rate: float
    #: p99 in ms of the other site with nothing beside it, beside usual pages, beside paths.
    alone: float = 0.0
    usual: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    #: MiB of all workers after each part.
    workers: list[float] = field(default_factory=list)
    acknowledged: int = 0
    refused: int = 0
    seconds: float = 0.0
    _seeds: "count[int]" = field(default_factory=lambda: count(1))

    def beside_nothing(self) -> float:
        """
        The other site's p99 when nobody else sends anything.
        """
        return percentile(checked(finish(start(self._pace(USUAL / 3)))).waits, 0.99) / 1e6

    def part(self) -> None:
        """
        Usual pages, then a part of the paths, with the other site beside both.
        """
        hits = self.hits // PARTS
        usual = min(hits, int(self.rate * USUAL))
        self.usual.append(self._beside(USUAL_SITE, usual)[0])
        waited, sent = self._beside(FLOODED, hits)
        self.waits.append(waited)
        self.acknowledged += sent.acknowledged
        self.refused += sent.refused
        self.seconds += sent.seconds
        self.workers.append(sum(rss_bytes(pid) for pid in self.front.workers()) / 2**20)

    def _beside(self, site: str, hits: int) -> tuple[float, Sent]:
        stream = Stream(site, _HOSTS[site], hits, self.rate, are_paths_distinct=site == FLOODED)
        other = start(self._pace(hits / self.rate))
        sent = send(self.front.base, stream, self.plan.folder, self.plan.connections)
        return percentile(checked(finish(other)).waits, 0.99) / 1e6, sent

    def _pace(self, seconds: float) -> Pace:
        return Pace(self.front.port, OTHER_RATE, seconds, 8, next(self._seeds))


def _exact(flood: _Flood) -> Row:
    """
    Views that Redis, and SQL after a last snapshot, have more or less than were acknowledged.
    """
    shown = views(flood.front, FLOODED)
    flood.at.luot("snapshot")
    token = flood.at.token("read", FLOODED)
    asked = f"/api/v1/sites/{FLOODED}/totals?period=last_7_days"
    told = int(flood.front.ask(asked, Authorization=f"Bearer {token}")["views"])
    sent, size = flood.acknowledged, sqlite_bytes(flood.at.data) / 2**20
    return Row(
        "paths",
        "views too many or too few in Redis and in SQL",
        "hits that were acknowledged, each on its own path",
        "",
        Bound(Side.AT_MOST, 0, Subject.OURS),
        Sample.of([abs(shown - sent) + abs(told - sent)]),
        Sample.of([sent]),
        notes=[
            f"{sent:,} hits acknowledged, {sent / flood.seconds:,.0f} a second",
            f"{flood.refused:,} hits refused",
            f"{shown:,} views in Redis, {told:,} in SQL",
            f"{sql_rows(flood.at.data):,} rows in SQL, {size:,.0f} MiB of SQLite",
        ],
    )


def _told(flood: _Flood, watch: Watch, began: int) -> list[str]:
    store, ended = flood.at.store, used(flood.at.store) / 2**20
    held = holding(store)
    return [
        f"Redis {began / 2**20:,.0f} MiB before and {ended:,.0f} after",
        f"{watch.largest / 2**20:,.0f} MiB at most",
        f"{held.visitors:,} visitors, {held.pages:,} pages, {held.pairs:,} visitors and pages",
        f"{held.remembered:,} ids, at most {watch.waiting:,} rows that waited for a snapshot",
    ]


def _memory(growth: int, bound: int, notes: list[str]) -> Row:
    return Row(
        "paths",
        "growth of Redis under random paths, at its largest",
        "what its visitors, pages, ids and waiting rows may take",
        "MiB",
        Bound(Side.AT_MOST, 1),
        Sample.of([growth / 2**20]),
        Sample.of([bound / 2**20]),
        notes=notes,
    )


def _waits(flood: _Flood) -> Row:
    return Row(
        "paths",
        "p99 of another site beside random paths",
        "beside as many hits on usual pages",
        "ms",
        Bound(Side.AT_MOST, 1.5),
        Sample.of(flood.waits),
        Sample.of(flood.usual),
        notes=[f"{flood.alone:.1f} ms beside nothing; {flood.rate:,.0f} hits/s at most"],
    )


def _workers(flood: _Flood) -> Row:
    told = ", ".join(f"{size:.0f}" for size in flood.workers)
    return Row(
        "paths",
        "memory of the workers after all random paths",
        "after the first fifth of them",
        "MiB",
        Bound(Side.AT_MOST, 1.1),
        Sample.of(flood.workers[-1:]),
        Sample.of(flood.workers[:1]),
        notes=[f"MiB after each fifth: {told}"],
    )
