"""
Pages in the order of what happened on them, without adding up every page of a site.

A period has as many rows as pages times days, and the first twenty pages need few of them. An
index knows the largest rows of each day. The pages among the first so many of any day are added
up; any other page has, on each day, less than the last of these had, so it has less than their
sum. When the pages that are wanted have more than that, no other can be among them and the answer
is exact. Otherwise more rows of each day are looked at and, at last, all of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    func,
    literal_column,
    or_,
    select,
)

from service.archive import schema
from service.archive.databases import Database
from service.reporting.asking import FETCHED, page_number, site_number, sums, within
from service.reporting.periods import Period

#: Pages of each day that are looked at first, beyond those that are wanted.
FIRST_DEPTH = 50

#: How many times deeper a second look goes, and how many pages of a day it looks at at most.
DEEPER, LARGEST_DEPTH = 8, 2_000


class Rank(StrEnum):
    """
    What pages can be ranked by.
    """

    VIEWS = "views"
    ENTRIES = "entries"
    EXITS = "exits"


@dataclass(frozen=True, slots=True)
class PageTotals:
    """
    What happened on a page in a period.
    """

    path: str
    #: ``None`` while no title is known.
    title: str | None
    views: int
    #: Visits with at least one view of it.
    visits: int
    #: The sum of the days' visitors.
    visitors: int
    #: Visits that began and that ended there.
    entries: int
    exits: int
    #: Visits that began there and had no second view and no event.
    bounces: int
    engaged_seconds: int
    events: int


@dataclass(frozen=True, slots=True)
class Place:
    """
    A page's place in a ranking, behind which the next part of it begins.
    """

    number: int
    path: str
    #: How many pages there are up to it, as far as is known.
    rank: int


@dataclass(frozen=True, slots=True)
class Ranking:
    """
    A part of a ranking, and the place of its last page when there are more.
    """

    rows: list[PageTotals]
    last: Place | None


def ranked_pages(
    database: Database,
    site: str,
    span: Period,
    limit: int,
    by: Rank = Rank.VIEWS,
    after: Place | None = None,
) -> Ranking:
    """
    The pages with the most of a measure in a period; among equals by path.

    :param after: only those that follow this place
    """
    with database.read() as connection:
        whole, number = page_number(connection, site), site_number(connection, site)
        if whole is None or number is None:
            return Ranking([], None)
        asked = _Asked(number, whole, span, by)
        found = _first_rows(connection, asked, limit, after)
    rows = [_page(row) for row in found[:limit]]
    if len(found) <= limit:
        return Ranking(rows, None)
    reached = (after.rank if after else 0) + limit
    return Ranking(rows, Place(getattr(rows[-1], by), rows[-1].path, reached))


def every_page(
    database: Database, site: str, span: Period, by: Rank = Rank.VIEWS
) -> Iterator[PageTotals]:
    """
    The same pages, all of them, one after the other; the connection is held until the last.
    """
    with database.read() as connection:
        whole, number = page_number(connection, site), site_number(connection, site)
        if whole is None or number is None:
            return
        asked = _all_pages(_Asked(number, whole, span, by))
        for row in connection.execution_options(yield_per=FETCHED).execute(asked):
            yield _page(row)


@dataclass(frozen=True, slots=True)
class _Asked:
    """
    Which ranking is wanted.
    """

    site: int
    #: The number of the site as a whole, which is no page of its own.
    whole: int
    span: Period
    by: Rank


def _first_rows(
    connection: Connection, asked: _Asked, limit: int, after: Place | None
) -> list[Row[Any]]:
    depth = FIRST_DEPTH + limit + (after.rank if after else 0)
    while depth <= LARGEST_DEPTH:
        rows = list(connection.execute(_likely_pages(asked, limit + 1, after, depth)))
        # A page that was not looked at has this much at most.
        rest = int(rows[0].rest) if rows else 0
        if rest == 0 and (rows or after is None):
            return rows
        if len(rows) > limit and int(rows[-1].ranked) > rest:
            return rows
        depth *= DEEPER
    return list(connection.execute(_all_pages(asked, limit + 1, after)))


def _likely_pages(asked: _Asked, limit: int, after: Place | None, depth: int) -> Select[Any]:
    """
    Pages among the first of any day, with all that happened on them in the period.
    """
    bounds = _bounds(asked, depth)
    count = schema.day_count.alias("c")
    likely = (
        select(count.c.page_id)
        .select_from(bounds.join(count, count.c.day == bounds.c.day))
        .where(
            count.c.site_id == asked.site,
            count.c.page_id != asked.whole,
            count.c[asked.by] >= bounds.c.bound,
            _some(asked.by, "c"),
        )
        .distinct()
    )
    totals = (
        select(schema.day_count.c.page_id, *sums(schema.day_count, schema.MEASURES))
        .where(schema.day_count.c.page_id.in_(likely), within(schema.day_count, asked.span))
        .group_by(schema.day_count.c.page_id)
        .subquery("totals")
    )
    rest = select(func.coalesce(func.sum(bounds.c.bound - 1), 0)).scalar_subquery()
    return _in_order(totals, asked.by, limit, after).add_columns(rest.label("rest"))


def _bounds(asked: _Asked, depth: int) -> CTE:
    """
    For each day what the page at this depth has; 1 when there are not so many pages.
    """
    day, count = schema.day_count.alias("d"), schema.day_count.alias("x")
    bound = (
        select(count.c[asked.by])
        .where(
            count.c.site_id == asked.site,
            count.c.day == day.c.day,
            count.c.page_id != asked.whole,
            _some(asked.by, "x"),
        )
        .order_by(count.c[asked.by].desc())
        .limit(1)
        .offset(depth - 1)
        .correlate(day)
        .scalar_subquery()
    )
    # The days on which anything happened are those that the site itself has.
    return (
        select(day.c.day, func.coalesce(bound, 1).label("bound"))
        .where(day.c.page_id == asked.whole, day.c.day.between(asked.span.first, asked.span.last))
        .cte("bounds")
    )


def _all_pages(asked: _Asked, limit: int | None = None, after: Place | None = None) -> Select[Any]:
    count = schema.day_count.c
    totals = (
        select(count.page_id, *sums(schema.day_count, schema.MEASURES))
        .where(count.site_id == asked.site, within(schema.day_count, asked.span))
        .where(count.page_id != asked.whole)
        .group_by(count.page_id)
        .subquery("totals")
    )
    return _in_order(totals, asked.by, limit, after)


def _in_order(totals: Any, by: Rank, limit: int | None, after: Place | None) -> Select[Any]:
    page, ranked = schema.page.c, totals.c[by]
    asked = (
        select(
            page.path,
            page.title,
            ranked.label("ranked"),
            *(totals.c[measure] for measure in schema.MEASURES),
        )
        .select_from(totals.join(schema.page, page.id == totals.c.page_id))
        .where(ranked > 0)
        .order_by(ranked.desc(), page.path)
        .limit(limit)
    )
    if after is None:
        return asked
    behind = or_(ranked < after.number, and_(ranked == after.number, page.path > after.path))
    return asked.where(behind)


def _some(by: Rank, alias: str) -> ColumnElement[bool]:
    # As it stands in the index, which a bound value would not be recognised by.
    return literal_column(f"{alias}.{by.value} > 0")


def _page(row: Row[Any]) -> PageTotals:
    # PostgreSQL's sums are decimals.
    told = {measure: int(getattr(row, measure)) for measure in schema.MEASURES}
    engaged = told.pop("engaged_visits")
    return PageTotals(path=row.path, title=row.title, bounces=told["entries"] - engaged, **told)
