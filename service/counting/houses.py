"""
What the owner of journals needs of the rest of Luot.
"""

from collections.abc import Sequence
from typing import Protocol


class House(Protocol):
    """
    What the owner needs of the rest of Luot; every method may block and is called in a thread.
    """

    def register(self, producer: str) -> None:
        """
        SQL knows that the producer exists, so that a restore waits for it.
        """

    def watermarks(self, site: str) -> dict[str, int]:
        """
        For each producer the ``seq`` up to which SQL has its batches.
        """

    def purged(self) -> dict[str, int]:
        """
        For each site that was given up the time until which its hits are dropped, in ms since 1970.
        """

    def clock_doubt(self) -> str:
        """
        Why the time cannot be believed, so that nothing may be removed; empty when it can.
        """

    def retire(self, producers: Sequence[str]) -> None:
        """
        Nobody waits for these producers any more.
        """
