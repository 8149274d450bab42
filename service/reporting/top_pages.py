"""
The pages at the top of a period, as questions to SQL.

A period has as many rows as pages times days, and the first twenty pages need few of them. Whole
months are there as sums, and an index knows the largest rows of each month and day. What the best
of these rows add up to is the least that the pages which are wanted have. Rows that are so small
that all of them together would make less are passed over, and most rows are: old articles are
hardly read. Of pages in the rest only those are added up that can be among the first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
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
    union_all,
)

from service.archive import schema
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

    @property
    def weight(self) -> int:
        """
        How much more a row of it has, as a rule, than one of a day.
        """
        return 1 if self.span == "day" else 12

    @property
    def many(self) -> int:
        """
        How many days or months it has.
        """
        if self.span == "day":
            return (self.last - self.first).days + 1
        return (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1

    def within(self, table: FromClause) -> ColumnElement[bool]:
        return table.c[self.span].between(self.first, self.last)


def pieces_of(span: Period) -> list[_Piece]:
    """
    A period as whole months, where it has any, and the days on either side of them.
    """
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


def least_of(asked: Asked, wanted: int) -> Select[Any]:
    """
    A number that so many pages have at least, close to what the last of them has.

    It is what the page at this place has in its best days and months.
    """
    parts = []
    for number, piece in enumerate(pieces_of(asked.span)):
        bounds = _bounds(asked, piece, wanted, number)
        count = piece.table.alias(f"h{number}")
        parts.append(
            select(count.c.page_id, count.c[asked.by].label("had"))
            .select_from(bounds.join(count, count.c[piece.span] == bounds.c.span))
            .where(*_some_of(asked, count, f"h{number}"), count.c[asked.by] >= bounds.c.bound)
        )
    best = union_all(*parts).subquery("best")
    total = func.sum(best.c.had)
    return select(total).group_by(best.c.page_id).order_by(total.desc()).limit(1).offset(wanted - 1)


def cuts_of(asked: Asked, least: int) -> tuple[list[int], int]:
    """
    For each piece what is too little to be looked at, and what a page may have had of it in all.

    That is less than ``least``, so a page that was never above a cut is not among the first.
    """
    pieces = pieces_of(asked.span)
    shares = sum(piece.many * piece.weight for piece in pieces)
    cuts = [max(1, least * piece.weight * 9 // (10 * shares)) for piece in pieces]
    rest = sum(piece.many * (cut - 1) for piece, cut in zip(pieces, cuts, strict=True))
    return cuts, rest


def likely_pages(
    asked: Asked, limit: int, after: Place | None, wanted: int, cuts: Sequence[int], rest: int
) -> Select[Any]:
    """
    Pages that may be among so many first ones, with all that happened on them, in order.

    ``best`` is what pages that were seen but not added up have less than.
    :param cuts: rows below these are passed over
    :param rest: what a page may have had in such rows
    """
    pieces = pieces_of(asked.span)
    parts = []
    for number, (piece, cut) in enumerate(zip(pieces, cuts, strict=True)):
        count = piece.table.alias(f"c{number}")
        had = count.c[asked.by]
        parts.append(
            select(count.c.page_id, had.label("had"), (had - (cut - 1)).label("above")).where(
                *_some_of(asked, count, f"c{number}"), piece.within(count), had >= cut
            )
        )
    above = union_all(*parts).subquery("above")
    seen = (
        select(
            above.c.page_id,
            func.sum(above.c.had).label("had"),
            func.sum(above.c.above).label("above"),
        )
        .group_by(above.c.page_id)
        .cte("seen")
    )
    at_place = select(seen.c.had).order_by(seen.c.had.desc()).limit(1).offset(wanted - 1)
    best = func.coalesce(at_place.scalar_subquery(), 0)
    # In the days on which it was below the cut it had what the cut is at most.
    may_have = seen.c.above + rest
    likely = select(seen.c.page_id).where(may_have >= best)
    rows = [
        select(piece.table.c.page_id, *(piece.table.c[m] for m in schema.MEASURES)).where(
            piece.table.c.page_id.in_(likely), piece.within(piece.table)
        )
        for piece in pieces
    ]
    return _in_order(_added(rows), asked.by, limit, after).add_columns(best.label("best"))


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
        .where(count.c[piece.span] == whole.c[piece.span], *_some_of(asked, count, f"x{number}"))
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
        for piece in pieces_of(asked.span)
    ]
    return _in_order(_added(rows), asked.by, limit, after)


def _in_order(totals: Subquery, by: Rank, limit: int | None, after: Place | None) -> Select[Any]:
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


def _some_of(asked: Asked, count: FromClause, alias: str) -> list[ColumnElement[bool]]:
    return [
        count.c.site_id == asked.site,
        count.c.page_id != asked.whole,
        # As it stands in the index, which a bound value would not be recognised by.
        literal_column(f"{alias}.{asked.by.value} > 0"),
    ]
