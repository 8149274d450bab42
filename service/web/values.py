"""
What the dashboard shows of one value of a dimension.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from service.archive.databases import Database
from service.dimensions import Dimension
from service.languages import Tongue
from service.reporting.periods import Period
from service.reporting.series import Interval, Unit
from service.reporting.value_series import value_series
from service.web.asked import View
from service.web.charts import Chart
from service.web.looks import Look
from service.web.overviews import Tile, chart_of


@dataclass(frozen=True, slots=True)
class Behind:
    """
    What happened under a value, and in the period that is compared.
    """

    now: tuple[Interval, ...]
    before: tuple[Interval, ...]
    #: What the value counts: views, or events.
    counts: str

    @property
    def tiles(self) -> list[Tile]:
        """
        Its headline numbers.
        """
        shown = [self.counts] if self.counts == "events" else ["views", "visits", "visitors"]
        return [
            Tile(name, _sum(self.now, name), _sum(self.before, name) if self.before else None)
            for name in shown
        ]

    @property
    def whole(self) -> int:
        """
        All that it counts in the period.
        """
        return _sum(self.now, self.counts)


def behind(look: Look, view: View, database: Database, dimension: Dimension, value: str) -> Behind:
    """
    What happened under a value.
    """

    def asked(span: Period) -> tuple[Interval, ...]:
        return tuple(value_series(database, look.site.id, dimension, value, span, view.unit))

    counts = "events" if dimension is Dimension.EVENT else "views"
    return Behind(asked(view.span), asked(view.before) if view.before else (), counts)


def value_chart(look: Look, view: View, tongue: Tongue, found: Behind) -> Chart:
    """
    The chart of a value. Its shortest part is a day.
    """
    by_days = replace(view, unit=Unit.DAY) if view.unit is Unit.HOUR else view
    measure = found.counts if found.counts == "events" else str(view.metric)
    before = [getattr(row, measure) for row in found.before]
    return chart_of(look, by_days, tongue, found.now, before, measure)


def _sum(rows: Sequence[Any], name: str) -> int:
    return sum(getattr(row, name) for row in rows)
