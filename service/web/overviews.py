"""
What the pages of the dashboard show, put together from answers on one connection.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from service.archive.databases import Database
from service.clock import instant
from service.intake.days import HOUR_MS, day_of
from service.intake.sites import Site
from service.languages import Tongue
from service.reporting import answers
from service.reporting.answers import Totals
from service.reporting.periods import Period, PeriodName
from service.reporting.series import Interval, Unit, series
from service.web.asked import View
from service.web.charts import Chart, Point, chart
from service.web.looks import Look


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


@dataclass(frozen=True, slots=True)
class Course:
    """
    A period and the one that it is compared with, by their parts and in all.
    """

    now: Sequence[Interval]
    #: Empty without a comparison.
    before: Sequence[Interval]
    totals: Totals
    #: For a day under way, up to the same hour; ``None`` without a comparison.
    totals_before: Totals | None


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


def course(look: Look, view: View, database: Database, path: str = "") -> Course:
    """
    What happened on a site or on one of its pages in the period, and in the one before.
    """

    def rows(span: Period | None, unit: Unit) -> list[Interval]:
        return series(database, look.site.id, span, unit, look.site.zone, path) if span else []

    def totals(span: Period, parts: Sequence[Interval]) -> Totals:
        if view.unit is not Unit.HOUR:
            return _added(parts)
        # Whoever comes in two hours is one visitor of the day.
        return answers.totals(database, look.site.id, span, path)

    now, before = rows(view.span, view.unit), rows(view.before, view.unit)
    was = None
    if view.before and view.name is PeriodName.TODAY:
        moment = look.runtime.clock.now_ms()
        hour = look.site.day(moment).hour(moment)
        hours = rows(view.before, Unit.HOUR)
        was = _added([row for row in hours if (row.hour or 0) <= hour])
    elif view.before:
        was = totals(view.before, before)
    return Course(now, before, totals(view.span, now), was)


def _added(rows: Sequence[Interval]) -> Totals:
    return Totals(
        *(sum(getattr(row, measure) for row in rows) for measure in Totals.__dataclass_fields__)
    )


def drawn(look: Look, view: View, tongue: Tongue, found: Course) -> Chart:
    """
    The chart of a site or of one of its pages.
    """
    numbers = [getattr(row, view.metric) for row in found.before]
    return chart_of(look, view, tongue, found.now, numbers, view.metric)


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
