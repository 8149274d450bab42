"""
Lists of pages that readers are shown: the most read, and what is read with a page.

Everything here may be printed on a front page, so a title is one that two visitors have sent or an
administrator has pinned, and else the path.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import quote

from sqlalchemy import Connection, func, select

from service.archive import schema
from service.archive.databases import Database
from service.archive.together import FLOOR, oldest_week
from service.dimensions import OTHER
from service.intake.sites import Site
from service.reporting.asking import page_number
from service.reporting.periods import Period

#: Pages that a list has at most.
LONGEST = 100

#: Hosts that only one machine can call by this name.
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})

#: What stands in a path as it is; an escape in it is one already.
_PLAIN = "%/?#&=:@!$()*+,;~-._"


@dataclass(frozen=True, slots=True)
class Named:
    """
    What a page is called, and where it is.
    """

    title: str
    #: Its host, where that is not the site's first.
    host: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """
    One page of a list.
    """

    path: str
    named: Named
    #: Views of the period.
    views: int = 0


@dataclass(frozen=True, slots=True)
class PageList:
    """
    Pages in order, and the moment up to which SQL had been told of hits.
    """

    pages: tuple[Listed, ...]
    as_of_ms: int


def popular(database: Database, site: Site, span: Period) -> PageList:
    """
    The pages with the most views in a period, but for those below the site's floor.
    """
    count, page = schema.day_count.c, schema.page.c
    views = func.sum(count.views)
    with database.read() as connection:
        whole = page_number(connection, site.id)
        other = page_number(connection, site.id, OTHER)
        asked = (
            select(count.page_id, views.label("views"))
            .where(count.site_id == _site_number(site), count.day.between(span.first, span.last))
            .where(count.page_id.not_in([n for n in (whole, other) if n is not None]))
            .group_by(count.page_id)
            .having(views >= max(site.floor, 1))
            # One more key, so that pages of equal views stand in one order.
            .order_by(views.desc(), count.page_id)
            .limit(LONGEST)
        ).subquery()
        rows = connection.execute(
            select(page.path, page.pinned_title, page.shown_title, page.shown_host, asked.c.views)
            .join(asked, asked.c.page_id == page.id)
            .order_by(asked.c.views.desc(), page.id)
        ).all()
        as_of = _as_of(connection, site)
    pages = [Listed(row[0], _named(*row[:4]), int(row[4])) for row in rows]
    return PageList(tuple(pages), as_of)


def related(database: Database, site: Site, path: str, today: date) -> PageList:
    """
    The pages that most readers of this page have read on the same day, without numbers.

    A page that fewer than five readers have read with it is not among them.
    """
    count, page = schema.related_count.c, schema.page.c
    readers = func.sum(count.readers)
    with database.read() as connection:
        asked = (
            select(count.other_id, readers.label("readers"))
            .where(count.page_id == page_number(connection, site.id, path))
            .where(count.week >= oldest_week(today))
            .group_by(count.other_id)
            .having(readers >= FLOOR)
            .order_by(readers.desc(), count.other_id)
            .limit(LONGEST)
        ).subquery()
        rows = connection.execute(
            select(page.path, page.pinned_title, page.shown_title, page.shown_host)
            .join(asked, asked.c.other_id == page.id)
            .order_by(asked.c.readers.desc(), page.id)
        ).all()
        as_of = _as_of(connection, site)
    return PageList(tuple(Listed(row[0], _named(*row)) for row in rows), as_of)


def names(database: Database, site: Site, paths: Collection[str]) -> dict[str, Named]:
    """
    What these pages are called; those that SQL does not know yet are left out.
    """
    page = schema.page.c
    asked = select(page.path, page.pinned_title, page.shown_title, page.shown_host).where(
        page.site_id == _site_number(site), page.path.in_(paths)
    )
    with database.read() as connection:
        return {row[0]: _named(*row) for row in connection.execute(asked)}


def address(site: Site, page: str, host: str = "") -> str:
    """
    The URL of a page; without a host that readers can call it is one for pages beside it.
    """
    path = quote(page, safe=_PLAIN)
    host = host or site.host
    return path if not host or host in _LOOPBACK else f"https://{host}{path}"


def list_span(name: str, today: date) -> Period:
    """
    The days of a list: of today, of this week from Monday, of this month from the 1st.

    :raises KeyError: there is no such list
    """
    begins = {
        "day": today,
        "week": today - timedelta(days=today.weekday()),
        "month": today.replace(day=1),
    }
    return Period(begins[name], today)


def _named(path: str, pinned: str | None, shown: str | None, host: str | None) -> Named:
    return Named(pinned or shown or path, host or "")


def _site_number(site: Site) -> object:
    return select(schema.site.c.id).where(schema.site.c.name == site.id).scalar_subquery()


def _as_of(connection: Connection, site: Site) -> int:
    added = schema.delta.c
    asked = select(func.max(added.added_ms)).where(added.site_id == _site_number(site))
    return connection.execute(asked).scalar() or 0
