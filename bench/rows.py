"""
What a figure says in the end: what was compared, what came out, and whether that is enough.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from bench.samples import Sample, ratios


class Side(StrEnum):
    """
    On which side of its limit a number has to be.
    """

    AT_LEAST = "≥"
    AT_MOST = "≤"


class Subject(StrEnum):
    """
    Which number a bound is about.
    """

    RATIO = "ratio"
    OURS = "ours"


@dataclass(frozen=True, slots=True)
class Bound:
    """
    What a figure has to reach.
    """

    side: Side
    limit: float
    subject: Subject = Subject.RATIO

    def holds(self, value: float) -> bool:
        """
        Whether this number is on the right side, the limit itself included.
        """
        return value >= self.limit if self.side is Side.AT_LEAST else value <= self.limit


@dataclass(frozen=True, slots=True)
class Row:
    """
    One line of the table.
    """

    #: The figure's name on the command line.
    figure: str
    #: What ours is, what stands beside it, and the unit of both.
    what: str
    against: str
    unit: str
    bound: Bound
    #: ``None`` when there was nothing to measure; then ``missing`` says why.
    ours: Sample | None = None
    beside: Sample | None = None
    missing: str = ""
    #: Sentences that belong to the numbers.
    notes: list[str] = field(default_factory=list)

    @property
    def ratio(self) -> Sample | None:
        """
        Ours divided by what stands beside it, for each round.
        """
        if self.ours is None or self.beside is None:
            return None
        return ratios(self.ours, self.beside)

    @property
    def judged(self) -> Sample | None:
        """
        The numbers that the bound is about.
        """
        return self.ratio if self.bound.subject is Subject.RATIO else self.ours

    @property
    def is_met(self) -> bool | None:
        """
        Whether the median of what is judged keeps the bound; ``None``: nothing was measured.
        """
        return None if self.judged is None else self.bound.holds(self.judged.median)
