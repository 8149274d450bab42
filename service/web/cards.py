"""
Lists of pages and of values, and the cards that they stand in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from service.archive.databases import Database
from service.dimensions import NONE, Dimension
from service.languages import Tongue
from service.reporting.answers import PageDimension, Totals
from service.reporting.breakdowns import ValueTotals, values_of, values_of_each
from service.reporting.rankings import Rank, ranked_pages
from service.web.asked import PAGES, View
from service.web.charts import share
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


def cards(
    look: Look,
    view: View,
    tongue: Tongue,
    database: Database,
    tabs: Mapping[str, tuple[str, ...]],
    totals: Totals,
    path: str = "",
) -> list[Card]:
    """
    The cards of a site or of one of its pages.

    :param tabs: the lists that can stand in each, by its name
    """
    shown = {
        name: view.tabs[name] if view.tabs.get(name) in lists else lists[0]
        for name, lists in tabs.items()
    }
    dimensions = [Dimension(what) for what in shown.values() if what not in _RANKS]
    values = values_of_each(database, look.site.id, dimensions, view.span, SHORT + 1, path)

    def rows(what: str) -> tuple[Row, ...]:
        if what in _RANKS:
            return _pages(look, view, database, what, totals, SHORT)
        # A card has no room for what is not there: no campaign, no author.
        found = [row for row in values[Dimension(what)] if row.value != NONE][:SHORT]
        return _values(look, view, tongue, what, totals, found)

    return [Card(name, tabs[name], what, rows(what)) for name, what in shown.items()]


def list_of(
    look: Look,
    view: View,
    tongue: Tongue,
    database: Database,
    what: str,
    totals: Totals,
    limit: int,
) -> tuple[Row, ...]:
    """
    The first of a list of a site.
    """
    if what in _RANKS:
        return _pages(look, view, database, what, totals, limit)
    found = values_of(database, look.site.id, Dimension(what), view.span, limit).rows
    return _values(look, view, tongue, what, totals, found)


def _values(
    look: Look,
    view: View,
    tongue: Tongue,
    what: str,
    totals: Totals,
    found: Sequence[ValueTotals],
) -> tuple[Row, ...]:
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
