"""
What a ranking is asked for, and the months and days that its period is made of.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from service.reporting.periods import Period
from service.reporting.series import Unit, parts_of


class Rank(StrEnum):
    """
    What pages can be ranked by.
    """

    VIEWS = "views"
    ENTRIES = "entries"
    EXITS = "exits"


@dataclass(frozen=True, slots=True)
class Place:
    """
    A page's place in a ranking, behind which the next part of it begins.
    """

    number: int
    path: str
    #: How many pages there are up to it, as far as is known.
    rank: int


@dataclass(frozen=True, slots=True)
class Asked:
    """
    Which ranking is wanted.
    """

    site: int
    #: The number of the site as a whole, which is no page of its own.
    whole: int
    span: Period
    by: Rank
    is_postgresql: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """
    A part of a period: whole months, or days on either side of them.
    """

    #: ``month`` or ``day``, which is its table and its column of days or months.
    span: str
    first: date
    last: date

    @property
    def weight(self) -> int:
        """
        How much more a row of it has, as a rule, than one of a day.
        """
        return 1 if self.span == "day" else 12

    @property
    def many(self) -> int:
        """
        How many days or months it has.
        """
        if self.span == "day":
            return (self.last - self.first).days + 1
        return (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1


def pieces_of(span: Period) -> tuple[Piece, ...]:
    """
    A period as whole months, where it has any, and the days on either side of them.
    """
    months = [
        part
        for part in parts_of(span, Unit.MONTH)
        if part.first.day == 1 and (part.last + timedelta(days=1)).day == 1
    ]
    if not months:
        return (Piece("day", span.first, span.last),)
    first, last = months[0].first, months[-1].last
    found = [Piece("month", first, last)]
    if span.first < first:
        found.append(Piece("day", span.first, first - timedelta(days=1)))
    if last < span.last:
        found.append(Piece("day", last + timedelta(days=1), span.last))
    return tuple(found)
