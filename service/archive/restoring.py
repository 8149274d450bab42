"""
Giving a site back to a Redis that has lost it.

SQL's epoch is moved first, by compare-and-swap: from then on no delta of the life before can be
added, whoever still holds one. Redis takes a life only when it is younger than its own. So of two
that restore at once, or one that slept, the youngest wins and the others are refused at every step.
"""

import logging
from collections.abc import Generator
from contextlib import closing
from datetime import date, timedelta
from itertools import islice

from sqlalchemy import Connection, select, update

from service.archive import schema
from service.archive.additions import Steps
from service.archive.databases import Database
from service.archive.origins import history_days, history_events, history_views
from service.archive.producers import watermarks
from service.archive.sites import SiteRow, new_token, site_row
from service.counting.corrections import moved_row
from service.counting.direct import DIRECT
from service.counting.keys import SiteKeys
from service.counting.numbers import HISTORY
from service.counting.phases import begin, clear, finish, load
from service.counting.store import Store
from service.counting.wire import DAYS_KEPT
from service.dimensions import REMOVED
from service.errors import SiteNotOpen
from service.intake.days import day_before
from service.intake.sites import Site

log = logging.getLogger(__name__)

#: Pairs of field and value that Redis is given at once.
_CHUNK = 500

Pairs = Generator[tuple[str, str | int], None, None]


def restore(store: Store, database: Database, site: Site, now_ms: int, at: Steps) -> int:
    """
    Redis has all that SQL has, under a new epoch, and waits for journals; returns the epoch.

    :param at: told each step that is reached
    :raises SiteNotOpen: somebody else restores it, or this Redis ended; nothing is half done
    """
    row = _fence(database, site.id)
    at("fenced")
    log.warning("site is restored", extra={"site": site.id, "epoch": row.epoch})
    begin(store, site.id, row.epoch)
    clear(store, site.id, row.epoch)
    at("cleared")
    marks = watermarks(database, site.id)
    with database.read() as connection:
        if site_row(connection, site.id) != row:
            raise SiteNotOpen(f"{site.id} is restored by somebody else")
        keys = SiteKeys(site.id)
        _load(store, row, keys.state, _state(connection, row, marks, now_ms), at)
        _load(store, row, keys.pages, _pages(connection, row, site, now_ms), at)
        _load(store, row, keys.days, _days(connection, row, site, now_ms), at)
    at("loaded")
    # Also one that SQL has no batch of may know a salt that nobody else is to draw anew.
    knows = any(not producer.startswith(DIRECT) for producer in marks)
    finish(store, site.id, row.epoch, row.head, "remember" if knows else "count", now_ms)
    at("finished")
    return row.epoch


def _fence(database: Database, site: str) -> SiteRow:
    """
    The site's row, in its next epoch.
    """
    c = schema.site.c
    with database.write() as connection:
        row = site_row(connection, site)
        if row is None:
            raise SiteNotOpen(f"{site} has no numbers to restore")
        moved = connection.execute(
            update(schema.site)
            .where(c.id == row.id, c.epoch == row.epoch, c.head == row.head)
            .values(epoch=row.epoch + 1, head=new_token())
        )
        fenced = site_row(connection, site)
        if moved.rowcount != 1 or fenced is None:
            raise SiteNotOpen(f"{site} is restored by somebody else")
    return fenced


def _load(store: Store, row: SiteRow, key: str, pairs: Pairs, at: Steps) -> None:
    # Closed also when a step fails: a question that is left open would keep its connection at this
    # moment, and whoever gets the connection next would be told old numbers.
    with closing(pairs):
        while chunk := list(islice(pairs, _CHUNK)):
            load(store, row.name, row.epoch, key, chunk)
            at("loading")


def _state(connection: Connection, row: SiteRow, marks: dict[str, int], now_ms: int) -> Pairs:
    page, day = schema.page.c, schema.day_count.c
    totals = connection.execute(
        select(page.id, page.views, page.visits, page.visitors).where(
            page.site_id == row.id, page.path == ""
        )
    ).one_or_none()
    events = 0
    if totals is not None:
        asked = select(day.events).where(day.site_id == row.id, day.page_id == totals.id)
        events = sum(connection.execute(asked).scalars()) - history_events(connection, row.id)
    yield "number", row.number
    yield "views", totals.views if totals else 0
    yield "visits", totals.visits if totals else 0
    yield "visitors", totals.visitors if totals else 0
    yield "events", events
    yield "changed", now_ms
    yield "corrected", row.corrected
    for producer, seq in marks.items():
        if seq:
            yield f"p:{producer}", f"{seq} {now_ms}"
            if not producer.startswith(DIRECT):
                yield f"o:{producer}", seq


def _pages(connection: Connection, row: SiteRow, site: Site, now_ms: int) -> Pairs:
    """
    The numbers of each page: all its views, visits, visitors, and those of its newest two days.
    """
    page = schema.page.c
    today = site.day(now_ms)
    before = day_before(today, site.zone)
    of_today = _views_of_day(connection, row, today.label)
    of_before = _views_of_day(connection, row, before.label)
    asked = (
        select(page.id, page.path, page.views, page.visits, page.visitors)
        .add_columns(
            page.baseline_views + page.history_views, page.baseline_visits + page.history_visits
        )
        .where(page.site_id == row.id, page.path.not_in(["", REMOVED]), page.moved_to.is_(None))
        .order_by(page.id)
    )
    for found in connection.execute(asked):
        numbers = (found.views, found.visits, found.visitors, today.label)
        days = (of_today.get(found.id, 0), of_before.get(found.id, 0))
        baseline = found[5:7]
        yield found.path, " ".join(map(str, (*numbers, *days, *baseline)))
    to = schema.page.alias("to")
    moved = select(page.path, to.c.path).join(to, to.c.id == page.moved_to)
    for path, new in connection.execute(moved.where(page.site_id == row.id)):
        yield path, moved_row(new)


def _days(connection: Connection, row: SiteRow, site: Site, now_ms: int) -> Pairs:
    """
    The numbers of the site's newest days.
    """
    page, day = schema.page.c, schema.day_count.c
    oldest = date.fromisoformat(site.day(now_ms).label) - timedelta(days=DAYS_KEPT - 1)
    asked = (
        select(day.day, day.views, day.visits, day.visitors)
        .join(schema.page, page.id == day.page_id)
        .where(day.site_id == row.id, page.path == "", day.day >= oldest)
    )
    added = history_days(connection, row.id, oldest)
    for found in connection.execute(asked):
        label = found.day.isoformat()
        views, visits, visitors = added.get(label, (0, 0, 0))
        yield label, f"{found.views - views} {found.visits - visits} {found.visitors - visitors}"
        if label in added:
            yield label + HISTORY, f"{views} {visits} {visitors}"


def _views_of_day(connection: Connection, row: SiteRow, label: str) -> dict[int, int]:
    day = schema.day_count.c
    asked = select(day.page_id, day.views).where(
        day.site_id == row.id, day.day == date.fromisoformat(label)
    )
    added = history_views(connection, row.id, date.fromisoformat(label))
    return {
        found.page_id: found.views - added.get(found.page_id, 0)
        for found in connection.execute(asked)
    }
