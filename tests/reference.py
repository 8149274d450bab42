"""
An independent counter: views, visits and visitors from a list of hits, the plain way.

It shares no code with the service and knows nothing of Redis: it sorts everything and looks back.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

HALF_HOUR = 1_800
DAY = 86_400


@dataclass(frozen=True)
class Sent:
    """
    A hit as it was sent: seconds since 1970 in UTC.
    """

    id: str
    time: int
    who: tuple[str, str]
    path: str


@dataclass
class Counted:
    views: int = 0
    visits: int = 0
    visitors: int = 0


def count(sent: Iterable[Sent]) -> tuple[dict[int, Counted], dict[str, Counted]]:
    """
    What each day (in days since 1970) and each page must show.
    """
    once: dict[str, Sent] = {}
    for hit in sent:
        once.setdefault(hit.id, hit)
    by_person: dict[tuple[str, str], list[Sent]] = defaultdict(list)
    for hit in once.values():
        by_person[hit.who].append(hit)
    days: dict[int, Counted] = defaultdict(Counted)
    pages: dict[str, Counted] = defaultdict(Counted)
    for hits in by_person.values():
        _count_person(sorted(hits, key=lambda hit: hit.time), days, pages)
    return days, pages


def _count_person(hits: list[Sent], days: dict[int, Counted], pages: dict[str, Counted]) -> None:
    last = -HALF_HOUR
    seen_days: set[int] = set()
    read_on_day: set[tuple[int, str]] = set()
    read_in_visit: set[str] = set()
    for hit in hits:
        day = hit.time // DAY
        if hit.time - last >= HALF_HOUR:
            days[day].visits += 1
            read_in_visit = set()
        last = hit.time
        if day not in seen_days:
            days[day].visitors += 1
            seen_days.add(day)
        if (day, hit.path) not in read_on_day:
            pages[hit.path].visitors += 1
            read_on_day.add((day, hit.path))
        if hit.path not in read_in_visit:
            pages[hit.path].visits += 1
            read_in_visit.add(hit.path)
        days[day].views += 1
        pages[hit.path].views += 1
