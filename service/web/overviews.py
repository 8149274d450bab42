"""
What the pages of the dashboard show, put together from answers on one connection.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from service.archive.databases import Database
from service.clock import instant
from service.dimensions import NONE, Dimension
from service.intake.days import HOUR_MS, day_of
from service.intake.sites import Site
from service.languages import Tongue
from service.reporting import answers
from service.reporting.answers import PageDimension, Totals
from service.reporting.breakdowns import values_of
from service.reporting.periods import PeriodName
from service.reporting.rankings import Rank, ranked_pages
from service.reporting.series import Interval, Unit, series
from service.web.asked import CARDS, PAGES, View
from service.web.charts import Chart, Point, chart, share
from service.web.labels import value_label
from service.web.looks import Look

#: Rows of a card.
SHORT = 9

_RANKS = {
    PAGES: Rank.VIEWS,
    PageDimension.ENTRY_PAGE: Rank.ENTRIES,
    PageDimension.EXIT_PAGE: Rank.EXITS,
}


@dataclass(frozen=True, slots=True)
class Row:
    """
    A line of a list.
    """

    label: str
    #: What stands under or behind the label, when that is not all.
    told: str
    link: str
    number: int
    #: Of all that the list is about; ``None`` when that cannot be said.
    share: float | None
    #: How long its bar is, of 100.
    bar: float
    views: int
    visits: int
    visitors: int
    events: int


@dataclass(frozen=True, slots=True)
class Card:
    """
    One list, and the others that can stand in its place.
    """

    name: str
    tabs: tuple[str, ...]
    shown: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Tile:
    """
    A headline number, and what it was before.
    """

    name: str
    number: float | None
    before: float | None

    @property
    def change(self) -> float | None:
        """
        By how much of the number before it has changed; ``None`` when there was nothing.
        """
        if not self.before or self.number is None:
            return None
        return self.number / self.before - 1


def tiles(now: Totals, before: Totals | None, begun: int, begun_before: int) -> list[Tile]:
    """
    The headline numbers.

    :param begun: visits that began here, of which bounces are a part
    """

    def ratio(part: int, whole: int) -> float | None:
        return part / whole if whole else None

    def old(number: float | None) -> float | None:
        return number if before else None

    was = before or Totals(0, 0, 0, 0, 0, 0)
    return [
        Tile("views", now.views, old(was.views)),
        Tile("visits", now.visits, old(was.visits)),
        Tile("visitors", now.visitors, old(was.visitors)),
        Tile("pages", ratio(now.views, now.visits), old(ratio(was.views, was.visits))),
        Tile("bounces", ratio(now.bounces, begun), old(ratio(was.bounces, begun_before))),
        Tile(
            "engaged",
            ratio(now.engaged_seconds, now.visits),
            old(ratio(was.engaged_seconds, was.visits)),
        ),
    ]


def drawn(look: Look, view: View, tongue: Tongue, database: Database, path: str = "") -> Chart:
    """
    The chart of a site or of one of its pages.
    """
    told = (database, look.site.id)
    now = series(*told, view.span, view.unit, look.site.zone, path)
    before = series(*told, view.before, view.unit, look.site.zone, path) if view.before else []
    numbers = [getattr(row, view.metric) for row in before]
    return chart_of(look, view, tongue, now, numbers, view.metric)


def chart_of(
    look: Look,
    view: View,
    tongue: Tongue,
    now: Sequence[Interval],
    before: Sequence[int],
    measure: str,
) -> Chart:
    """
    The chart of a measure of intervals, of which those that have not begun have no number.
    """
    moment = look.runtime.clock.now_ms()
    points = [
        Point(
            *_labels(look.site, row, view.unit, tongue),
            getattr(row, measure) if begins_ms(look.site, row) <= moment else None,
            before[n] if n < len(before) else None,
            _zoom(look, view, row),
        )
        for n, row in enumerate(now)
    ]
    return chart(points, is_growing=view.span.last >= view.today)


def begins_ms(site: Site, row: Interval) -> int:
    """
    When an interval begins, in ms since 1970.
    """
    return day_of(row.first, site.zone).start_ms + (row.hour or 0) * HOUR_MS


def _labels(site: Site, row: Interval, unit: Unit, tongue: Tongue) -> tuple[str, str]:
    if unit is Unit.HOUR:
        begins = instant(begins_ms(site, row)).astimezone(site.zone)
        hour = f"{begins.hour:02}:{begins.minute:02}"
        return hour, f"{tongue.short_day(row.first)}, {hour}"
    if unit is Unit.MONTH:
        return tongue.short_month(row.first), tongue.month(row.first)
    if unit is Unit.WEEK:
        told = f"{tongue.day(row.first)} \u2013 {tongue.day(row.last)}"
        return tongue.short_day(row.first), told
    return tongue.short_day(row.first), tongue.long_day(row.first)


def _zoom(look: Look, view: View, row: Interval) -> str:
    if view.unit is Unit.HOUR:
        return ""
    told: dict[str, str | None] = {"from": row.first.isoformat(), "to": row.last.isoformat()}
    return f"{look.root}{view.query(**told, period=None, unit=None)}"


def card(
    look: Look, view: View, tongue: Tongue, database: Database, name: str, totals: Totals
) -> Card:
    """
    A card of a site.
    """
    shown = view.tabs[name]
    rows = list_of(look, view, tongue, database, shown, totals, SHORT)
    return Card(name, CARDS[name], shown, rows)


def list_of(
    look: Look,
    view: View,
    tongue: Tongue,
    database: Database,
    what: str,
    totals: Totals,
    limit: int,
    path: str = "",
) -> tuple[Row, ...]:
    """
    The first of a list, of a site or of one of its pages.
    """
    if what in _RANKS:
        return _pages(look, view, database, what, totals, limit)
    # A card has no room for what is not there: no campaign, no author.
    rows = values_of(database, look.site.id, Dimension(what), view.span, limit + 1, path).rows
    found = [row for row in rows if limit > SHORT or row.value != NONE][:limit]
    counts = "events" if what == Dimension.EVENT else "views"
    whole = None if what == Dimension.TAG else getattr(totals, counts)
    most = max((getattr(row, counts) for row in found), default=0)
    return tuple(
        Row(
            label=value_label(what, row.value, tongue),
            told="",
            link=look.value_link(view, what, row.value),
            number=getattr(row, counts),
            share=getattr(row, counts) / whole if whole else None,
            bar=share(getattr(row, counts), most),
            views=row.views,
            visits=row.visits,
            visitors=row.visitors,
            events=row.events,
        )
        for row in found
    )


def _pages(
    look: Look, view: View, database: Database, what: str, totals: Totals, limit: int
) -> tuple[Row, ...]:
    rank = _RANKS[what]
    found = ranked_pages(database, look.site.id, view.span, limit, rank).rows
    whole = totals.views if rank is Rank.VIEWS else totals.visits
    most = max((getattr(row, rank) for row in found), default=0)
    return tuple(
        Row(
            label=row.title or row.path,
            told=row.path if row.title else "",
            link=look.page_link(view, row.path),
            number=getattr(row, rank),
            share=getattr(row, rank) / whole if whole else None,
            bar=share(getattr(row, rank), most),
            views=row.views,
            visits=row.visits,
            visitors=row.visitors,
            events=row.events,
        )
        for row in found
    )


def before_totals(look: Look, view: View, database: Database, path: str = "") -> Totals | None:
    """
    What happened in the period that is compared; for a day under way, up to the same hour.
    """
    if view.before is None:
        return None
    if view.name is not PeriodName.TODAY:
        return answers.totals(database, look.site.id, view.before, path)
    now = look.runtime.clock.now_ms()
    hour = look.site.day(now).hour(now)
    rows = series(database, look.site.id, view.before, Unit.HOUR, look.site.zone, path)
    until = [row for row in rows if (row.hour or 0) <= hour]
    return Totals(
        *(sum(getattr(row, measure) for row in until) for measure in Totals.__dataclass_fields__)
    )
