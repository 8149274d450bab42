"""
Removing a wave of robots: what a page, or a value of a dimension, had on some days.

What is known goes exactly. What is not, such as which screens the wave had, is taken away under
``(removed)``, with a number below zero, so that every breakdown still adds up to the total that is
shown. A visit that began on the removed page goes with it; one that only came by stays.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, select

from service.archive import schema
from service.archive.changes import UNKNOWN_HOUR, Changes
from service.archive.day_facts import PageDay, days_of, page_days, pages_with_value
from service.archive.moves import pages_now
from service.archive.names import known_value_ids, page_ids, value_ids
from service.archive.sites import SiteRow
from service.counting.breakdowns import PLACES
from service.dimensions import REMOVED, Dimension
from service.errors import CorrectionRefused

#: Days that one removal may span, and pages on days that it may change.
LARGEST_DAYS, LARGEST_PAGE_DAYS = 400, 200_000

_EVENT, _TAG = PLACES[Dimension.EVENT], PLACES[Dimension.TAG]

#: Where measures stand in the row of an hour.
_VIEWS, _VISITS, _VISITORS, _ENTRIES, _, _ENGAGED, _SECONDS, _EVENTS = range(8)


@dataclass(frozen=True, slots=True)
class Wave:
    """
    What is to be removed: a page, a value of a dimension, or such a value on a page.
    """

    first: date
    last: date
    #: The page; empty for all.
    path: str = ""
    dimension: Dimension | None = None
    value: str = ""


def removal_changes(connection: Connection, row: SiteRow, wave: Wave) -> Changes:
    """
    What has to change so that the wave is in no number.

    :raises CorrectionRefused: nothing of it was counted, or it is too much at once
    """
    if not wave.path and wave.dimension is None:
        raise CorrectionRefused("name a page, or a dimension and its value")
    if not 0 <= (wave.last - wave.first).days < LARGEST_DAYS:
        raise CorrectionRefused(f"name from one to {LARGEST_DAYS} days, the first one first")
    remover = _Remover(connection, row, wave)
    for day in days_of(connection, remover.whole, wave.first, wave.last):
        remover.remove(day)
    if not remover.changes.hours:
        raise CorrectionRefused("nothing of that was counted on these days")
    return remover.changes


class _Remover:
    """
    Adds up what goes, day by day.
    """

    def __init__(self, connection: Connection, row: SiteRow, wave: Wave) -> None:
        self.changes = Changes()
        self._connection = connection
        self._site_id = row.id
        self._wave = wave
        self._removed = value_ids(connection, [REMOVED])[REMOVED]
        self.whole = page_ids(connection, row.id, [""])[""]
        self._page = self._number_of(wave.path) if wave.path else None
        self._many = 0
        self._value = 0
        if wave.dimension is not None:
            self._value = known_value_ids(connection, [wave.value]).get(wave.value, 0)

    def _number_of(self, path: str) -> int:
        page = schema.page.c
        asked = select(page.id).where(page.site_id == self._site_id, page.path == path)
        number = self._connection.execute(asked).scalar()
        if number is None:
            raise CorrectionRefused(f"{path} has no numbers")
        found = int(number)
        return pages_now(self._connection, [found]).get(found, found)

    def remove(self, day: date) -> None:
        """
        What the wave had on a day goes.
        """
        site = page_days(self._connection, [self.whole], day)[self.whole]
        if self._wave.dimension is None:
            self._remove_page(day, site)
            return
        dimension = PLACES[self._wave.dimension]
        if self._page is None:
            had = site.values.get((dimension, self._value))
            if had is not None and any(had):
                rest = self._remove_from_pages(day, dimension, had)
                self._remove_from_site(day, site, dimension, had)
                self._remove_unplaced(day, rest)
            return
        page = page_days(self._connection, [self._page], day).get(self._page)
        had = page.values.get((dimension, self._value)) if page else None
        if page is not None and had is not None and any(had):
            of_site = site.values.get((dimension, self._value), [0] * 4)
            visits = max(0, min(had[1], page.measures[_ENTRIES], of_site[1]))
            visitors = max(0, min(had[2], visits, of_site[2]))
            self._remove_value(page, day, dimension, had, 0)
            self._remove_from_site(day, site, dimension, [had[0], visits, visitors, had[3]])

    def _remove_page(self, day: date, site: PageDay) -> None:
        """
        Everything of a page goes, hour by hour; of its visits the site loses those that began here.
        """
        page = page_days(self._connection, [self._page or 0], day).get(self._page or 0)
        if page is None:
            return
        of = page.measures
        visits = max(0, min(of[_ENTRIES], of[_VISITS], site.measures[_VISITS]))
        visitors = max(0, min(of[_VISITORS], visits, site.measures[_VISITORS]))
        engaged = max(0, min(of[_ENGAGED], visits, site.measures[_ENGAGED]))
        lost = [of[_VIEWS], 0, 0, 0, 0, 0, of[_SECONDS], of[_EVENTS]]
        for hour, counts in page.hours.items():
            self.changes.add_hour(page.number, day, hour, [-n for n in counts])
            there = site.hours.get(hour, [0] * 8)
            take = [
                max(0, min(counts[_ENTRIES], there[_VISITS], visits - lost[_VISITS])),
                max(0, min(counts[_VISITORS], there[_VISITORS], visitors - lost[_VISITORS])),
                max(0, min(counts[_ENGAGED], there[_ENGAGED], engaged - lost[_ENGAGED])),
            ]
            row = [counts[_VIEWS], take[0], take[1], 0, 0, take[2], counts[_SECONDS]]
            self.changes.add_hour(self.whole, day, hour, [-n for n in (*row, counts[_EVENTS])])
            for place, n in zip((_VISITS, _VISITORS, _ENGAGED), take, strict=True):
                lost[place] += n
        self._remove_values_of_page(page, day, site, lost)

    def _remove_values_of_page(
        self, page: PageDay, day: date, site: PageDay, lost: list[int]
    ) -> None:
        known: dict[int, list[int]] = {}
        for (dimension, value), had in page.values.items():
            self.changes.add_value(page.number, dimension, day, value, [-n for n in had])
            there = site.values.get((dimension, value), [0] * 4)
            views, events = max(0, min(had[0], there[0])), max(0, min(had[3], there[3]))
            if value != self._removed and (views or events):
                self.changes.add_value(self.whole, dimension, day, value, [-views, 0, 0, -events])
                told = known.setdefault(dimension, [0, 0, 0, 0])
                told[0], told[3] = told[0] + views, told[3] + events
        of_site = [lost[_VIEWS], lost[_VISITS], lost[_VISITORS], lost[_EVENTS]]
        self._remove_unknown(site, day, of_site, known)

    def _remove_from_pages(self, day: date, dimension: int, of_site: list[int]) -> list[int]:
        """
        A value goes from all pages that tell it; returns what the site has of it beyond them.
        """
        numbers = pages_with_value(self._connection, self._site_id, dimension, self._value, day)
        self._many += len(numbers)
        if self._many > LARGEST_PAGE_DAYS:
            raise CorrectionRefused("that is too much at once: name fewer days")
        rest = list(of_site)
        for page in page_days(self._connection, numbers, day).values():
            had = page.values[dimension, self._value]
            self._remove_value(page, day, dimension, had, 0)
            rest = [a - b for a, b in zip(rest, had, strict=True)]
        return rest

    def _remove_from_site(self, day: date, site: PageDay, dimension: int, had: list[int]) -> None:
        # Not more visits may be engaged than there are; which of them were is not known.
        left = site.measures[_VISITS] - had[1]
        self._remove_value(site, day, dimension, had, max(0, site.measures[_ENGAGED] - left))

    def _remove_value(
        self, page: PageDay, day: date, dimension: int, had: list[int], engaged: int
    ) -> None:
        """
        What a value had goes from a page, or from the site, and from its other dimensions.
        """
        views, visits, visitors, events = had
        row = [views, visits, visitors, 0, 0, engaged, 0, events]
        self.changes.add_hour(page.number, day, UNKNOWN_HOUR, [-n for n in row])
        self.changes.add_value(page.number, dimension, day, self._value, [-n for n in had])
        self._remove_unknown(page, day, had, {dimension: had})

    def _remove_unknown(
        self, page: PageDay, day: date, lost: list[int], known: dict[int, list[int]]
    ) -> None:
        """
        Every dimension that added up to the total still does, with the help of ``(removed)``.
        """
        for dimension, sums in page.sums().items():
            had = known.get(dimension, [0, 0, 0, 0])
            rest = [a - b for a, b in zip(lost, had, strict=True)]
            if dimension == _EVENT:
                rest = [0, 0, 0, rest[3] if sums[3] == page.measures[_EVENTS] else 0]
            elif dimension == _TAG:
                continue
            else:
                # Where only some views say anything, nothing was ever equal to the total.
                adds_up = [a == b for a, b in zip(sums[:3], page.measures[:3], strict=True)]
                rest = [n if fits else 0 for n, fits in zip(rest[:3], adds_up, strict=True)] + [0]
            if any(rest):
                self.changes.add_value(
                    page.number, dimension, day, self._removed, [-n for n in rest]
                )

    def _remove_unplaced(self, day: date, rest: list[int]) -> None:
        """
        Views of pages that do not tell this dimension go from a page of their own.
        """
        if rest[0] or rest[3]:
            page = page_ids(self._connection, self._site_id, [REMOVED])[REMOVED]
            row = [-rest[0], 0, 0, 0, 0, 0, 0, -rest[3]]
            self.changes.add_hour(page, day, UNKNOWN_HOUR, row)
