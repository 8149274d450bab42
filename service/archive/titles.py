"""
What pages are called.

A page has the newest title that it was seen with, and the newest that two visitors have sent. The
first is for reports where there is no second. The second is what strangers may be shown: whoever
sends one forged hit must not write on a front page. Either changes once an hour at most, and an
administrator's stands above both.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, select, update
from sqlalchemy import bindparam as bound

from service.archive import schema
from service.archive.audits import audit
from service.archive.databases import Database
from service.archive.sites import site_row
from service.counting.deltas import Delta
from service.counting.wire import PAIR
from service.intake.visitors import page_digest, title_digest

#: How long a title stands before a newer one may take its place, in ms.
TITLE_MS = 3_600_000

#: Visitors who have to send a title before it is shown.
VISITORS = 2

#: Pages that one question names.
_CHUNK = 1_000


@dataclass(frozen=True, slots=True)
class Names:
    """
    What is known of a page's title.
    """

    title: str | None = None
    titled_ms: int = 0
    shown_title: str | None = None
    shown_host: str | None = None
    shown_ms: int = 0
    #: A title that is not shown yet, as batches carry it; how many visitors have sent it.
    candidate: str | None = None
    candidate_visitors: int = 0


_COLUMNS = tuple(Names.__slots__)


def set_titles(connection: Connection, site_id: int, delta: Delta, now_ms: int) -> None:
    """
    The newest titles stand, but for those that changed less than an hour ago.
    """
    changed = []
    for number, path, known in _known(connection, site_id, list(delta.titles)):
        newest, page = delta.titles[path], page_digest(path)[: PAIR[1]]
        sent = {
            text: delta.votes.get(page + title_digest(text)[: PAIR[1]], 0)
            for text in (newest, known.candidate)
            if text is not None
        }
        named = renamed(known, newest, sent, now_ms)
        if named != known:
            values = {f"new_{name}": getattr(named, name) for name in _COLUMNS}
            changed.append({"number": number, **values})
    if changed:
        connection.execute(
            update(schema.page)
            .where(schema.page.c.id == bound("number"))
            .values({name: bound(f"new_{name}") for name in _COLUMNS}),
            changed,
        )


def renamed(known: Names, newest: str, sent: Mapping[str, int], now_ms: int) -> Names:
    """
    What is known of a page's title once visitors have sent these. Pure.

    :param newest: the title that came last, a TAB and its host where it has one
    :param sent: how many visitors sent the newest title, and the candidate
    """
    title, _, host = newest.partition("\t")
    if known.title != title and known.titled_ms <= now_ms - TITLE_MS:
        known = replace(known, title=title, titled_ms=now_ms)
    text, visitors = newest, sent[newest]
    # Who has called the page so before is joined by those who do now, whatever came last.
    if known.candidate is not None and (known.candidate == newest or sent[known.candidate]):
        text, visitors = known.candidate, known.candidate_visitors + sent[known.candidate]
    title, _, host = text.partition("\t")
    if (known.shown_title, known.shown_host) == (title, host) or not visitors:
        return known
    if visitors < VISITORS or known.shown_ms > now_ms - TITLE_MS:
        return replace(known, candidate=text, candidate_visitors=visitors)
    return replace(
        known,
        shown_title=title,
        shown_host=host,
        shown_ms=now_ms,
        candidate=None,
        candidate_visitors=0,
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
        if row is None or not path:
            return False
        asked = select(page.id).where(page.site_id == row.id, page.path == path)
        number = connection.execute(asked).scalar()
        if number is None:
            return False
        pinned = update(schema.page).where(page.id == number).values(pinned_title=title)
        connection.execute(pinned)
        audit(connection, now_ms, actor, site, "title", {"path": path, "title": title})
    return True


def _known(
    connection: Connection, site_id: int, paths: list[str]
) -> Iterator[tuple[int, str, Names]]:
    page = schema.page.c
    for first in range(0, len(paths), _CHUNK):
        asked = select(page.id, page.path, *(page[name] for name in _COLUMNS)).where(
            page.site_id == site_id, page.path.in_(paths[first : first + _CHUNK])
        )
        rows: list[Any] = list(connection.execute(asked))
        for row in rows:
            yield row[0], row[1], Names(*row[2:])
