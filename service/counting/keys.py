"""
The names of all keys in Redis; no other place makes one.

What each key holds is said at the head of the Lua library.
"""

from collections.abc import Sequence
from dataclasses import dataclass

#: Held by the scheduler that works; any other waits. It saves work, it is not what keeps it right.
LEADER = "luot:leader"

#: What the scheduler tells of itself, for the metrics.
NOTES = "luot:notes"


@dataclass(frozen=True, slots=True)
class SiteKeys:
    """
    The keys of one site; all carry its hash tag, so that they live together in a cluster.
    """

    site: str

    def _key(self, name: str) -> str:
        return f"luot:{{{self.site}}}:{name}"

    @property
    def state(self) -> str:
        """
        Where the site stands, and its all-time numbers.
        """
        return self._key("state")

    @property
    def pages(self) -> str:
        """
        The numbers of its pages.
        """
        return self._key("pages")

    @property
    def days(self) -> str:
        """
        The numbers of its newest days.
        """
        return self._key("days")

    @property
    def online(self) -> str:
        """
        Who is there now.
        """
        return self._key("online")

    @property
    def trending(self) -> str:
        """
        The scores of the pages that are read now.
        """
        return self._key("trending")

    @property
    def delta(self) -> str:
        """
        What was added since the last snapshot.
        """
        return self._key("delta")

    @property
    def pattern(self) -> str:
        """
        What all keys of the site match, for SCAN.
        """
        return self._key("*")

    def closed_delta(self, token: str) -> str:
        """
        A delta that was set aside under this token.
        """
        return self._key(f"delta:{token}")

    def salt(self, day: str) -> str:
        """
        The salt of a site-day.
        """
        return self._key(f"salt:{day}")

    def visitors(self, day: str) -> str:
        """
        The visitors of a site-day and their visits.
        """
        return self._key(f"visitors:{day}")

    def views(self, day: str) -> str:
        """
        Which visitor viewed which page on a site-day, and how many pages were new on it.
        """
        return self._key(f"views:{day}")

    def of_day(self, day: str) -> tuple[str, str, str]:
        """
        Everything that goes when a site-day is closed.
        """
        return self.salt(day), self.visitors(day), self.views(day)

    def ids(self, slot: int) -> str:
        """
        The ids that arrived in one slot of ten minutes.
        """
        return self._key(f"ids:{slot}")

    def batch(self, name: str) -> str:
        """
        That a named batch was applied.
        """
        return self._key(f"batch:{name}")

    def of_record(
        self, days: Sequence[str], slots: Sequence[int], batches: Sequence[str]
    ) -> list[str]:
        """
        The keys of one call of ``record`` or ``remember``, in the order that they expect.
        """
        return [
            self.state,
            self.pages,
            self.days,
            self.online,
            self.delta,
            self.trending,
            *(key for day in days for key in self.of_day(day)),
            *(self.ids(slot) for slot in slots),
            *(self.batch(name) for name in batches),
        ]
