"""
What must hold of a world when everything has calmed down.
"""

from collections import Counter

from sqlalchemy import select

from service.archive import schema
from service.counting.folders import segment_paths
from service.counting.keys import SiteKeys
from service.counting.phases import gathering
from tests.puppets import Fate
from tests.worlds import HOSTS, PATIENT, SITES, Violation, World

#: Rounds after which everything has to be calm.
ROUNDS = 12

#: A producer that is waited for and has no journal anywhere is given up after a while.
_GIVEN_UP = 2


def settle(world: World) -> None:
    """
    Faults are over, and everybody has done what there was to do.

    :raises Violation: somebody has not come to an end
    """
    world.recover()
    while world.late:
        world.arrive_late(0)
    for played in list(world.played):
        world.advance(played, Fate.OK, steps=10_000)
    for number in range(ROUNDS):
        world.calm()
        for worker in world.alive:
            world.trim(worker)
        if not (left := unsettled(world)):
            return
        if number % 3 == _GIVEN_UP:
            _give_up_those_without_journals(world)
    raise Violation(f"never settled: {left}")


def unsettled(world: World) -> list[str]:
    """
    What has not come to an end.
    """
    left = []
    marks = world.marks()
    for site in SITES:
        if not world.plain.status(site).is_open:
            left.append(f"{site} is not open: {world.plain.status(site)}")
        if world.stage.raw.exists(SiteKeys(site).delta):
            left.append(f"{site} has an open delta")
    for worker in world.alive:
        for (producer, site), owned in worker.owner._lanes.items():
            if not owned.lane.is_drained or not owned.is_idle:
                left.append(f"{site}: lane of {producer} is not done")
        left += [
            f"{site}: SQL has not all of {journal.producer}"
            for journal in worker.owner._owned.values()
            for site in SITES
            if marks[site].get(journal.producer, 0) < journal.last(site)
        ]
    return left


def _give_up_those_without_journals(world: World) -> None:
    folders = [folder for j in world.journals.values() for folder in j._folders()]
    here = {folder.name for folder in folders if segment_paths(folder)}
    for site in SITES:
        now = gathering(world.plain, site)
        missing = (set(now.known) | set(world.marks()[site])) - now.arrived
        if now.phase in {"remember", "count"} and missing and not missing & here:
            world.wait_ms = 0
            world.calm()
            world.wait_ms = PATIENT


def check(world: World) -> None:
    """
    Every hit that was kept is in Redis and in SQL, once; so is every visitor of a day.

    :raises Violation: it is not so
    """
    for site in SITES:
        keys, raw = SiteKeys(site), world.stage.raw
        redis = {_text(k): _numbers(v, 3) for k, v in raw.hgetall(keys.pages).items()}
        archived, days, late = _archived(world, site)
        total = archived.pop("", (0, 0, 0))
        _check_hits(world, site, "Redis", redis)
        _check_hits(world, site, "SQL", archived)
        named = raw.hmget(keys.state, ["views", "visits", "visitors"])
        _same(f"{site}: totals of Redis and SQL", tuple(int(n or 0) for n in named), total)
        _same(f"{site}: pages of Redis and SQL", _some(redis), _some(archived))
        live = {_text(k): _numbers(v, 3) for k, v in raw.hgetall(keys.days).items()}
        _same(f"{site}: days of Redis and SQL", _some(live), _some(days))
        if not world.was_impatient:
            _check_visitors(world, site, redis, live, late)


def _same(what: str, redis: object, sql: object) -> None:
    if redis != sql:
        raise Violation(f"{what} differ: {redis} {sql}")


def _some(rows: dict[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    return {key: row for key, row in rows.items() if any(row)}


def _check_hits(world: World, site: str, where: str, rows: dict[str, tuple[int, ...]]) -> None:
    here = [one for one in world.sent if one.site == site]
    for one in here:
        views = rows.get(one.path, (0,))[0]
        if views == 0 and one.is_kept:
            raise Violation(f"{where} has lost {site}{one.path}")
        # A copy that comes more than an hour after the first may count.
        if views > 1 and not (one.is_copied and one.is_old):
            raise Violation(f"{where} has {site}{one.path} {views} times")
    unknown = set(_some(rows)) - {one.path for one in here}
    if unknown:
        raise Violation(f"{where} has {sorted(unknown)}, which nobody sent")


def _check_visitors(
    world: World,
    site: str,
    pages: dict[str, tuple[int, ...]],
    days: dict[str, tuple[int, ...]],
    late: set[str],
) -> None:
    seen = {(s.day, s.visitor) for s in world.sent if s.site == site and s.path in pages}
    for day, many in Counter(day for day, _ in seen).items():
        found = days.get(day, (0, 0, 0))[2]
        if found != many and day not in late:
            raise Violation(f"{site}: {found} visitors on {day}, not {many}")


def _archived(
    world: World, site: str
) -> tuple[dict[str, tuple[int, ...]], dict[str, tuple[int, ...]], set[str]]:
    """
    What SQL has of pages and of days, and the days that have late hits.
    """
    page, day, filtered = schema.page.c, schema.day_count.c, schema.filtered_count.c
    number = select(schema.site.c.id).where(schema.site.c.name == site).scalar_subquery()
    with world.database.read() as connection:
        pages = connection.execute(
            select(page.path, page.views, page.visits, page.visitors).where(page.site_id == number)
        ).all()
        days = connection.execute(
            select(day.day, day.views, day.visits, day.visitors)
            .join(schema.page, page.id == day.page_id)
            .where(day.site_id == number, page.path == "")
        ).all()
        late = connection.execute(
            select(filtered.day).where(filtered.site_id == number, filtered.reason == "late")
        ).scalars()
        return (
            {row[0]: tuple(row[1:]) for row in pages},
            {row[0].isoformat(): tuple(row[1:]) for row in days},
            {found.isoformat() for found in late},
        )


def _text(raw: bytes | str) -> str:
    return raw if isinstance(raw, str) else raw.decode()


def _numbers(row: bytes | str, many: int) -> tuple[int, ...]:
    return tuple(map(int, row.split()[:many]))


def check_end(world: World) -> None:
    """
    Two days later no journal is left, and nobody is waited for.

    :raises Violation: it is not so
    """
    world.pass_day()
    world.pass_day()
    for _ in range(3):
        world.calm()
        for worker in world.alive:
            world.trim(worker)
    left = {h: sorted(world.journals[h].producers()) for h in HOSTS}
    if any(left.values()):
        raise Violation(f"journals are left: {left}")
    if any(world.marks().values()):
        raise Violation(f"SQL waits for {world.marks()}")
    known = {site: gathering(world.plain, site).known for site in SITES}
    if any(known.values()) and not world.has_lost_a_tail:
        raise Violation(f"Redis waits for {known}")


def judge(world: World) -> None:
    """
    Everything that must hold at the end of a schedule does.
    """
    settle(world)
    check(world)
    check_end(world)
