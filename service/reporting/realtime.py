"""
What is going on now, with the titles of the pages.
"""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import select

from service.archive import schema
from service.archive.databases import Database
from service.archive.moves import paths_now
from service.counting.presences import Presence
from service.errors import LuotError
from service.reporting.asking import FETCHED, TITLE, site_number


@dataclass(frozen=True, slots=True)
class PageNow:
    """
    A page and how many of those who are online viewed it last.
    """

    path: str
    title: str | None
    online: int


@dataclass(frozen=True, slots=True)
class SourceNow:
    """
    Where so many of those who are online came from.
    """

    source: str
    channel: str
    online: int


def pages_now(database: Database, site: str, presence: Presence, limit: int) -> list[PageNow]:
    """
    The pages that most of those who are online viewed last; among equals by path.

    A page that has moved counts as where it is now, and one whose views were removed not at all.
    """
    seen = _as_corrected(database, site, presence.pages)
    most = sorted(seen.items(), key=lambda row: (-row[1], row[0]))[:limit]
    titles = titles_of(database, site, [path for path, _ in most])
    return [PageNow(path, titles.get(path), many) for path, many in most]


def _as_corrected(database: Database, site: str, pages: Counter[str]) -> Counter[str]:
    page, seen = schema.page.c, Counter[str]()
    try:
        with database.read() as connection:
            number = site_number(connection, site)
            now = paths_now(connection, number, pages) if number else {}
            for path, many in pages.items():
                seen[now.get(path, path)] += many
            # Redis has pages that SQL does not know yet; those that it knows have views.
            known = list(seen)
            for first in range(0, len(known), FETCHED):
                some = page.path.in_(known[first : first + FETCHED])
                asked = select(page.path).where(page.site_id == number, some, page.views == 0)
                for path in connection.execute(asked).scalars():
                    del seen[path]
    except LuotError:
        return pages
    return seen


def sources_now(presence: Presence, limit: int) -> list[SourceNow]:
    """
    Where most of those who are online came from.
    """
    most = sorted(presence.sources.items(), key=lambda row: (-row[1], row[0]))[:limit]
    return [SourceNow(source, channel, many) for (source, channel), many in most]


def titles_of(database: Database, site: str, paths: list[str]) -> dict[str, str]:
    """
    The titles of pages, as far as they are known; none while SQL is away.
    """
    page = schema.page.c
    asked = (
        select(page.path, TITLE.label("title"))
        .join(schema.site, schema.site.c.id == page.site_id)
        .where(schema.site.c.name == site, page.path.in_(paths), TITLE.is_not(None))
    )
    try:
        with database.read() as connection:
            return {row.path: row.title for row in connection.execute(asked)}
    except LuotError:
        # The numbers are Redis' and can be shown without it.
        return {}
