"""
What Redis holds of a site, read as it stands, to be compared with SQL.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from service.counting.keys import SiteKeys
from service.counting.numbers import HISTORY, Tally
from service.counting.store import Store

#: Pages that one call reads.
_CHUNK = 1_000


@dataclass(frozen=True, slots=True)
class Holdings:
    """
    The numbers of a site in Redis.
    """

    total: Tally
    #: By the label of the site-day.
    days: dict[str, Tally]
    #: Site-days of which Redis knows who was seen.
    remembered: frozenset[str]


def read_holdings(store: Store, site: str) -> Holdings:
    """
    What Redis holds of a site and its days.

    :raises StoreUnavailable: Redis is away
    """
    keys, commands = SiteKeys(site), store.commands
    state = store.guarded(commands.hmget, keys.state, ["views", "visits", "visitors"])
    rows = store.guarded(commands.hgetall, keys.days)
    days = {day: row for day, row in rows.items() if not day.endswith(HISTORY)}
    seen = {day: store.guarded(commands.exists, keys.visitors(day)) for day in sorted(days)[-2:]}
    return Holdings(
        Tally(*(int(number or 0) for number in state)),
        {day: Tally(*map(int, row.split())) for day, row in days.items()},
        frozenset(day for day, known in seen.items() if known),
    )


def read_page_totals(store: Store, site: str, paths: Sequence[str]) -> dict[str, Tally]:
    """
    All views, visits and visitors of these pages; a page that Redis has not has none.

    :raises StoreUnavailable: Redis is away
    """
    found = {}
    for first in range(0, len(paths), _CHUNK):
        asked = list(paths[first : first + _CHUNK])
        rows = store.guarded(store.commands.hmget, SiteKeys(site).pages, asked)
        for path, row in zip(asked, rows, strict=True):
            # One that has moved has its numbers elsewhere.
            has_numbers = row and not row.startswith(">")
            found[path] = Tally(*map(int, row.split()[:3])) if has_numbers else Tally()
    return found
