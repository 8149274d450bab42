"""
Baselines: what an older counter had counted, set for a site and its pages, never added.

SQL is where they are kept; Redis is told, and told again if it was away, because each change has a
number and Redis remembers the last one it was told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

from sqlalchemy import Connection, func, select, update
from sqlalchemy import bindparam as bound

from service import crashes
from service.archive import schema
from service.archive.audits import audit
from service.archive.changes import Changes
from service.archive.databases import Database
from service.archive.moves import pages_now
from service.archive.names import page_ids
from service.archive.orders import Order, note_correction
from service.archive.origins import history_days
from service.archive.sites import create_site, site_row
from service.clock import Clock
from service.counting.keys import SiteKeys
from service.counting.store import Store
from service.counting.wire import DAYS_KEPT
from service.errors import ImportRefused
from service.intake.sites import Site
from service.settings import LARGEST

#: Rows that Redis is told at once.
_CHUNK = 300

#: Pages that one question names.
_QUESTION = 1_000


@dataclass(frozen=True, slots=True)
class Baseline:
    """
    What an older counter had counted of a page; the empty path is the site.
    """

    path: str
    views: int
    visits: int


def set_baselines(
    database: Database,
    site: Site,
    rows: Sequence[Baseline],
    clock: Clock,
    actor: str,
    why: str = "",
) -> None:
    """
    The rows stand in SQL in place of older ones of the same paths, and in the audit trail.

    They are a correction, which can be undone.

    :raises ImportRefused: a total would pass 2^53 - 1; nothing was set
    """
    create_site(database, site)
    with database.write() as connection:
        row = site_row(connection, site.id)
        if row is None:  # pragma: no cover - it was made above
            raise LookupError(site.id)
        # The row is locked from here on, so that two imports get two numbers.
        counted = schema.site.c.baseline_version + 1
        this_site = schema.site.c.id == row.id
        taken = update(schema.site).where(this_site).values(baseline_version=counted)
        version = connection.execute(taken.returning(schema.site.c.baseline_version)).scalar_one()
        named = _named(connection, row.id, rows, version)
        before = _before(connection, list(named))
        page = schema.page.c
        connection.execute(
            update(schema.page)
            .where(page.id == bound("number"))
            .values(
                baseline_views=bound("new_views"),
                baseline_visits=bound("new_visits"),
                baseline_version=bound("v"),
            ),
            list(named.values()),
        )
        refuse_too_much(connection, row.id)
        changes = Changes()
        for number, told in named.items():
            views, visits = before[number]
            changes.baselines[number] = [told["new_views"] - views, told["new_visits"] - visits]
        sums = {"pages": len(rows), "views": sum(b.views for b in rows)}
        order = Order("baseline", actor, why, sums)
        note_correction(connection, row.id, order, changes, clock.now_ms())
        audit(connection, clock.now_ms(), actor, site.id, "baseline", sums)


def _named(
    connection: Connection, site_id: int, rows: Sequence[Baseline], version: int
) -> dict[int, dict[str, int]]:
    """
    For each page its new baseline; those of addresses that have moved to one page add up.
    """
    pages = page_ids(connection, site_id, [baseline.path for baseline in rows])
    now = pages_now(connection, pages.values())
    named: dict[int, dict[str, int]] = {}
    for baseline in rows:
        number = now.get(pages[baseline.path], pages[baseline.path])
        first = {"number": number, "new_views": 0, "new_visits": 0, "v": version}
        told = named.setdefault(number, first)
        told["new_views"] += baseline.views
        told["new_visits"] += baseline.visits
    return named


def _before(connection: Connection, pages: list[int]) -> dict[int, tuple[int, int]]:
    page, found = schema.page.c, dict[int, tuple[int, int]]()
    for first in range(0, len(pages), _QUESTION):
        chunk = pages[first : first + _QUESTION]
        asked = select(page.id, page.baseline_views, page.baseline_visits)
        for number, views, visits in connection.execute(asked.where(page.id.in_(chunk))):
            found[number] = views, visits
    return found


def refuse_too_much(connection: Connection, site_id: int) -> None:
    """
    Nothing, when every total is one that JSON readers and browsers hold exactly.

    :raises ImportRefused: naming a page that has more
    """
    page = schema.page.c
    too_much = (page.views + page.baseline_views + page.history_views > LARGEST) | (
        page.visits + page.baseline_visits + page.history_visits > LARGEST
    )
    over = select(page.path).where(page.site_id == site_id, too_much)
    if (path := connection.execute(over.limit(1)).scalar()) is not None:
        raise ImportRefused(f"the total of {path or 'the site'} would pass {LARGEST}")


def push_baselines(store: Store, database: Database, site: str) -> int:
    """
    Redis shows the baselines that SQL holds; returns how many rows it had to be told.

    :raises SiteNotOpen: the site is not open
    """
    status = store.status(site)
    with database.read() as connection:
        row = site_row(connection, site)
        if row is None or row.baseline_version <= status.baseline_version:
            return 0
        page = schema.page.c
        asked = select(
            page.path,
            page.baseline_views + page.history_views,
            page.baseline_visits + page.history_visits,
        ).where(
            page.site_id == row.id,
            page.baseline_version > status.baseline_version,
            page.moved_to.is_(None),
        )
        changed = iter(connection.execute(asked).all())
        newest = connection.execute(
            select(func.max(schema.day_count.c.day)).where(schema.day_count.c.site_id == row.id)
        ).scalar()
        oldest = newest - timedelta(days=DAYS_KEPT - 1) if newest else None
        of_days = history_days(connection, row.id, oldest) if oldest else {}
    keys = SiteKeys(site)
    if oldest:
        labels = [(oldest + timedelta(days=n)).isoformat() for n in range(DAYS_KEPT)]
        pairs = [(label, " ".join(map(str, of_days.get(label, ())))) for label in labels]
        flat_days = [part for pair in pairs for part in pair]
        crashes.at("history")
        store.call("history", [keys.state, keys.days], [row.epoch, *flat_days])
    told = 0
    while chunk := list(islice(changed, _CHUNK)):
        told += len(chunk)
        flat = [part for path, views, visits in chunk for part in (path, views, visits)]
        store.call("baseline", [keys.state, keys.pages], [row.epoch, "", *flat])
    store.call("baseline", [keys.state, keys.pages], [row.epoch, row.baseline_version])
    return told
