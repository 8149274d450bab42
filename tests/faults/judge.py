"""
The judge: what was acknowledged against what was counted, after everything is quiet.

It asks Redis, SQL and the API each by itself and believes none of them more than the others.
"""

import contextlib
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import redis

from tests.faults.ledger import SET, SHARED, SHARED_PATH, Fate, Ledger
from tests.faults.plans import SITES
from tests.faults.readers import NOTHING, Numbers, of_redis, views_in_redis
from tests.faults.waits import soon
from tests.faults.world import World

#: Seconds that a total has to stand still before it counts as final.
STILL = 0.6

#: Seconds that SQL may lag before the locks of schedulers are taken away, as time would do.
LAG = 5.0

#: Seconds that a backlog may take to be counted at most.
LONGEST = 300.0

#: Seconds until numbers are fresh again: a restore waits for journals half as long.
FRESH = 30.0


@dataclass(slots=True)
class Verdict:
    """
    What came out of a row.
    """

    sent: int = 0
    acked: int = 0
    ambiguous: int = 0
    refused: int = 0
    #: Refused with an error and counted all the same; a copy with the same id would be safe.
    refused_counted: int = 0
    counted: int = 0
    lost: int = 0
    doubled: int = 0
    phantom: int = 0
    lost_known: int = 0
    #: Sentences, one for each invariant that does not hold.
    broken: list[str] = field(default_factory=list)
    #: Seconds from the moment when all was mended until all that was acknowledged was counted.
    drained: float | None = None


@dataclass(frozen=True, slots=True)
class Before:
    """
    What stood in Redis when a row began, by site.
    """

    numbers: dict[str, Numbers]
    lost_known: int

    @classmethod
    def of(cls, world: World) -> "Before":
        """
        The numbers of now.
        """
        with world.store.client() as client:
            known = sum(world.sql.lost_known(site) for site in SITES)
            return cls({site: of_redis(client, site) for site in SITES}, known)


def settle(world: World, ledger: Ledger, before: Before, seconds: float = 30.0) -> float | None:
    """
    Seconds until everything acknowledged was counted and stood still; ``None``: it never was.

    Afterwards SQL has what Redis has, if that came about in its time.
    """
    began = time.monotonic()
    wanted = {s: before.numbers[s].views + ledger.count(s, Fate.ACKED) for s in SITES}

    def is_counted() -> bool:
        return all(views >= wanted[site] for site, views in _live(world).items())

    drained = time.monotonic() - began if _while_it_grows(world, is_counted, seconds) else None
    stood = [_live(world), time.monotonic()]

    def is_still() -> bool:
        now = _live(world)
        if now != stood[0]:
            stood[:] = [now, time.monotonic()]
        return time.monotonic() - float(str(stood[1])) > STILL

    soon(is_still, 10)

    def is_archived() -> bool:
        return all(_sql_views(world, site) == views for site, views in _live(world).items())

    if not soon(is_archived, LAG):
        # The lock of a scheduler that died, or could not unlock it, stands for a minute.
        with contextlib.suppress(redis.RedisError), world.store.client() as client:
            for key in client.scan_iter("luot:leader*"):
                client.delete(key)
            ledger.note_fault("locks of schedulers removed")
        soon(is_archived, 15)
    return drained


def _while_it_grows(world: World, is_counted: Callable[[], bool], seconds: float) -> bool:
    """
    Whether it came to hold; a backlog that still shrinks is given more time, within reason.
    """
    for _ in range(int(LONGEST / seconds)):
        before = _live(world)
        if soon(is_counted, seconds):
            return True
        if _live(world) == before:
            return False
    return False


def _live(world: World) -> dict[str, int]:
    try:
        with world.store.client() as client:
            return {site: views_in_redis(client, site) for site in SITES}
    except (redis.RedisError, OSError):
        return dict.fromkeys(SITES, -1)


def _sql_views(world: World, site: str) -> int:
    try:
        return world.sql.views(site)
    except Exception:  # noqa: BLE001 - a database that is away has no views yet
        return -1


def judge(
    world: World, ledger: Ledger, before: Before, may_lose: int = 0, *, untold: int = 0
) -> Verdict:
    """
    The verdict on everything that is in the ledger.

    :param may_lose: hits that were destroyed; missing ones are right when they are told
    :param untold: how many of them nobody can know of
    """
    verdict = Verdict()
    with world.store.client() as client:
        live = {site: of_redis(client, site) for site in SITES}
    known = sum(world.sql.lost_known(site) for site in SITES)
    verdict.lost_known = known - before.lost_known
    for site in SITES:
        verdict.sent += sum(hit.attempts > 0 for hit in ledger.of_site(site))
        verdict.acked += ledger.count(site, Fate.ACKED)
        verdict.ambiguous += ledger.count(site, Fate.AMBIGUOUS)
        verdict.refused += ledger.count(site, Fate.REFUSED)
        verdict.counted += live[site].views - before.numbers[site].views
    _judge_set(verdict, ledger, live[SET])
    _judge_shared(verdict, ledger, live[SHARED], before.numbers[SHARED])
    if verdict.lost > may_lose:
        verdict.broken.append(f"{verdict.lost} lost, of which {may_lose} had been destroyed")
    elif verdict.lost > verdict.lost_known + untold:
        verdict.broken.append(f"{verdict.lost} lost, and only {verdict.lost_known} are told")
    for kind in ("doubled", "phantom"):
        if many := getattr(verdict, kind):
            verdict.broken.append(f"{many} {kind}")
    for site in SITES:
        verdict.broken += [f"{site}: {said}" for said in _disagreements(world, site, live[site])]
    verdict.broken += _visitors(ledger, live, before, may_lose)
    return verdict


def _judge_set(verdict: Verdict, ledger: Ledger, live: Numbers) -> None:
    """
    Each hit by its own path.
    """
    unsent = set(live.pages)
    for hit in ledger.of_site(SET):
        counted = live.pages.get(hit.path, NOTHING)[0]
        unsent.discard(hit.path)
        verdict.lost += hit.fate is Fate.ACKED and counted == 0
        verdict.doubled += max(counted - 1, 0)
        verdict.refused_counted += hit.fate is Fate.REFUSED and counted > 0
    verdict.phantom += sum(_number(path) >= ledger.first for path in unsent)


def _number(path: str) -> int:
    """
    The number of the hit that a path belongs to; of any other path, as if it had never been sent.
    """
    number = path.removeprefix("/t/")
    return int(number) if number.isdigit() else 1 << 62


def _judge_shared(verdict: Verdict, ledger: Ledger, live: Numbers, before: Numbers) -> None:
    """
    All hits by one number: at least those acknowledged, at most those that may have arrived.
    """
    counted = live.views - before.views
    acked, maybe = ledger.count(SHARED, Fate.ACKED), ledger.count(SHARED, Fate.AMBIGUOUS)
    refused = ledger.count(SHARED, Fate.REFUSED)
    verdict.lost += max(acked - counted, 0)
    above = max(counted - acked - maybe, 0)
    verdict.refused_counted += min(above, refused)
    verdict.doubled += max(above - refused, 0)
    verdict.phantom += sum(
        page[0] - before.pages.get(path, NOTHING)[0]
        for path, page in live.pages.items()
        if path != SHARED_PATH
    )


def _disagreements(world: World, site: str, live: Numbers) -> Iterable[str]:
    """
    Sentences about places that hold other numbers than Redis.
    """
    archived = world.sql.numbers(site)
    if live.views != live.page_views:
        yield f"views in Redis: site {live.views}, pages {live.page_views}"
    if live.site != archived.site:
        yield f"site: Redis {live.site}, SQL {archived.site}"
    if _any(live.pages) != _any(archived.pages):
        yield f"{_differing(live.pages, archived.pages)} pages differ between Redis and SQL"
    # Redis has the newest days only; those before the oldest of them are SQL's alone.
    kept = {day: n for day, n in _any(archived.days).items() if day >= min(live.days, default="")}
    if _any(live.days) != kept or archived.days != archived.hours:
        yield f"days: Redis {live.days}, SQL {archived.days}, SQL's hours {archived.hours}"
    if kept == _any(archived.days) and _sum(live.days.values()) != live.site:
        yield f"Redis: days {_sum(live.days.values())}, site {live.site}"
    pages = {path: numbers[0] for path, numbers in {"": archived.site, **archived.pages}.items()}
    for table, views in world.sql.pages_by_table(site).items():
        if {p: n for p, n in views.items() if n} != {p: n for p, n in pages.items() if n}:
            yield f"views of pages differ between {table} and page"
    yield from _api_disagreements(world, site, live)


def _api_disagreements(world: World, site: str, live: Numbers) -> Iterable[str]:
    shown: list[int | None] = [None]

    def is_fresh() -> bool:
        body = world.api.counters(site)
        if body is None or body["stale"]:
            return False
        shown[0] = body["views"]["total"]
        return True

    if not soon(is_fresh, FRESH):
        yield "/counters has no fresh number"
    elif shown[0] != live.views:
        yield f"/counters shows {shown[0]}, Redis has {live.views}"
    if live.days:
        told = world.api.totals(site, min(live.days), max(live.days))
        if told != _sum(live.days.values()):
            yield f"the report says {told}, Redis has {_sum(live.days.values())}"


def _visitors(
    ledger: Ledger, live: dict[str, Numbers], before: Before, may_lose: int
) -> Iterable[str]:
    """
    Sentences when one day has other visitors than those that sent something.
    """
    for site in SITES:
        was, now = before.numbers[site], live[site]
        if len(now.days) != 1 or was.site[2]:
            # Visitors that come again on another day, or in another row, are not new.
            continue
        hits = list(ledger.of_site(site))
        acked = len({hit.address for hit in hits if hit.fate is Fate.ACKED}) - may_lose
        sent = len({hit.address for hit in hits})
        if not acked <= now.site[2] <= sent or now.site[1] != now.site[2]:
            yield (
                f"{site}: {now.site[2]} visitors and {now.site[1]} visits of at least {acked} and "
                f"at most {sent} who came once"
            )


def _any(rows: dict[str, tuple[int, int, int]]) -> dict[str, tuple[int, int, int]]:
    return {name: row for name, row in rows.items() if any(row)}


def _differing(one: dict[str, tuple[int, int, int]], two: dict[str, tuple[int, int, int]]) -> int:
    return sum(one.get(name, NOTHING) != two.get(name, NOTHING) for name in one.keys() | two.keys())


def _sum(rows: Iterable[tuple[int, int, int]]) -> tuple[int, int, int]:
    views, visits, visitors = (sum(column) for column in zip(NOTHING, *rows, strict=True))
    return views, visits, visitors
