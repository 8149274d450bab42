"""
What each report answers: its question is put to SQL, and the answer brought into its shape.
"""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from service.clock import instant
from service.dimensions import Dimension
from service.errors import Reason, Rejected
from service.intake.days import HOUR_MS, day_of
from service.intake.sites import Site
from service.reporting import answers, breakdowns, rankings, series
from service.reporting.answers import PageDimension
from service.reporting.breakdowns import ValueTotals
from service.reporting.periods import Comparison, Period, compared
from service.reporting.rankings import Place, Rank, ranked_pages
from service.reporting.series import Unit
from service.web import shapes
from service.web.parameters import Asked, cursor_text

_Number = Annotated[int, Meta(ge=0, le=2**53)]
_Text = Annotated[str, Meta(pattern=r"^[^\x00]*$")]

#: Dimensions whose values are pages, by what these are ranked by.
_RANKS = {PageDimension.ENTRY_PAGE: Rank.ENTRIES, PageDimension.EXIT_PAGE: Rank.EXITS}


class PageCursor(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """
    The place of a page in a ranking.
    """

    number: _Number
    path: _Text
    rank: _Number


class ValueCursor(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """
    The place of a value in a breakdown.
    """

    views: _Number
    events: _Number
    visits: _Number
    value: _Text


def frame(site: Site, span: Period) -> dict[str, Any]:
    """
    Which site and days an answer is about.
    """
    return {"site": site.id, "timezone": site.zone.key, "from_": span.first, "to": span.last}


def visitors_of(span: Period, visitors: int) -> dict[str, int]:
    """
    Visitors under the name that says what they are.
    """
    return {"visitors" if span.first == span.last else "visitor_days": visitors}


def totals(asked: Asked) -> shapes.Totals:
    """
    What happened in a period, and in the one that it is compared with.
    """
    span, path = asked.span, asked.path
    comparison = asked.choice("compare", Comparison)
    found = answers.totals(asked.runtime.database, asked.site.id, span, path)
    other = None
    if comparison is not None:
        before = compared(span, asked.once("period"), comparison)
        had = answers.totals(asked.runtime.database, asked.site.id, before, path)
        changes = {name: _percent(n, asdict(had)[name]) for name, n in asdict(found).items()}
        other = shapes.Compared(
            from_=before.first,
            to=before.last,
            change_percent=shapes.Changes(**changes),
            **_measures(before, had),
        )
    return shapes.Totals(**frame(asked.site, span), **_measures(span, found), comparison=other)


def _measures(span: Period, found: answers.Totals) -> dict[str, Any]:
    return {**asdict(found), **visitors_of(span, found.visitors)}


def _percent(now: int, before: int) -> float | None:
    return round((now - before) * 100 / before, 1) if before else None


def series_of(asked: Asked) -> shapes.Series:
    """
    A period by hours, days, weeks or months.
    """
    span, unit, zone = asked.span, asked.choice("unit", Unit) or Unit.DAY, asked.site.zone
    if unit is Unit.HOUR and series.hours_in(span, zone) > series.LARGEST_HOURS:
        raise Rejected(Reason.MALFORMED, "unit")
    rows = series.series(asked.runtime.database, asked.site.id, span, unit, zone, asked.path)
    told = [_interval(asked.site, unit, row) for row in rows]
    return shapes.Series(**frame(asked.site, span), unit=unit.value, series=told)


def _interval(site: Site, unit: Unit, row: series.Interval) -> shapes.Interval:
    begins_ms = day_of(row.first, site.zone).start_ms + (row.hour or 0) * HOUR_MS
    begins = instant(begins_ms).astimezone(site.zone)
    label = {
        Unit.HOUR: begins.strftime("%Y-%m-%dT%H:%M"),
        Unit.DAY: row.first.isoformat(),
        Unit.WEEK: row.first.strftime("%G-W%V"),
        Unit.MONTH: row.first.strftime("%Y-%m"),
    }[unit]
    return shapes.Interval(
        label=label,
        begins=begins,
        day=row.first,
        last_day=row.last,
        hour=row.hour,
        views=row.views,
        visits=row.visits,
        bounces=row.bounces,
        engaged_seconds=row.engaged_seconds,
        events=row.events,
        **visitors_of(Period(row.first, row.last), row.visitors),
    )


def pages(asked: Asked) -> shapes.Pages:
    """
    The pages with the most of a measure.
    """
    span, by, limit = asked.span, asked.choice("sort", Rank) or Rank.VIEWS, asked.limit()
    found = ranked_pages(asked.runtime.database, asked.site.id, span, limit, by, place_of(asked))
    return shapes.Pages(
        **frame(asked.site, span),
        pages=[page_row(span, row) for row in found.rows],
        next_cursor=next_cursor(found.last),
    )


def every_page(asked: Asked) -> Iterator[shapes.PageRow]:
    """
    All pages of a period.
    """
    span, by = asked.span, asked.choice("sort", Rank) or Rank.VIEWS
    rows = rankings.every_page(asked.runtime.database, asked.site.id, span, by)
    return (page_row(span, row) for row in rows)


def page_row(span: Period, row: rankings.PageTotals) -> shapes.PageRow:
    """
    A page of a ranking.
    """
    told = asdict(row)
    return shapes.PageRow(**told | {"visitors": msgspec.UNSET} | visitors_of(span, row.visitors))


def place_of(asked: Asked) -> Place | None:
    """
    The place behind which a part of a ranking is wanted.
    """
    given = asked.cursor(PageCursor)
    return Place(given.number, given.path, given.rank) if given else None


def next_cursor(last: Place | None) -> str | None:
    """
    What is handed out to get the part of a ranking behind a place.
    """
    return cursor_text(PageCursor(last.number, last.path, last.rank)) if last else None


def breakdown(asked: Asked) -> shapes.Breakdown:
    """
    A period by the values of a dimension, for the site or for a page.
    """
    span, path, limit = asked.span, asked.path, asked.limit()
    database, site = asked.runtime.database, asked.site.id
    name, cursor = _dimension(asked, path), None
    if isinstance(name, PageDimension):
        by = _RANKS[name]
        ranking = ranked_pages(database, site, span, limit, by, place_of(asked))
        rows = [_page_value(row, by) for row in ranking.rows]
        cursor = next_cursor(ranking.last)
    else:
        found = breakdowns.values_of(database, site, name, span, limit, path, _after(asked))
        rows = [_value_row(span, row) for row in found.rows]
        if found.has_more:
            last = found.rows[-1]
            cursor = cursor_text(ValueCursor(last.views, last.events, last.visits, last.value))
    told = frame(asked.site, span)
    return shapes.Breakdown(**told, dimension=name.value, values=rows, next_cursor=cursor)


def every_value(asked: Asked) -> Iterator[shapes.ValueRow]:
    """
    All values of a dimension.
    """
    span, path = asked.span, asked.path
    database, site, name = asked.runtime.database, asked.site.id, _dimension(asked, path)
    if isinstance(name, PageDimension):
        by = _RANKS[name]
        return (_page_value(row, by) for row in rankings.every_page(database, site, span, by))
    found = breakdowns.every_value(database, site, name, span, path)
    return (_value_row(span, row) for row in found)


def value_pages(asked: Asked) -> shapes.ValuePages:
    """
    The pages behind one value of a dimension.
    """
    span, value = asked.span, asked.once("value")
    if value is None:
        raise Rejected(Reason.MALFORMED, "value")
    if len(span.days) > breakdowns.LONGEST:
        raise Rejected(Reason.MALFORMED, "period")
    name = _dimension(asked, "?")
    if isinstance(name, PageDimension):
        raise Rejected(Reason.MALFORMED, "dimension", 404)
    rows = breakdowns.pages_of_value(
        asked.runtime.database, asked.site.id, name, value, span, asked.limit()
    )
    told = [
        shapes.ValuePageRow(
            **asdict(row) | {"visitors": msgspec.UNSET} | visitors_of(span, row.visitors)
        )
        for row in rows
    ]
    told_frame = frame(asked.site, span)
    return shapes.ValuePages(**told_frame, dimension=name.value, value=value, pages=told)


def _dimension(asked: Asked, path: str) -> Dimension | PageDimension:
    name = asked.rest.replace("-", "_")
    if name in set(PageDimension) and not path:
        return PageDimension(name)
    if name not in set(Dimension):
        raise Rejected(Reason.MALFORMED, "dimension", 404)
    return Dimension(name)


def _after(asked: Asked) -> ValueTotals | None:
    given = asked.cursor(ValueCursor)
    return ValueTotals(given.value, given.views, given.visits, 0, given.events) if given else None


def _value_row(span: Period, row: ValueTotals) -> shapes.ValueRow:
    return shapes.ValueRow(
        value=row.value,
        views=row.views,
        visits=row.visits,
        events=row.events,
        **visitors_of(span, row.visitors),
    )


def _page_value(row: rankings.PageTotals, by: Rank) -> shapes.ValueRow:
    return shapes.ValueRow(value=row.path, views=row.views, visits=getattr(row, by))


def filtered(asked: Asked) -> shapes.Filtered:
    """
    What was not counted in a period, by reason.
    """
    span = asked.span
    found = answers.filtered(asked.runtime.database, asked.site.id, span)
    return shapes.Filtered(**frame(asked.site, span), filtered=found)
