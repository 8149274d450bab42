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
from service.archive.databases import Database
from service.archive.names import page_ids
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


@dataclass(frozen=True, slots=True)
class Baseline:
    """
    What an older counter had counted of a page; the empty path is the site.
    """

    path: str
    views: int
    visits: int


def set_baselines(
    database: Database, site: Site, rows: Sequence[Baseline], clock: Clock, actor: str
) -> None:
    """
    The rows stand in SQL in place of older ones of the same paths, and in the audit trail.

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
        pages = page_ids(connection, row.id, [baseline.path for baseline in rows])
        named = [
            {"number": pages[b.path], "new_views": b.views, "new_visits": b.visits, "v": version}
            for b in rows
        ]
        page = schema.page.c
        connection.execute(
            update(schema.page)
            .where(page.id == bound("number"))
            .values(
                baseline_views=bound("new_views"),
                baseline_visits=bound("new_visits"),
                baseline_version=bound("v"),
            ),
            named,
        )
        refuse_too_much(connection, row.id)
        sums = {"pages": len(rows), "views": sum(b.views for b in rows)}
        audit(connection, clock.now_ms(), actor, site.id, "baseline", sums)


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
        ).where(page.site_id == row.id, page.baseline_version > status.baseline_version)
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
