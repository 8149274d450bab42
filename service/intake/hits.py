"""
The nouns of the intake: a hit, and a request that was well formed but is not one.

Several are made for every request, and msgspec's are made several times faster than dataclasses.
"""

from enum import IntEnum, StrEnum

import msgspec

from service.dimensions import Dimension
from service.intake.days import SiteDay

_PLACES = {dimension: place for place, dimension in enumerate(Dimension)}


class Kind(IntEnum):
    """
    What a hit says, by the number that batches carry.
    """

    VIEW = 1
    EVENT = 2
    ENGAGEMENT = 3


class Filter(StrEnum):
    """
    Why a well-formed request counts in none of the numbers.
    """

    BOT = "bot"
    OPTOUT = "optout"
    PREFETCH = "prefetch"
    EXCLUDED = "excluded"
    FLOOD = "flood"
    DOUBLE_CLICK = "double_click"
    #: Sent by ``luot doctor``, to see where it arrives.
    TEST = "test"


class Moment(msgspec.Struct, frozen=True):
    """
    When something happened, in the terms of one site.
    """

    #: Milliseconds since 1970 in UTC.
    ms: int
    day: SiteDay

    @property
    def hour(self) -> int:
        """
        The site-day's hour, counted from 0.
        """
        return self.day.hour(self.ms)


class Hit(msgspec.Struct, frozen=True):
    """
    A page that was shown, an event, or time spent: what may be counted, without any person in it.
    """

    site: str
    kind: Kind
    #: The hit's own time; its site-day was decided when it was taken in.
    moment: Moment
    #: When it reached Luot, in milliseconds since 1970: repeats are recognised by this time.
    arrival_ms: int
    #: Whether its sender was let in by a token or is an import: its own time is believed, so that
    #: a closed site-day may be opened again, and many hits of one visitor are no flood.
    trusted: bool
    #: Digest of its id; empty when the sender gave none.
    id: str
    #: Digest of the batch it came in, when that batch has a name.
    batch: str
    visitor: str
    #: The same person under the salt of the day before; empty but in a day's first half hour.
    visitor_before: str
    path: str
    #: Digest of the path, for what one visitor has read.
    page: str
    title: str
    #: One value for each dimension, in the order of ``Dimension``; tags and events have several.
    values: tuple[tuple[str, ...], ...]
    #: Whether it came from a page of the same site, so that its visit's source is its source.
    internal: bool
    #: Seconds of attention that an engagement adds.
    seconds: int = 0
    #: The host of its page, where that is not the site's first; what a page is called goes with it.
    host: str = ""

    def value(self, dimension: Dimension) -> tuple[str, ...]:
        """
        The values of one dimension.
        """
        return self.values[_PLACES[dimension]]


class Filtered(msgspec.Struct, frozen=True):
    """
    A well-formed request of something that is no reader, or of one who does not want to be counted.
    """

    site: str
    reason: Filter
    moment: Moment
    #: Digest of the batch it came in, when that batch has a name.
    batch: str = ""


class Taken(msgspec.Struct, frozen=True):
    """
    What the intake made of a request, and which of its parts it had to cut.
    """

    item: Hit | Filtered
    #: The path that the page asked with, which is the key of its numbers.
    path: str
    truncated: tuple[str, ...] = ()
