"""
What a batch of one site looks like on its way to Redis, and what comes back. Pure.

Redis is one thread that all senders share, so the work is done here: every text stands in a list
once, in the order in which Redis is asked for it, and an item names texts by their places. All
lists and the parts of an item are told at the head of ``3_batch.lua``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

import msgspec

from service.counting.breakdowns import Rules, combination
from service.counting.keys import SiteKeys
from service.intake.days import SiteDay, day_before
from service.intake.hits import Filtered, Hit
from service.intake.sites import Site
from service.intake.visitors import title_digest
from service.settings import Settings

#: The layout of a batch; it changes when a reader of the old one would misread the new.
FORMAT = 2

#: Items in one call.
LARGEST_BATCH = 500

#: Ids are remembered in slots of this many ms of arrival time.
SLOT_MS = 600_000

#: Site-days that Redis keeps for a site: two months, so that any month has its predecessor.
DAYS_KEPT = 62

#: Characters of a visitor and of a page's digest that tell, together, who viewed what: 96 bits.
PAIR = (10, 6)

#: Places in a batch.
_DAYS, _SLOTS, _NAMES = 2, 3, 4

Item = Hit | Filtered


class Result(StrEnum):
    """
    What became of an item.
    """

    COUNTED = "counted"
    DUPLICATE = "duplicate"
    QUEUED = "queued"
    FILTERED = "filtered"
    FLOOD = "flood"
    DOUBLE_CLICK = "double_click"
    LIMIT = "limit"


@dataclass(frozen=True, slots=True)
class Limits:
    """
    The bounds inside which a batch is counted.
    """

    flood_per_minute: int
    pages_per_day: int
    pages_total: int
    #: What follows from a hit for dimensions; it travels to the archive as it is.
    rules: str
    #: ms after which a view is worth half of what it was among pages that are read now.
    half_life_ms: int

    @classmethod
    def of(cls, settings: Settings) -> "Limits":
        """
        The bounds that the settings draw.
        """
        return cls(
            settings.flood_per_minute,
            settings.pages_per_day,
            settings.pages_total,
            Rules.of(settings).text(),
            settings.trending_half_life_seconds * 1000,
        )


@dataclass(frozen=True, slots=True)
class Batch:
    """
    Items of one site, ready to be sent.
    """

    site: str
    keys: tuple[str, ...]
    packed: bytes
    #: For each item whether it is a hit; the others are filtered requests.
    is_hit: tuple[bool, ...]


def batch(site: Site, items: Sequence[Item], limits: Limits, now_ms: int) -> Batch:
    """
    The batch of these items of one site; at most 500.
    """
    packer = _Packer(site, _days(site, items, now_ms), _slots(items))
    packed = [packer.pack(item) for item in items]
    told = [
        FORMAT,
        [
            limits.flood_per_minute,
            site.double_click_ms,
            limits.pages_per_day,
            limits.pages_total,
            oldest_day(site.day(now_ms)),
            limits.rules,
            limits.half_life_ms if site.trending else 0,
            int(site.related),
        ],
        packer.told_days(),
        packer.slots,
        list(packer.names),
        list(packer.ids),
        list(packer.pages),
        [text for _, text in packer.titles],
        list(packer.origins),
        list(packer.combinations),
        packed,
        [page[: PAIR[1]] + title_digest(text)[: PAIR[1]] for page, text in packer.titles],
    ]
    days = [day.day.label for day in packer.days.values()]
    keys = SiteKeys(site.id).of_record(days, packer.slots, list(packer.names))
    hits = tuple(isinstance(item, Hit) for item in items)
    return Batch(site.id, tuple(keys), msgspec.msgpack.encode(told), hits)


def keys_of(site_id: str, packed: bytes) -> tuple[str, ...]:
    """
    The keys of a batch that was packed before, as ``batch`` gave them.
    """
    told = msgspec.msgpack.decode(packed)
    days = [day[0] for day in told[_DAYS]]
    return tuple(SiteKeys(site_id).of_record(days, told[_SLOTS], told[_NAMES]))


def oldest_day(today: SiteDay) -> str:
    """
    The label of the oldest site-day that Redis keeps.
    """
    return (date.fromisoformat(today.label) - timedelta(days=DAYS_KEPT - 1)).isoformat()


@dataclass(frozen=True, slots=True)
class _Day:
    """
    One day of a batch: who is asked for on it, and which pages of whom.
    """

    place: int
    day: SiteDay
    visitors: dict[str, int] = field(default_factory=dict)
    pairs: dict[str, int] = field(default_factory=dict)

    def places(self, visitor: str, page: str) -> tuple[int, int]:
        return (
            _place(self.visitors, visitor),
            _place(self.pairs, visitor[: PAIR[0]] + page[: PAIR[1]]),
        )


@dataclass(frozen=True, slots=True)
class _Packer:
    """
    Gives every text its place, the first time that an item has it.
    """

    site: Site
    days: dict[str, _Day]
    slots: list[int]
    names: dict[str, int] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)
    pages: dict[str, int] = field(default_factory=dict)
    #: By page and text.
    titles: dict[tuple[str, str], int] = field(default_factory=dict)
    origins: dict[tuple[str, bool], int] = field(default_factory=dict)
    combinations: dict[str, int] = field(default_factory=dict)

    def pack(self, item: Item) -> Sequence[Any]:
        day = self.days[item.moment.day.label]
        name = _place(self.names, item.batch) if item.batch else None
        ms = item.moment.ms - day.day.start_ms
        if isinstance(item, Filtered):
            return 0, ms, day.place, item.reason, name
        visitor, pair = day.places(item.visitor, item.page)
        source, channel, *others = item.values
        origin = f"{source[0]}\t{channel[0]}", item.internal
        common = (
            item.kind,
            ms,
            day.place,
            visitor,
            _place(self.pages, item.path),
            pair,
            _place(self.origins, origin),
            _place(self.combinations, combination(others)),
            _place(self.ids, item.id) if item.id else None,
            self.slots.index(item.arrival_ms // SLOT_MS) + 1 if item.id else None,
            self._title(item) if item.title else None,
        )
        if not (name or item.trusted or item.visitor_before or item.seconds):
            return common
        return *common, name, item.trusted, *self._before(item), item.seconds

    def _title(self, hit: Hit) -> int:
        text = f"{hit.title}\t{hit.host}" if hit.host else hit.title
        return _place(self.titles, (hit.page, text))

    def _before(self, hit: Hit) -> tuple[int | None, int | None]:
        if not hit.visitor_before:
            return None, None
        before = day_before(hit.moment.day, self.site.zone)
        return self.days[before.label].places(hit.visitor_before, hit.page)

    def told_days(self) -> list[Sequence[Any]]:
        return [self._told_day(day) for day in self.days.values()]

    def _told_day(self, told: _Day) -> Sequence[Any]:
        day = told.day
        before = self.days.get(day_before(day, self.site.zone).label)
        following = self.site.day(day.end_ms).label
        after = self.days.get(following)
        return (
            day.label,
            day.start_ms,
            day.end_ms,
            following,
            before and before.place,
            after and after.place,
            list(told.visitors),
            list(told.pairs),
        )


def _place(places: dict[Any, int], text: object) -> int:
    return places.setdefault(text, len(places) + 1)


def _days(site: Site, items: Iterable[Item], now_ms: int) -> dict[str, _Day]:
    """
    The days that items fall on, each with its neighbours: visits go on from the one before.

    The one after is only there when the day is over, so that visits may have gone on into it.
    """
    own = {item.moment.day for item in items}
    found = own | {day_before(day, site.zone) for day in own}
    found |= {site.day(day.end_ms) for day in own if day.end_ms <= now_ms}
    by_label = {day.label: day for day in found}
    return {label: _Day(n, by_label[label]) for n, label in enumerate(sorted(by_label), 1)}


def _slots(items: Iterable[Item]) -> list[int]:
    own = {item.arrival_ms // SLOT_MS for item in items if isinstance(item, Hit) and item.id}
    return sorted({slot + side for slot in own for side in (-1, 0, 1)})
