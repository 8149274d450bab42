"""
Rounds in turns: ours, then what stands beside it, and again, so that noise meets both.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bench.samples import Sample

Measure = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Pairs:
    """
    What the rounds found on both sides.
    """

    ours: Sample
    beside: Sample


def alternate(rounds: int, ours: Measure, beside: Measure) -> Pairs:
    """
    Both measured this often, in turns.

    :raises ValueError: no round was wanted
    """
    found = [(ours(), beside()) for _ in range(rounds)]
    return Pairs(Sample.of(mine for mine, _ in found), Sample.of(other for _, other in found))
