"""
The pages at the top of a period, as questions to SQL.

A period has as many rows as pages times days, and the first twenty pages need few of them. Whole
months are there as sums, and an index knows the largest rows of each month and day. What the best
of these rows add up to is the least that the pages which are wanted have. Rows that are so small
that all of them together would make less are passed over, and most rows are: old articles are
hardly read. Of pages in the rest only those are added up that can be among the first, in what is
ranked alone, which an index has; everything else is read for those that are shown.

These are statements of their own and the pages between them are values, so that no planner has
to guess how many there are.

Making such a statement takes longer than running it, so each is made once, without its values.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    BindParameter,
    ColumnElement,
    Date,
    FromClause,
    Select,
    Subquery,
    Table,
    Text,
    and_,
    any_,
    bindparam,
    cast,
    func,
    literal_column,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY

from service.archive import schema
from service.reporting.asking import TITLE
from service.reporting.pieces import Asked, Place, Rank, pieces_of

#: Rows at the top of each day and month that tell, beyond those that are wanted, how much is much.
HEAD = 50


@dataclass(frozen=True, slots=True)
class Statement:
    """
    A question to SQL with its values.
    """

    select: Select[Any]
    values: dict[str, Any]


def least_of(asked: Asked, wanted: int) -> Statement:
    """
    A number that so many pages have at least, close to what the last of them has.

    It is what the page at this place has in its best days and months.
    """
    values = _values(asked) | {"head": wanted + HEAD - 1, "place": wanted - 1}
    return Statement(_least(_shape(asked), asked.by), values)


def cuts_of(asked: Asked, least: int) -> tuple[list[int], int]:
    """
    For each piece what is too little to be looked at, and what a page may have had of it in all.

    That is less than ``least``, so a page that was never above a cut is not among the first.
    """
    pieces = pieces_of(asked.span)
    shares = sum(piece.many * piece.weight for piece in pieces)
    cuts = [max(1, least * piece.weight * 4 // (10 * shares)) for piece in pieces]
    rest = sum(piece.many * (cut - 1) for piece, cut in zip(pieces, cuts, strict=True))
    return cuts, rest


def likely_pages(asked: Asked, wanted: int, cuts: Sequence[int], rest: int) -> Statement:
    """
    The numbers of pages that may be among so many first ones.

    ``best`` is what pages that are not among them have less than.
    :param cuts: rows below these are passed over
    :param rest: what a page may have had in such rows
    """
    values = _values(asked) | {"place": wanted - 1, "rest": rest}
    values |= {f"below{number}": cut - 1 for number, cut in enumerate(cuts)}
    return Statement(_likely(_Kind(_shape(asked), asked.by, asked.is_postgresql)), values)


def first_of(asked: Asked, pages: Sequence[int], limit: int, after: Place | None) -> Statement:
    """
    The first of these pages, with what they are ranked by, in order.
    """
    values = _values(asked) | _behind_values(after) | {"limit": limit} | _these_values(pages)
    kind = _Kind(_shape(asked), asked.by, asked.is_postgresql, is_behind=after is not None)
    return Statement(_first(kind), values)


def totals_of(asked: Asked, pages: Sequence[int]) -> Statement:
    """
    All that happened on these pages, in no order.
    """
    kind = _Kind(_shape(asked), asked.by, asked.is_postgresql)
    return Statement(_totals(kind), _values(asked) | _these_values(pages))


def all_pages(asked: Asked, limit: int | None = None, after: Place | None = None) -> Statement:
    """
    All pages of the period with all that happened on them, in order.
    """
    values = _values(asked) | _behind_values(after)
    statement = _all(_shape(asked), asked.by, after is not None)
    return Statement(statement.limit(limit), values)


def _values(asked: Asked) -> dict[str, Any]:
    values: dict[str, Any] = {"site": asked.site, "whole": asked.whole}
    for number, piece in enumerate(pieces_of(asked.span)):
        values |= {f"first{number}": piece.first, f"last{number}": piece.last}
    return values


def _behind_values(after: Place | None) -> dict[str, Any]:
    return {"after_number": after.number, "after_path": after.path} if after else {}


def _these_values(pages: Sequence[int]) -> dict[str, str]:
    return {"pages": json.dumps(list(pages))}


#: What the pieces of a period are, in order: all that a statement depends on.
_Shape = tuple[str, ...]


def _shape(asked: Asked) -> _Shape:
    return tuple(piece.span for piece in pieces_of(asked.span))


@lru_cache(maxsize=64)
def _least(shape: _Shape, by: Rank) -> Select[Any]:
    parts = []
    for number, span in enumerate(shape):
        bounds = _bounds(span, by, number)
        count = _table(span).alias(f"h{number}")
        parts.append(
            select(count.c.page_id, count.c[by].label("had"))
            .select_from(bounds.join(count, count.c[span] == bounds.c.span))
            .where(*_some_of(by, count, f"h{number}"), count.c[by] >= bounds.c.bound)
        )
    best = union_all(*parts).subquery("best")
    total = func.sum(best.c.had)
    return (
        select(total)
        .group_by(best.c.page_id)
        .order_by(total.desc())
        .limit(1)
        .offset(_number("place"))
    )


@dataclass(frozen=True, slots=True)
class _Kind:
    """
    What the text of a ranking depends on.
    """

    shape: _Shape
    by: Rank
    is_postgresql: bool
    is_behind: bool = False


@lru_cache(maxsize=64)
def _likely(kind: _Kind) -> Select[Any]:
    seen = _seen(kind)
    at_place = select(seen.c.had).order_by(seen.c.had.desc()).limit(1).offset(_number("place"))
    least = select(func.coalesce(at_place.scalar_subquery(), 0).label("had")).cte("least")
    best = select(least.c.had).scalar_subquery()
    # In the days on which it was below the cut it had what the cut is at most.
    may_have = seen.c.above + _number("rest")
    return select(seen.c.page_id, best.label("best")).where(may_have >= best)


@lru_cache(maxsize=64)
def _first(kind: _Kind) -> Select[Any]:
    totals = _added(_rows_of_these(kind, [kind.by.value]), [kind.by.value])
    page = schema.page.c
    asked = select(page.id, page.path, TITLE.label("title"), totals.c[kind.by].label("ranked"))
    ordered = _in_order(asked, totals, kind.by, is_behind=kind.is_behind)
    return ordered.limit(_number("limit"))


@lru_cache(maxsize=64)
def _totals(kind: _Kind) -> Select[Any]:
    totals = _added(_rows_of_these(kind, schema.MEASURES), schema.MEASURES)
    return select(totals.c.page_id, *(totals.c[measure] for measure in schema.MEASURES))


def _rows_of_these(kind: _Kind, measures: Sequence[str]) -> list[Select[Any]]:
    return [
        _measures(span, number, measures).where(_is_one_of(_table(span), kind))
        for number, span in enumerate(kind.shape)
    ]


def _is_one_of(table: Table, kind: _Kind) -> ColumnElement[bool]:
    """
    Whether a row is of one of the pages, however many these are, in one and the same statement.
    """
    told = bindparam("pages", type_=Text)
    if kind.is_postgresql:
        numbers = cast(func.translate(told, "[]", "{}"), ARRAY(BigInteger))
        return table.c.page_id == any_(numbers)
    each = func.json_each(told).table_valued("value")
    return table.c.page_id.in_(select(each.c.value))


def _seen(kind: _Kind) -> CTE:
    """
    The pages that were ever above a cut, with what they had then and how much above it that was.
    """
    parts = []
    for number, span in enumerate(kind.shape):
        spans, below = _spans(span, number), _number(f"below{number}")
        count = _table(span).alias(f"c{number}")
        had = count.c[kind.by]
        rows = select(count.c.page_id, had.label("had"), (had - below).label("above"))
        if kind.is_postgresql:
            # Joined, it would hash, and read the large rows of all days there ever were.
            each = any_(func.array(select(spans.c.span).scalar_subquery()))
            rows = rows.where(count.c[span] == each)
        else:
            rows = rows.select_from(spans.join(count, count.c[span] == spans.c.span))
        parts.append(rows.where(*_some_of(kind.by, count, f"c{number}"), had > below))
    above = union_all(*parts).subquery("above")
    sums = [func.sum(above.c[name]).label(name) for name in ("had", "above")]
    return select(above.c.page_id, *sums).group_by(above.c.page_id).cte("seen")


@lru_cache(maxsize=64)
def _all(shape: _Shape, by: Rank, is_behind: bool) -> Select[Any]:  # noqa: FBT001 - a key
    rows = [
        _measures(span, number, schema.MEASURES).where(*_of_pages(_table(span)))
        for number, span in enumerate(shape)
    ]
    totals, page = _added(rows, schema.MEASURES), schema.page.c
    measures = [totals.c[measure] for measure in schema.MEASURES]
    asked = select(page.path, TITLE.label("title"), totals.c[by].label("ranked"), *measures)
    return _in_order(asked, totals, by, is_behind=is_behind)


def _measures(span: str, number: int, measures: Sequence[str]) -> Select[Any]:
    table = _table(span)
    columns = [table.c[measure] for measure in measures]
    return select(table.c.page_id, *columns).where(_within(table, span, number))


def _spans(span: str, number: int) -> CTE:
    """
    The days or months of a piece on which anything happened: those that the site itself has.
    """
    whole = _table(span).alias(f"s{number}")
    return (
        select(whole.c[span].label("span"))
        .where(whole.c.page_id == _number("whole"), _within(whole, span, number))
        .cte(f"spans{number}")
        # Each day by itself: an index finds its largest rows and no others.
        .prefix_with("MATERIALIZED")
    )


def _bounds(span: str, by: Rank, number: int) -> CTE:
    """
    For each day or month what the page at this depth has; 1 when there are not so many pages.
    """
    whole, count = _table(span).alias(f"w{number}"), _table(span).alias(f"x{number}")
    bound = (
        select(count.c[by])
        .where(count.c[span] == whole.c[span], *_some_of(by, count, f"x{number}"))
        .order_by(count.c[by].desc())
        .limit(1)
        .offset(_number("head"))
        .correlate(whole)
        .scalar_subquery()
    )
    return (
        select(whole.c[span].label("span"), func.coalesce(bound, 1).label("bound"))
        .where(whole.c.page_id == _number("whole"), _within(whole, span, number))
        .cte(f"bounds{number}")
        # Otherwise SQLite begins with the many rows that these few are there to choose from.
        .prefix_with("MATERIALIZED")
    )


def _added(rows: list[Select[Any]], measures: Sequence[str]) -> Subquery:
    """
    The sums of rows for each page.
    """
    counted = (union_all(*rows) if len(rows) > 1 else rows[0]).subquery("counted")
    summed = [func.sum(counted.c[m]).label(m) for m in measures]
    return select(counted.c.page_id, *summed).group_by(counted.c.page_id).subquery("totals")


def _in_order(asked: Select[Any], totals: Subquery, by: Rank, *, is_behind: bool) -> Select[Any]:
    page, ranked = schema.page.c, totals.c[by]
    ordered = (
        asked.select_from(totals.join(schema.page, page.id == totals.c.page_id))
        .where(ranked > 0)
        .order_by(ranked.desc(), page.path)
    )
    if not is_behind:
        return ordered
    number, path = _number("after_number"), bindparam("after_path", type_=page.path.type)
    return ordered.where(or_(ranked < number, and_(ranked == number, page.path > path)))


def _table(span: str) -> Table:
    return schema.day_count if span == "day" else schema.month_count


def _number(name: str) -> BindParameter[int]:
    return bindparam(name, type_=BigInteger())


def _within(table: FromClause, span: str, number: int) -> ColumnElement[bool]:
    first, last = (bindparam(f"{name}{number}", type_=Date()) for name in ("first", "last"))
    return table.c[span].between(first, last)


def _of_pages(count: FromClause) -> list[ColumnElement[bool]]:
    return [count.c.site_id == _number("site"), count.c.page_id != _number("whole")]


def _some_of(by: Rank, count: FromClause, alias: str) -> list[ColumnElement[bool]]:
    # As it stands in the index, which a bound value would not be recognised by.
    return [*_of_pages(count), literal_column(f"{alias}.{by.value} <> 0")]
