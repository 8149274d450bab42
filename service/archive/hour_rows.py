"""
What a delta adds to hours: worked out from its hits, moves and seconds. Pure.

Redis says only what a hit was the first of. That its view is one of the site and one of its page,
that a visit's first view is its entry and its exit so far, follows from that.
"""

from collections import defaultdict

from service.counting.deltas import Delta, Is, Went

#: (site-day, hour, path) -> views, visits, visitors, entries, exits, engaged visits, engaged
#: seconds, events; the empty path is the site. Exits are signed.
HourRows = dict[tuple[str, int, str], list[int]]

_VIEWS, _VISITS, _VISITORS, _ENTRIES, _EXITS, _ENGAGED, _SECONDS, _EVENTS = range(8)


def hour_rows(delta: Delta) -> HourRows:
    """
    The increments of each hour of the site and of its pages.
    """
    rows: HourRows = defaultdict(lambda: [0] * 8)
    for (day, hour, what, path), hits in _shapes(delta).items():
        if _OF_SITE[what]:
            _add(rows[day, hour, ""], _OF_SITE[what], hits)
        _add(rows[day, hour, path], _OF_PAGE[what], hits)
    for (day, hour, told, before, after), visits in delta.moves.items():
        went = Went(told)
        if Went.ENGAGED in went:
            rows[day, hour, ""][_ENGAGED] += visits
            if before:
                # Until then it had viewed one page, where it had entered.
                rows[day, hour, before][_ENGAGED] += visits
        if Went.ON in went:
            rows[day, hour, before][_EXITS] -= visits
            rows[day, hour, after][_EXITS] += visits
        if Went.IN in went:
            _add(rows[day, hour, after], ((_ENTRIES, 1), (_EXITS, 1), (_ENGAGED, 1)), visits)
    for (day, hour, path), seconds in delta.seconds.items():
        rows[day, hour, ""][_SECONDS] += seconds
        rows[day, hour, path][_SECONDS] += seconds
    return dict(rows)


def _shapes(delta: Delta) -> dict[tuple[str, int, int, str], int]:
    """
    The hits of each hour, kind and page, whatever their values.
    """
    shapes: dict[tuple[str, int, int, str], int] = defaultdict(int)
    for (day, hour, what, path, _), hits in delta.hits.items():
        shapes[day, hour, what, path] += hits
    return shapes


def _add(row: list[int], measures: tuple[tuple[int, int], ...], times: int) -> None:
    for place, number in measures:
        row[place] += number * times


def _site_measures(what: Is) -> tuple[tuple[int, int], ...]:
    begun_by_event = Is.NEW_VISIT in what and Is.EVENT in what
    measures = {
        _VIEWS: Is.VIEW in what,
        _VISITS: Is.NEW_VISIT in what,
        _VISITORS: Is.NEW_VISITOR in what,
        # A visit that begins with an event is no bounce from its first moment.
        _ENGAGED: begun_by_event,
        _EVENTS: Is.EVENT in what,
    }
    return tuple((place, 1) for place, holds in measures.items() if holds)


def _page_measures(what: Is) -> tuple[tuple[int, int], ...]:
    enters = Is.NEW_VISIT in what and Is.VIEW in what
    measures = {
        _VIEWS: Is.VIEW in what,
        _VISITS: Is.PAGE_VISIT in what,
        _VISITORS: Is.PAGE_VISITOR in what,
        _ENTRIES: enters,
        _EXITS: enters,
        _EVENTS: Is.EVENT in what,
    }
    return tuple((place, 1) for place, holds in measures.items() if holds)


_OF_SITE = [_site_measures(Is(what)) for what in range(2 * Is.EVENT)]
_OF_PAGE = [_page_measures(Is(what)) for what in range(2 * Is.EVENT)]
