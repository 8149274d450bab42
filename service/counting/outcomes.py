"""
What became of the items of a batch, as Redis tells it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from service.counting.numbers import SiteNumbers, parse_numbers
from service.counting.wire import Result
from service.errors import LaneBroken


@dataclass(frozen=True, slots=True)
class Recorded:
    """
    What became of each item, and the numbers afterwards if they were wanted and can be shown.
    """

    results: tuple[Result, ...]
    numbers: SiteNumbers | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """
    What a caller wants besides having its items counted.
    """

    #: Visitors seen later than this are online, in ms; ``None``: no numbers are wanted.
    online_since_ms: int | None = None
    #: The digest of an imported file and how many of its lines are done with this batch.
    file: str = ""
    lines: int = 0


def recorded(reply: list[Any], is_hit: Sequence[bool]) -> Recorded:
    """
    What a reply of ``record`` says of the items of its batch.

    :param is_hit: for each item whether it is a hit; the others are filtered requests
    :raises LaneBroken: Redis has not seen the batch before this one
    """
    word, rest = reply[0], reply[1:]
    if word == "gap":
        raise LaneBroken(int(str(rest[0])))
    if word == "known":
        # The reply was lost, not the batch. What it said of each hit is gone; they are settled.
        return Recorded(tuple(Result.COUNTED if hit else Result.FILTERED for hit in is_hit))
    results, numbers = rest
    shown = parse_numbers(numbers) if numbers else None
    return Recorded(tuple(Result(result) for result in results), shown)


def queued(is_hit: Sequence[bool]) -> Recorded:
    """
    What is known of items that are in the journal and will be counted later.
    """
    return Recorded(tuple(Result.QUEUED if hit else Result.FILTERED for hit in is_hit))
