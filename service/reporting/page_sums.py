"""
What happened on pages in a period, added up from whole months and the days beside them.

Making such a statement takes longer than running it, so each is made once, without its values.
Which pages are meant is a value, too, so that no planner has to guess how many there are.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
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
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY

from service.archive import schema
from service.reporting.asking import TITLE, fast_sum
from service.reporting.pieces import Asked, Place, Rank, pieces_of

#: What the pieces of a period are, in order.
Shape = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """
    A question to SQL with its values.
    """

    select: Select[Any]
    values: dict[str, Any]


def first_of(asked: Asked, pages: Sequence[int], limit: int, after: Place | None) -> Statement:
    """
    The first of these pages, with what they are ranked by, in order.
    """
    values = values_of(asked) | _behind_values(after) | {"limit": limit} | _these_values(pages)
    kind = Kind(shape_of(asked), asked.by, asked.is_postgresql, is_behind=after is not None)
    return Statement(_first(kind), values)


def totals_of(asked: Asked, pages: Sequence[int]) -> Statement:
    """
    All that happened on these pages, in no order.
    """
    kind = Kind(shape_of(asked), asked.by, asked.is_postgresql)
    return Statement(_totals(kind), values_of(asked) | _these_values(pages))


def all_pages(asked: Asked, limit: int | None = None, after: Place | None = None) -> Statement:
    """
    All pages of the period with all that happened on them, in order.
    """
    values = values_of(asked) | _behind_values(after)
    statement = _all(shape_of(asked), asked.by, after is not None)
    return Statement(statement.limit(limit), values)


def values_of(asked: Asked) -> dict[str, Any]:
    """
    What every statement about a period needs: its site and the ends of its pieces.
    """
    values: dict[str, Any] = {"site": asked.site, "whole": asked.whole}
    for number, piece in enumerate(pieces_of(asked.span)):
        values |= {f"first{number}": piece.first, f"last{number}": piece.last}
    return values


def _behind_values(after: Place | None) -> dict[str, Any]:
    return {"after_number": after.number, "after_path": after.path} if after else {}


def _these_values(pages: Sequence[int]) -> dict[str, str]:
    return {"pages": json.dumps(list(pages))}


def shape_of(asked: Asked) -> Shape:
    """
    The spans of a period's pieces, in order.
    """
    return tuple(piece.span for piece in pieces_of(asked.span))


@dataclass(frozen=True, slots=True)
class Kind:
    """
    What the text of a ranking depends on.
    """

    shape: Shape
    by: Rank
    is_postgresql: bool
    is_behind: bool = False


@lru_cache(maxsize=64)
def _first(kind: Kind) -> Select[Any]:
    counted = _rows_of_these(kind, [kind.by.value])
    totals = _added(counted, [kind.by.value], is_postgresql=kind.is_postgresql)
    page = schema.page.c
    asked = select(page.id, page.path, TITLE.label("title"), totals.c[kind.by].label("ranked"))
    ordered = _in_order(asked, totals, kind.by, is_behind=kind.is_behind)
    return ordered.limit(bound("limit"))


@lru_cache(maxsize=64)
def _totals(kind: Kind) -> Select[Any]:
    totals = _added(_rows_of_these(kind, schema.MEASURES), schema.MEASURES)
    return select(totals.c.page_id, *(totals.c[measure] for measure in schema.MEASURES))


def _rows_of_these(kind: Kind, measures: Sequence[str]) -> list[Select[Any]]:
    return [
        _measures(span, number, measures).where(_is_one_of(table_of(span), kind))
        for number, span in enumerate(kind.shape)
    ]


def _is_one_of(table: Table, kind: Kind) -> ColumnElement[bool]:
    """
    Whether a row is of one of the pages, however many these are, in one and the same statement.
    """
    told = bindparam("pages", type_=Text)
    if kind.is_postgresql:
        numbers = cast(func.translate(told, "[]", "{}"), ARRAY(BigInteger))
        return table.c.page_id == any_(numbers)
    each = func.json_each(told).table_valued("value")
    return table.c.page_id.in_(select(each.c.value))


@lru_cache(maxsize=64)
def _all(shape: Shape, by: Rank, is_behind: bool) -> Select[Any]:  # noqa: FBT001 - a key
    rows = [
        _measures(span, number, schema.MEASURES).where(*of_pages(table_of(span)))
        for number, span in enumerate(shape)
    ]
    totals, page = _added(rows, schema.MEASURES), schema.page.c
    measures = [totals.c[measure] for measure in schema.MEASURES]
    asked = select(page.path, TITLE.label("title"), totals.c[by].label("ranked"), *measures)
    return _in_order(asked, totals, by, is_behind=is_behind)


def _measures(span: str, number: int, measures: Sequence[str]) -> Select[Any]:
    table = table_of(span)
    columns = [table.c[measure] for measure in measures]
    return select(table.c.page_id, *columns).where(is_within(table, span, number))


def _added(
    rows: list[Select[Any]], measures: Sequence[str], *, is_postgresql: bool = False
) -> Subquery:
    """
    The sums of rows for each page.
    """
    counted = (union_all(*rows) if len(rows) > 1 else rows[0]).subquery("counted")
    summed = [fast_sum(counted.c[m], is_postgresql=is_postgresql).label(m) for m in measures]
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
    number, path = bound("after_number"), bindparam("after_path", type_=page.path.type)
    return ordered.where(or_(ranked < number, and_(ranked == number, page.path > path)))


def table_of(span: str) -> Table:
    """
    Where the numbers of days, or of months, stand.
    """
    return schema.day_count if span == "day" else schema.month_count


def bound(name: str) -> BindParameter[int]:
    """
    A number that a statement is given when it is run.
    """
    return bindparam(name, type_=BigInteger())


def is_within(table: FromClause, span: str, number: int) -> ColumnElement[bool]:
    """
    Whether a row is of the piece at this place.
    """
    first, last = (bindparam(f"{name}{number}", type_=Date()) for name in ("first", "last"))
    return table.c[span].between(first, last)


def of_pages(count: FromClause) -> list[ColumnElement[bool]]:
    """
    Whether a row is of the site's pages and not of the site as a whole.
    """
    return [count.c.site_id == bound("site"), count.c.page_id != bound("whole")]
