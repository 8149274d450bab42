"""
What a person asks of the dashboard: the query of its address, read once and written again.

Everything that is shown stands in the address, so that it can be sent to somebody, kept and gone
back to. Parameters that Luot does not know are passed over: mail programs and networks add theirs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlencode

from service.dimensions import Dimension
from service.errors import Reason, Rejected
from service.intake.queries import query_value
from service.reporting.answers import PageDimension
from service.reporting.periods import Comparison, Period, PeriodName, compared, period
from service.reporting.series import Unit

W = TypeVar("W", bound=StrEnum)

#: The period that is shown when the address names none.
USUAL = PeriodName.LAST_30_DAYS

#: What stands for no comparison.
NO_COMPARISON = "none"

#: Days up to which a period is drawn by hours, by days, and by weeks; longer ones by months.
BY_HOURS, BY_DAYS, BY_WEEKS = 2, 120, 550


class Metric(StrEnum):
    """
    What the chart draws.
    """

    VIEWS = "views"
    VISITS = "visits"
    VISITORS = "visitors"


#: The list of pages as they were read, beside those by where visits began and ended.
PAGES = "pages"

#: The cards and what each may show; the first is shown when the address does not say.
CARDS: Mapping[str, tuple[str, ...]] = {
    "reading": (PAGES, PageDimension.ENTRY_PAGE, PageDimension.EXIT_PAGE),
    "sources": (Dimension.SOURCE, Dimension.CHANNEL, Dimension.REFERRER_PAGE),
    "campaigns": (
        Dimension.CAMPAIGN,
        Dimension.CAMPAIGN_MEDIUM,
        Dimension.CAMPAIGN_TERM,
        Dimension.CAMPAIGN_CONTENT,
    ),
    "places": (Dimension.COUNTRY, Dimension.LANGUAGE),
    "devices": (Dimension.DEVICE, Dimension.BROWSER, Dimension.SYSTEM, Dimension.SCREEN),
    "content": (Dimension.SECTION, Dimension.AUTHOR, Dimension.TAG),
    "events": (Dimension.EVENT,),
}

#: Everything that has a list of its own.
LISTED = frozenset(what for card in CARDS.values() for what in card)


_NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class View:
    """
    A period of a site, what it is compared with, and how it is shown.
    """

    name: PeriodName | None
    span: Period
    comparison: Comparison | None
    before: Period | None
    unit: Unit
    metric: Metric
    #: What each card shows.
    tabs: Mapping[str, str]
    today: date
    #: The parameters that were given, as they were.
    given: Mapping[str, str] = field(default_factory=dict)

    def query(self, extra: Mapping[str, str] = _NOTHING, /, **changes: str | None) -> str:
        """
        The query that shows the same with these changes; ``None`` takes a parameter out.

        :param extra: what else the page's address needs
        """
        told = {**extra, **self.given, **changes}
        written = urlencode({name: value for name, value in told.items() if value is not None})
        return f"?{written}" if written else "?"

    def in_period(self, name: str, extra: Mapping[str, str] = _NOTHING) -> str:
        """
        The query that shows the same in a period that has a name.
        """
        days: dict[str, str | None] = {"from": None, "to": None, "unit": None}
        return self.query(extra, period=name, **days)


def read_view(query: bytes, today: date, begun: date | None) -> View:
    """
    What a query asks for.

    :raises Rejected: malformed, with the name of the parameter
    """
    given = {name: value for name in _NAMES if (value := query_value(query, name))}
    span = period(given.get("period"), given.get("from"), given.get("to"), today, begun)
    is_named = "from" not in given
    name = PeriodName(given.get("period", USUAL)) if is_named else None
    comparison = _comparison(given.get("compare"))
    if name is PeriodName.ALL:
        comparison = None
    metric = _one_of(Metric, given.get("metric", Metric.VIEWS), "metric")
    return View(
        name=name,
        span=span,
        comparison=comparison,
        before=compared(span, name, comparison) if comparison else None,
        unit=_unit(span, given.get("unit")),
        metric=metric,
        tabs={card: _tab(card, given.get(card)) for card in CARDS},
        today=today,
        given=given,
    )


_NAMES = ("period", "from", "to", "compare", "unit", "metric", *CARDS)


def _comparison(told: str | None) -> Comparison | None:
    if told == NO_COMPARISON:
        return None
    return _one_of(Comparison, told or Comparison.PREVIOUS_PERIOD, "compare")


def _tab(card: str, told: str | None) -> str:
    if told is not None and told not in CARDS[card]:
        raise Rejected(Reason.MALFORMED, card)
    return told or CARDS[card][0]


def _unit(span: Period, told: str | None) -> Unit:
    days = (span.last - span.first).days + 1
    if told is not None:
        unit = _one_of(Unit, told, "unit")
        if unit is Unit.HOUR and days > BY_DAYS:
            raise Rejected(Reason.MALFORMED, "unit")
        return unit
    if days <= BY_HOURS:
        return Unit.HOUR
    if days <= BY_DAYS:
        return Unit.DAY
    return Unit.WEEK if days <= BY_WEEKS else Unit.MONTH


def _one_of(words: type[W], told: str, name: str) -> W:
    if told not in set(words):
        raise Rejected(Reason.MALFORMED, name)
    return words(told)
