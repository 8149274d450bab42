"""
The pages at the top of a period, as questions to SQL.

A period has as many rows as pages times days, and the first twenty pages need few of them. Whole
months are there as sums, and an index knows the largest rows of each month and day. The pages
among the first so many of any of these are added up; any other page has, in each, less than the
last of them had, so it has less than the sum of what these had.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import reduce
from operator import add
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Select,
    Subquery,
    Table,
    and_,
    func,
    literal_column,
    or_,
    select,
    union,
    union_all,
)

from service.archive import schema
from service.reporting.asking import TITLE
from service.reporting.periods import Period
from service.reporting.series import Unit, parts_of


class Rank(StrEnum):
    """
    What pages can be ranked by.
    """

    VIEWS = "views"
    ENTRIES = "entries"
    EXITS = "exits"


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
class Asked:
    """
    Which ranking is wanted.
    """

    site: int
    #: The number of the site as a whole, which is no page of its own.
    whole: int
    span: Period
    by: Rank


@dataclass(frozen=True, slots=True)
class _Piece:
    """
    A part of a period: whole months, or days on either side of them.
    """

    table: Table
    #: Its column of days or months.
    span: str
    first: date
    last: date

    def within(self, table: FromClause) -> ColumnElement[bool]:
        return table.c[self.span].between(self.first, self.last)


def _pieces(span: Period) -> list[_Piece]:
    months = [
        part
        for part in parts_of(span, Unit.MONTH)
        if part.first.day == 1 and (part.last + timedelta(days=1)).day == 1
    ]
    if not months:
        return [_Piece(schema.day_count, "day", span.first, span.last)]
    first, last = months[0].first, months[-1].last
    found = [_Piece(schema.month_count, "month", first, last)]
    if span.first < first:
        found.append(_Piece(schema.day_count, "day", span.first, first - timedelta(days=1)))
    if last < span.last:
        found.append(_Piece(schema.day_count, "day", last + timedelta(days=1), span.last))
    return found


def likely_pages(asked: Asked, limit: int, after: Place | None, depth: int) -> Select[Any]:
    """
    Pages among the first of any piece, with all that happened on them in the period, in order.

    In each row ``rest`` is what any other page has at most.
    :param depth: so many pages of each day or month are looked at
    """
    pieces = _pieces(asked.span)
    bounds = [_bounds(asked, piece, depth, n) for n, piece in enumerate(pieces)]
    likely = union(
        *(_above(asked, piece, bound) for piece, bound in zip(pieces, bounds, strict=True))
    ).cte("likely")
    rows = [
        select(piece.table.c.page_id, *(piece.table.c[m] for m in schema.MEASURES)).where(
            piece.table.c.page_id.in_(select(likely.c.page_id)), piece.within(piece.table)
        )
        for piece in pieces
    ]
    rest = [
        select(func.coalesce(func.sum(bound.c.bound - 1), 0)).scalar_subquery() for bound in bounds
    ]
    asked_for = _in_order(_added(rows), asked.by, limit, after)
    return asked_for.add_columns(reduce(add, rest).label("rest"))


def _added(rows: list[Select[Any]]) -> Subquery:
    """
    The sums of rows for each page.
    """
    all_rows = (
        union_all(*rows).subquery("counted") if len(rows) > 1 else rows[0].subquery("counted")
    )
    summed = [func.sum(all_rows.c[m]).label(m) for m in schema.MEASURES]
    return select(all_rows.c.page_id, *summed).group_by(all_rows.c.page_id).subquery("totals")


def _bounds(asked: Asked, piece: _Piece, depth: int, number: int) -> CTE:
    """
    For each day or month what the page at this depth has; 1 when there are not so many pages.
    """
    whole, count = piece.table.alias(f"w{number}"), piece.table.alias(f"x{number}")
    bound = (
        select(count.c[asked.by])
        .where(
            count.c.site_id == asked.site,
            count.c[piece.span] == whole.c[piece.span],
            count.c.page_id != asked.whole,
            _some(asked.by, f"x{number}"),
        )
        .order_by(count.c[asked.by].desc())
        .limit(1)
        .offset(depth - 1)
        .correlate(whole)
        .scalar_subquery()
    )
    # The days on which anything happened are those that the site itself has.
    return (
        select(whole.c[piece.span].label("span"), func.coalesce(bound, 1).label("bound"))
        .where(whole.c.page_id == asked.whole, piece.within(whole))
        .cte(f"bounds{number}")
    )


def _above(asked: Asked, piece: _Piece, bounds: CTE) -> Select[Any]:
    """
    The pages that have at least the bound on any day or in any month.
    """
    name = f"c{bounds.name}"
    count = piece.table.alias(name)
    return (
        select(count.c.page_id)
        .select_from(bounds.join(count, count.c[piece.span] == bounds.c.span))
        .where(
            count.c.site_id == asked.site,
            count.c.page_id != asked.whole,
            count.c[asked.by] >= bounds.c.bound,
            _some(asked.by, name),
        )
    )


def all_pages(asked: Asked, limit: int | None = None, after: Place | None = None) -> Select[Any]:
    """
    All pages of the period with all that happened on them, in order.
    """
    rows = [
        select(piece.table.c.page_id, *(piece.table.c[m] for m in schema.MEASURES)).where(
            piece.table.c.site_id == asked.site,
            piece.table.c.page_id != asked.whole,
            piece.within(piece.table),
        )
        for piece in _pieces(asked.span)
    ]
    return _in_order(_added(rows), asked.by, limit, after)


def _in_order(totals: Subquery, by: Rank, limit: int | None, after: Place | None) -> Select[Any]:
    page, ranked = schema.page.c, totals.c[by]
    asked = (
        select(
            page.path,
            TITLE.label("title"),
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
