"""
The pages at the top of a period, as questions to SQL.

A period has as many rows as pages times days, and the first twenty pages need few of them. Whole
months are there as sums, and an index knows the largest rows of each month and day. What the best
of these rows add up to is the least that the pages which are wanted have. Rows that are so small
that all of them together would make less are passed over, and most rows are: old articles are
hardly read. Of pages in the rest only those are added up that can be among the first, in what is
ranked alone, which an index has; everything else is read for those that are shown.

Of half a year and more the pages with the most views in all are likely to be the first, so these
are tried before any month is looked at.

These are statements of their own and the pages between them are values, so that no planner has
to guess how many there are.

Making such a statement takes longer than running it, so each is made once, without its values.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Select,
    any_,
    func,
    literal_column,
    select,
    union_all,
)

from service.archive import schema
from service.reporting.asking import fast_sum
from service.reporting.page_sums import (
    Kind,
    Shape,
    Statement,
    bound,
    is_within,
    of_pages,
    shape_of,
    table_of,
    values_of,
)
from service.reporting.pieces import Asked, Rank, pieces_of

#: Rows at the top of each day and month that tell, beyond those that are wanted, how much is much.
HEAD = 50


def least_of(asked: Asked, wanted: int) -> Statement:
    """
    A number that so many pages have at least, close to what the last of them has.

    It is what the page at this place has in its best days and months.
    """
    values = values_of(asked) | {"head": wanted + HEAD - 1, "place": wanted - 1}
    return Statement(_least(shape_of(asked), asked.by), values)


def ever_read(asked: Asked, many: int) -> Statement:
    """
    So many pages with the most views on all their days, and how many these are, the most first.

    No period has more of a page.
    """
    values = {"site": asked.site, "whole": asked.whole, "many": many}
    return Statement(_ever_read(), values)


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
    values = values_of(asked) | {"place": wanted - 1, "rest": rest}
    values |= {f"below{number}": cut - 1 for number, cut in enumerate(cuts)}
    return Statement(_likely(Kind(shape_of(asked), asked.by, asked.is_postgresql)), values)


@lru_cache(maxsize=1)
def _ever_read() -> Select[Any]:
    total = schema.total_count
    return (
        select(total.c.page_id, total.c.views)
        .where(*of_pages(total))
        .order_by(total.c.views.desc())
        .limit(bound("many"))
    )


@lru_cache(maxsize=64)
def _least(shape: Shape, by: Rank) -> Select[Any]:
    parts = []
    for number, span in enumerate(shape):
        bounds = _bounds(span, by, number)
        count = table_of(span).alias(f"h{number}")
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
        .offset(bound("place"))
    )


@lru_cache(maxsize=64)
def _likely(kind: Kind) -> Select[Any]:
    seen = _seen(kind)
    at_place = select(seen.c.had).order_by(seen.c.had.desc()).limit(1).offset(bound("place"))
    least = select(func.coalesce(at_place.scalar_subquery(), 0).label("had")).cte("least")
    best = select(least.c.had).scalar_subquery()
    # In the days on which it was below the cut it had what the cut is at most.
    may_have = seen.c.above + bound("rest")
    likely = select(seen.c.page_id, best.label("best")).where(may_have >= best)
    if kind.by is not Rank.VIEWS:
        return likely
    # Nor is a page one of them that has not had so much on all its days.
    total = schema.total_count
    had = total.c.page_id == seen.c.page_id
    return likely.join(total, had).where(total.c.views >= best)


def _seen(kind: Kind) -> CTE:
    """
    The pages that were ever above a cut, with what they had then and how much above it that was.
    """
    parts = []
    for number, span in enumerate(kind.shape):
        spans, below = _spans(span, number), bound(f"below{number}")
        count = table_of(span).alias(f"c{number}")
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
    sums = [
        fast_sum(above.c[name], is_postgresql=kind.is_postgresql).label(name)
        for name in ("had", "above")
    ]
    return select(above.c.page_id, *sums).group_by(above.c.page_id).cte("seen")


def _spans(span: str, number: int) -> CTE:
    """
    The days or months of a piece on which anything happened: those that the site itself has.
    """
    whole = table_of(span).alias(f"s{number}")
    return (
        select(whole.c[span].label("span"))
        .where(whole.c.page_id == bound("whole"), is_within(whole, span, number))
        .cte(f"spans{number}")
        # Each day by itself: an index finds its largest rows and no others.
        .prefix_with("MATERIALIZED")
    )


def _bounds(span: str, by: Rank, number: int) -> CTE:
    """
    For each day or month what the page at this depth has; 1 when there are not so many pages.
    """
    whole, count = table_of(span).alias(f"w{number}"), table_of(span).alias(f"x{number}")
    depth = (
        select(count.c[by])
        .where(count.c[span] == whole.c[span], *_some_of(by, count, f"x{number}"))
        .order_by(count.c[by].desc())
        .limit(1)
        .offset(bound("head"))
        .correlate(whole)
        .scalar_subquery()
    )
    return (
        select(whole.c[span].label("span"), func.coalesce(depth, 1).label("bound"))
        .where(whole.c.page_id == bound("whole"), is_within(whole, span, number))
        .cte(f"bounds{number}")
        # Otherwise SQLite begins with the many rows that these few are there to choose from.
        .prefix_with("MATERIALIZED")
    )


def _some_of(by: Rank, count: FromClause, alias: str) -> list[ColumnElement[bool]]:
    # As it stands in the index, which a bound value would not be recognised by.
    return [*of_pages(count), literal_column(f"{alias}.{by.value} <> 0")]
