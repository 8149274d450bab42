"""
Pages in the order of what happened on them, a part at a time.

The first pages of a period can be told without adding up every page of a site. When those that
are wanted have more than any page that was not looked at can have, the answer is exact; otherwise
all of them are added up.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Result, Row

from service.archive import schema
from service.archive.databases import Database
from service.reporting.asking import FETCHED, page_number, site_number, widened
from service.reporting.page_sums import Statement, all_pages, first_of, totals_of
from service.reporting.periods import Period
from service.reporting.pieces import Asked, Place, Rank, pieces_of
from service.reporting.top_pages import cuts_of, ever_read, least_of, likely_pages

__all__ = ["PageTotals", "Place", "Rank", "Ranking", "every_page", "ranked_pages"]

#: Up to this place a page is looked for among those at the top; behind it all are added up.
LARGEST_DEPTH = 2_000

#: In a period so long the pages with the most views on all their days are likely to be the first.
LONG = timedelta(days=180)

#: Rows of days and months that are added up to see whether they are.
ROWS = 5_000


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
        is_postgresql = connection.dialect.name == "postgresql"
        asked = Asked(number, whole, widened(connection, whole, span), by, is_postgresql)
        found = _first_rows(connection, asked, limit, after)
    rows = found[:limit]
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
        asked = all_pages(Asked(number, whole, widened(connection, whole, span), by))
        for row in _run(connection.execution_options(yield_per=FETCHED), asked):
            yield _page(row)


def _first_rows(
    connection: Connection, asked: Asked, limit: int, after: Place | None
) -> list[PageTotals]:
    """
    The first pages, and one more if there is one.
    """
    wanted = limit + 1 + (after.rank if after else 0)
    for likely in _ways(asked) if wanted <= LARGEST_DEPTH else ():
        pages, others = likely(connection, asked, wanted)
        rows = _run(connection, first_of(asked, pages, limit + 1, after)).all() if pages else []
        if _are_first([int(row.ranked) for row in rows], limit, others, after):
            return _with_totals(connection, asked, rows)
    return list(map(_page, _run(connection, all_pages(asked, limit + 1, after))))


#: Finds pages that may be among so many first ones, and what any other page has at most.
_Way = Callable[[Connection, Asked, int], tuple[list[int], int]]


def _ways(asked: Asked) -> Iterator[_Way]:
    if asked.by is Rank.VIEWS and asked.span.last - asked.span.first >= LONG:
        yield _ever_read
    yield _read_then


def _ever_read(connection: Connection, asked: Asked, _wanted: int) -> tuple[list[int], int]:
    many = max(1, ROWS // sum(piece.many for piece in pieces_of(asked.span)))
    ever = _run(connection, ever_read(asked, many + 1)).all()
    return [row.page_id for row in ever[:many]], int(ever[many].views) if ever[many:] else 0


def _read_then(connection: Connection, asked: Asked, wanted: int) -> tuple[list[int], int]:
    least = int(_run(connection, least_of(asked, wanted)).scalar() or 0)
    cuts, rest = cuts_of(asked, least)
    likely = _run(connection, likely_pages(asked, wanted, cuts, rest)).all()
    best = int(likely[0].best) if likely else 0
    return [row.page_id for row in likely], max(rest, best - 1)


def _with_totals(
    connection: Connection, asked: Asked, rows: Sequence[Row[Any]]
) -> list[PageTotals]:
    if not rows:
        return []
    found = _run(connection, totals_of(asked, [row.id for row in rows]))
    totals = {row.page_id: row for row in found}
    return [_totals(row.path, row.title, totals[row.id]) for row in rows]


def _run(connection: Connection, statement: Statement) -> Result[Any]:
    return connection.execute(statement.select, statement.values)


def _are_first(ranked: list[int], limit: int, others: int, after: Place | None) -> bool:
    """
    Whether no page that was passed over can be among these.

    Numbers may have grown since a place was handed out, so that more pages stand before it.
    """
    if not ranked:
        return others == 0 and after is None
    if len(ranked) > limit:
        return ranked[-1] > others
    return others == 0


def _page(row: Row[Any]) -> PageTotals:
    return _totals(row.path, row.title, row)


def _totals(path: str, title: str | None, row: Row[Any]) -> PageTotals:
    # PostgreSQL's sums are decimals.
    told = {measure: int(getattr(row, measure)) for measure in schema.MEASURES}
    engaged = told.pop("engaged_visits")
    return PageTotals(path=path, title=title, bounces=told["entries"] - engaged, **told)
