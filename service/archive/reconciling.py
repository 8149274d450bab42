"""
Comparing what Redis holds with what SQL holds, number by number.

SQL is read first and Redis afterwards, and Redis only grows, so a number that is smaller in Redis
is a loss: a key that somebody deleted, or a disk that forgot. Where journals keep the hits, such a
site is restored; nothing else is changed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection, select

from service.archive import schema
from service.archive.databases import Database
from service.archive.origins import history_days
from service.archive.sites import site_row
from service.counting.holdings import read_holdings, read_page_totals
from service.counting.numbers import Tally
from service.counting.store import Store
from service.counting.wire import DAYS_KEPT
from service.errors import SiteNotOpen
from service.intake.days import day_before
from service.intake.sites import Site


@dataclass(frozen=True, slots=True)
class Difference:
    """
    Something that Redis has less of than SQL.
    """

    #: ``total``, a site-day, a page's path, or ``visitors of`` a site-day.
    what: str
    in_redis: Tally
    in_sql: Tally


def differences(store: Store, database: Database, site: Site, now_ms: int) -> list[Difference]:
    """
    Everything that Redis has lost of what SQL holds; empty when it has lost nothing.

    :raises SiteNotOpen: the site is being restored, so there is nothing to compare
    :raises StoreUnavailable, ArchiveUnavailable: one of them is away
    """
    before = store.status(site.id)
    with database.read() as connection:
        row = site_row(connection, site.id)
        if row is None:
            return []
        if row.corrected != before.corrected:
            raise SiteNotOpen(f"{site.id} is being corrected: compare it again in a moment")
        pages = _pages(connection, row.id)
        days = _days(connection, row.id, site, now_ms)
    today = site.day(now_ms)
    # Who was seen on the days before these is forgotten on purpose.
    open_days = {today.label, day_before(today, site.zone).label}
    found = list(_lost(store, site.id, pages, days, open_days))
    after = store.status(site.id)
    told = [(status.epoch, status.run_id, status.corrected) for status in (before, after)]
    if not after.is_open or told[0] != told[1]:
        raise SiteNotOpen(f"{site.id} is being restored: compare it again in a moment")
    return found


def _lost(
    store: Store, site: str, pages: dict[str, Tally], days: dict[str, Tally], open_days: set[str]
) -> Iterator[Difference]:
    held = read_holdings(store, site)
    if _is_less(held.total, pages.get("", Tally())):
        yield Difference("total", held.total, pages[""])
    for day, tally in days.items():
        if _is_less(held.days.get(day, Tally()), tally):
            yield Difference(day, held.days.get(day, Tally()), tally)
    for day in open_days.intersection(sorted(held.days)[-1:]):
        if held.days[day].visitors and day not in held.remembered:
            yield Difference(f"visitors of {day}", Tally(), Tally(visitors=held.days[day].visitors))
    paths = [path for path in pages if path]
    for path, tally in read_page_totals(store, site, paths).items():
        if _is_less(tally, pages[path]):
            yield Difference(path, tally, pages[path])


def _is_less(here: Tally, there: Tally) -> bool:
    return here.views < there.views or here.visits < there.visits or here.visitors < there.visitors


def _pages(connection: Connection, site_id: int) -> dict[str, Tally]:
    page = schema.page.c
    asked = select(page.path, page.views, page.visits, page.visitors).where(page.site_id == site_id)
    return {
        found.path: Tally(found.views, found.visits, found.visitors)
        for found in connection.execute(asked)
    }


def _days(connection: Connection, site_id: int, site: Site, now_ms: int) -> dict[str, Tally]:
    page, day = schema.page.c, schema.day_count.c
    # A day less than Redis keeps: at midnight the oldest one goes, on the first hit of any host.
    oldest = date.fromisoformat(site.day(now_ms).label) - timedelta(days=DAYS_KEPT - 2)
    asked = (
        select(day.day, day.views, day.visits, day.visitors)
        .join(schema.page, page.id == day.page_id)
        .where(day.site_id == site_id, page.path == "", day.day >= oldest)
    )
    added = history_days(connection, site_id, oldest)
    measured = {}
    for found in connection.execute(asked):
        label = found.day.isoformat()
        views, visits, visitors = added.get(label, (0, 0, 0))
        measured[label] = Tally(
            found.views - views, found.visits - visits, found.visitors - visitors
        )
    return measured
