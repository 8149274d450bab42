"""
What a file of another tool says: numbers of days and pages, read whole before any of it counts.

A file that names no day says only how often in all; that is kept under ``UNDATED`` and shown in
totals alone. Numbers of the site stand under the empty path, as everywhere.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from service.archive.schema import MEASURES, VALUE_MEASURES
from service.dimensions import OPEN, OTHER, Dimension
from service.errors import ImportRefused

#: The day of numbers that have none.
UNDATED = date(1, 1, 1)

#: Values of an open-ended dimension that keep their name, for a site-day.
VALUES_PER_DAY = 5_000

#: Rows of pages and days that one file may come to; each takes about 300 bytes of memory.
LARGEST_HISTORY = 5_000_000

_PLACES = {name: place for place, name in enumerate(MEASURES)}
_NUMBERS = {dimension: number for number, dimension in enumerate(Dimension, 1)}


class Tool(StrEnum):
    """
    Whose file it is.
    """

    GOATCOUNTER = "goatcounter"
    PLAUSIBLE = "plausible"
    UMAMI = "umami"
    MATOMO = "matomo"
    GA4 = "ga4"
    BUSUANZI = "busuanzi"
    VERCOUNT = "vercount"
    CSV = "csv"


class Mode(StrEnum):
    """
    What becomes of days that have numbers already.
    """

    #: The file is refused.
    REFUSE = "refuse"
    #: Its numbers are added to them.
    ADD = "add"
    #: Its numbers stand in place of earlier imports; of measured numbers and its own the larger.
    REPLACE = "replace"


@dataclass(slots=True)
class History:
    """
    The numbers of one file, added up.
    """

    #: (site-day, path) -> the measures of a day.
    counts: dict[tuple[date, str], list[int]] = field(default_factory=dict)
    #: (site-day, number of a dimension) -> value -> the measures of a value, for the site.
    values: dict[tuple[date, int], dict[str, list[int]]] = field(default_factory=dict)
    #: Rows that were read.
    rows: int = 0
    #: For each reason the rows that were left out.
    left_out: dict[str, int] = field(default_factory=dict)
    #: What the owner should know of this file's numbers.
    notes: list[str] = field(default_factory=list)

    def add(self, day: date, path: str, **measures: int) -> None:
        """
        So much more happened on a page that day.

        :raises ImportRefused: there is too much in the file for one import
        """
        row = self.counts.get((day, path))
        if row is None:
            if len(self.counts) == LARGEST_HISTORY:
                raise ImportRefused(f"more than {LARGEST_HISTORY} rows of pages and days: split it")
            row = self.counts[day, path] = [0] * len(MEASURES)
        for name, number in measures.items():
            row[_PLACES[name]] += number

    def add_value(self, day: date, dimension: Dimension, value: str, **measures: int) -> None:
        """
        So much more happened on the site under a value that day.
        """
        rows = self.values.setdefault((day, _NUMBERS[dimension]), {})
        row = rows.setdefault(value, [0] * len(VALUE_MEASURES))
        for place, name in enumerate(VALUE_MEASURES):
            row[place] += measures.get(name, 0)

    def leave_out(self, reason: str) -> None:
        """
        One more row was not used.
        """
        self.left_out[reason] = self.left_out.get(reason, 0) + 1

    def note(self, sentence: str) -> None:
        """
        The report says this, once.
        """
        if sentence not in self.notes:
            self.notes.append(sentence)

    @property
    def days(self) -> list[date]:
        """
        The days that it has numbers of, in order.
        """
        return sorted({day for day, _ in self.counts})

    def total(self, measure: str) -> int:
        """
        What it says of the site over all its days.
        """
        place = _PLACES[measure]
        return sum(row[place] for (_, path), row in self.counts.items() if not path)

    def complete(self) -> None:
        """
        Every day has numbers of the site, no fewer than its pages have; caps hold.
        """
        self._add_site()
        for (_, number), rows in self.values.items():
            if tuple(Dimension)[number - 1] in OPEN and len(rows) > VALUES_PER_DAY:
                _put_under_other(rows)

    def _add_site(self) -> None:
        sums: dict[date, list[int]] = {}
        largest: dict[date, list[int]] = {}
        for (day, path), row in self.counts.items():
            if path:
                sums[day] = [a + b for a, b in zip(sums.get(day, _NONE), row, strict=True)]
                largest[day] = list(map(max, largest.get(day, _NONE), row))
        for day, pages in sums.items():
            told = self.counts.get((day, ""), _NONE)
            if not any(told[_PLACES[name]] for name in ("views", "visits", "visitors")):
                # Of the site there are the events at most, which are no page's.
                added = [a + b for a, b in zip(pages, told, strict=True)]
                self.counts[day, ""] = _of_pages(added, largest[day])
                if not pages[_PLACES["entries"]]:
                    self.note(
                        "the file has no visits of the site, which are not the sum of its pages': "
                        "those of the most visited page are taken"
                    )
            site = self.counts[day, ""]
            site[_PLACES["views"]] = max(site[_PLACES["views"]], pages[_PLACES["views"]])


_NONE = [0] * len(MEASURES)


def _of_pages(sums: list[int], largest: list[int]) -> list[int]:
    """
    The numbers of a site whose file has only pages: views add up, people do not.
    """
    row = [0] * len(MEASURES)
    for name in ("views", "events", "engaged_seconds", "engaged_visits"):
        row[_PLACES[name]] = sums[_PLACES[name]]
    # Every visit has one entry page, so the entries of all pages are the site's visits.
    entries = sums[_PLACES["entries"]]
    row[_PLACES["visits"]] = entries or largest[_PLACES["visits"]]
    row[_PLACES["visitors"]] = largest[_PLACES["visitors"]]
    if not entries:
        # Nobody says who left at once, and a visit is no bounce before somebody does.
        row[_PLACES["engaged_visits"]] = row[_PLACES["visits"]]
    return row


def _put_under_other(rows: dict[str, list[int]]) -> None:
    """
    The values with the fewest views are added up under ``(other)``.
    """
    ordered = sorted(rows, key=lambda value: (-rows[value][0], -rows[value][1], value))
    other = rows.setdefault(OTHER, [0] * len(VALUE_MEASURES))
    for value in ordered[VALUES_PER_DAY:]:
        if value != OTHER:
            other[:] = [a + b for a, b in zip(other, rows.pop(value), strict=True)]


def of_days(history: History) -> Iterator[tuple[date, str, list[int]]]:
    """
    The rows in one order, whatever the file's was, so that a part of them is always the same part.
    """
    for day, path in sorted(history.counts):
        yield day, path, history.counts[day, path]
