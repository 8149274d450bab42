"""
How much is measured: rounds, their length, and where their files are.
"""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Plan:
    """
    What every figure is told.
    """

    #: An empty folder on a real disk.
    folder: Path
    rounds: int = 5
    seconds: float = 3.0
    #: Connections over which the hardest load comes.
    connections: int = 64
    #: Hits of the figures that count hits and not seconds; 0: each figure's own number.
    hits: int = 0
    #: Whether each request is logged, as it is unless an operator says otherwise.
    access_log: bool = False
    #: Whether figures that have a short form take the long one.
    is_full: bool = False

    @property
    def few_rounds(self) -> int:
        """
        Rounds of a figure whose rounds take long.
        """
        return min(self.rounds, 3)
