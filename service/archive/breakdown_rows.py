"""
What a delta adds to the values of dimensions: worked out from its hits. Pure.

A combination is taken apart once, however many rows have it. The site has all dimensions, a page
those that the rules keep for pages. Events have no visits and visitors, only their number.
"""

from collections import defaultdict
from dataclasses import dataclass

from service.counting.breakdowns import PLACES, Rules, pairs_of
from service.counting.deltas import Delta, Is
from service.dimensions import Dimension

#: (number of a dimension, value).
Value = tuple[int, str]

#: (site-day, path) -> value -> views, visits, visitors, events; the empty path is the site.
BreakdownRows = dict[tuple[str, str], dict[Value, list[int]]]

_EVENT = PLACES[Dimension.EVENT]

#: For each sum of ``Is`` the places in a row of eight that it adds to.
_FLAGS = (
    *(Is.VIEW, Is.NEW_VISIT, Is.NEW_VISITOR, Is.EVENT),
    *(Is.VIEW, Is.PAGE_VISIT, Is.PAGE_VISITOR, Is.EVENT),
)
_ADDS = [
    [place for place, flag in enumerate(_FLAGS) if flag in Is(what)] for what in range(2 * Is.EVENT)
]


@dataclass(frozen=True, slots=True)
class _Combination:
    """
    The values of a combination, for the site and for a page, and the names of its events.
    """

    of_site: list[Value]
    of_page: list[Value]
    site_events: list[Value]
    page_events: list[Value]


def breakdown_rows(delta: Delta) -> BreakdownRows:
    """
    The increments of each value of each dimension, for the site and for its pages.
    """
    told: dict[str, _Combination] = {}
    rows: BreakdownRows = defaultdict(dict)
    for (day, path, combination), sums in _sums(delta).items():
        values = told.get(combination)
        if values is None:
            values = told[combination] = _taken_apart(combination, delta.rules)
        for path_, counted, of_views, of_events in (
            ("", sums[:4], values.of_site, values.site_events),
            (path, sums[4:], values.of_page, values.page_events),
        ):
            measures = counted[:3]
            if any(measures):
                _add(rows[day, path_], of_views, [*measures, 0])
            if counted[3]:
                _add(rows[day, path_], of_events, [0, 0, 0, counted[3]])
    return rows


def _sums(delta: Delta) -> dict[tuple[str, str, str], list[int]]:
    """
    (site-day, path, combination) -> views, visits, visitors, events for the site; for the page.
    """
    sums: dict[tuple[str, str, str], list[int]] = {}
    for (day, _, what, path, combination), hits in delta.hits.items():
        row = sums.setdefault((day, path, combination), [0] * 8)
        for place in _ADDS[what]:
            row[place] += hits
    return sums


def _taken_apart(combination: str, rules: Rules) -> _Combination:
    pairs = pairs_of(combination)
    of_site = [pair for pair in pairs if pair[0] != _EVENT]
    events = [pair for pair in pairs if pair[0] == _EVENT]
    return _Combination(
        of_site,
        [pair for pair in of_site if pair[0] in rules.of_pages],
        events,
        events if _EVENT in rules.of_pages else [],
    )


def _add(rows: dict[Value, list[int]], values: list[Value], measures: list[int]) -> None:
    views, visits, visitors, events = measures
    for value in values:
        row = rows.get(value)
        if row is None:
            rows[value] = [views, visits, visitors, events]
        else:
            row[0] += views
            row[1] += visits
            row[2] += visitors
            row[3] += events
