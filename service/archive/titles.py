"""
What pages are called.

A page has the newest title that it was seen with, and the newest that two visitors have sent. The
first is for reports. The second is what strangers may be shown: whoever sends one forged hit must
not write on a front page. Either changes once an hour at most, and an administrator's stands above
both.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, select, update
from sqlalchemy import bindparam as bound

from service.archive import schema
from service.archive.audits import audit
from service.archive.databases import Database
from service.archive.sites import site_row
from service.counting.deltas import Delta

#: How long a title stands before a newer one may take its place, in ms.
TITLE_MS = 3_600_000


def set_titles(connection: Connection, site_id: int, delta: Delta, now_ms: int) -> None:
    """
    The newest titles stand, but for those that changed less than an hour ago.
    """
    page = schema.page.c
    newest = {**delta.confirmed_titles, **delta.titles}
    titled = list(_rows(site_id, newest, now_ms))
    is_page = (page.site_id == bound("of_site")) & (page.path == bound("of_path"))
    if titled:
        connection.execute(
            update(schema.page)
            .where(is_page, page.title.is_distinct_from(bound("new")))
            .where(page.titled_ms <= bound("now") - TITLE_MS)
            .values(title=bound("new"), titled_ms=bound("now")),
            titled,
        )
    shown = list(_rows(site_id, delta.confirmed_titles, now_ms))
    if shown:
        is_other = page.shown_title.is_distinct_from(bound("new")) | (
            page.shown_host.is_distinct_from(bound("host"))
        )
        connection.execute(
            update(schema.page)
            .where(is_page, is_other, page.shown_ms <= bound("now") - TITLE_MS)
            .values(shown_title=bound("new"), shown_host=bound("host"), shown_ms=bound("now")),
            shown,
        )


def pin_title(
    database: Database, site: str, path: str, title: str | None, now_ms: int, actor: str
) -> bool:
    """
    The page is called so, whatever it is sent with; ``None`` takes that back.

    Returns whether there is such a page.
    """
    page = schema.page.c
    with database.write() as connection:
        row = site_row(connection, site)
        if row is None:
            return False
        asked = select(page.id).where(page.site_id == row.id, page.path == path)
        number = connection.execute(asked).scalar()
        if number is None or not path:
            return False
        pinned = update(schema.page).where(page.id == number).values(pinned_title=title)
        connection.execute(pinned)
        change = {"path": path, "title": title}
        audit(connection, now_ms, actor, site, "title", change)
    return True


def _rows(site_id: int, titles: Mapping[str, str], now_ms: int) -> Iterator[dict[str, Any]]:
    for path, text in titles.items():
        title, _, host = text.partition("\t")
        if title:
            yield {"of_site": site_id, "of_path": path, "new": title, "host": host, "now": now_ms}
