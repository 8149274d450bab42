"""
What several rounds found: their middle and how far they lie apart.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Sample:
    """
    One number from each round, in the order of the rounds.
    """

    values: tuple[float, ...]

    @classmethod
    def of(cls, values: Iterable[float]) -> "Sample":
        """
        The sample of these numbers.

        :raises ValueError: there is none
        """
        kept = tuple(float(value) for value in values)
        if not kept:
            raise ValueError("a sample needs at least one round")
        return cls(kept)

    @property
    def median(self) -> float:
        """
        The middle one; of an even number the mean of the two in the middle.
        """
        return float(median(self.values))

    @property
    def low(self) -> float:
        """
        The smallest.
        """
        return min(self.values)

    @property
    def high(self) -> float:
        """
        The largest.
        """
        return max(self.values)


def ratios(ours: Sample, beside: Sample) -> Sample:
    """
    Ours divided by what ran beside it, round by round.

    :raises ValueError: they have not the same number of rounds
    """
    pairs = zip(ours.values, beside.values, strict=True)
    return Sample.of(mine / other if other else math.inf for mine, other in pairs)


def percentile(values: Sequence[float], share: float) -> float:
    """
    The smallest value that at least this share of all values does not exceed.

    :param share: above 0, at most 1
    :raises ValueError: there are no values, or the share is none
    """
    if not values or not 0 < share <= 1:
        raise ValueError(f"no percentile {share} of {len(values)} values")
    # Rounded first: 0.07 * 100 is a hair above 7, which would be the eighth value.
    return sorted(values)[math.ceil(round(share * len(values), 9)) - 1]
