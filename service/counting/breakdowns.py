"""
How the values of a hit travel through Redis, and by which rules they are counted behind it.

All values but the origin, which is source and channel, are one text: a hit's combination. Redis
never looks into it. A hit adds one row under it, whatever it is worth for seventeen dimensions,
because that can be worked out later and Redis is the one place where all hits stand in line.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from service.dimensions import PAGE_DEFAULT, Dimension
from service.settings import Settings

#: Between the dimensions of a combination, as between all parts of a delta's field.
BETWEEN_DIMENSIONS = "\t"

#: Between several values of one dimension. No value holds a control character.
BETWEEN_VALUES = "\x1f"

#: The number of each dimension, from 1, as SQL has it.
PLACES = {dimension: place for place, dimension in enumerate(Dimension, 1)}


@dataclass(frozen=True, slots=True)
class Rules:
    """
    What follows from a hit for dimensions. A delta carries those under which it was counted.
    """

    #: Distinct values of an open-ended dimension that have a name of their own, for a site-day.
    values_per_site: int = 5_000
    #: The same for one page and day.
    values_per_page: int = 200
    #: Numbers of the dimensions that are kept for each page.
    of_pages: frozenset[int] = frozenset(PLACES[dimension] for dimension in PAGE_DEFAULT)

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """
        The rules that the settings make.
        """
        of_pages = frozenset(PLACES[dimension] for dimension in settings.page_dimensions)
        return cls(settings.values_per_site, settings.values_per_page, of_pages)

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        The rules that ``text`` wrote.

        :raises ValueError: when it did not
        """
        of_site, of_page, *places = map(int, text.split())
        return cls(of_site, of_page, frozenset(places))

    def text(self) -> str:
        """
        The rules as numbers with blanks between them.
        """
        return " ".join(
            map(str, (self.values_per_site, self.values_per_page, *sorted(self.of_pages)))
        )


def combination(values: Iterable[tuple[str, ...]]) -> str:
    """
    The values of these dimensions as one text.
    """
    return BETWEEN_DIMENSIONS.join(map(BETWEEN_VALUES.join, values))


def pairs_of(combination: str) -> list[tuple[int, str]]:
    """
    Each dimension's number and value in a text of all dimensions, source and channel in front.

    :raises ValueError: when there are more or fewer dimensions in it
    """
    told = combination.split(BETWEEN_DIMENSIONS)
    return [
        (place, value)
        for place, values in zip(PLACES.values(), told, strict=True)
        if values
        for value in values.split(BETWEEN_VALUES)
    ]
