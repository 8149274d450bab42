"""
What a batch of one site looks like on its way to Redis, and what comes back. Pure.

The parts of an item are numbered; their numbers stand at the head of ``3_batch.lua``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

import msgspec

from service.counting.keys import SiteKeys
from service.dimensions import OPEN, STICKY, Dimension
from service.intake.days import SiteDay, day_before
from service.intake.hits import Filtered, Hit
from service.intake.sites import Site
from service.settings import Settings

#: The layout of a batch; it changes when a reader of the old one would misread the new.
FORMAT = 1

#: Items in one call.
LARGEST_BATCH = 500

#: Ids are remembered in slots of this many ms of arrival time.
SLOT_MS = 600_000

#: Site-days that Redis keeps for a site: two months, so that any month has its predecessor.
DAYS_KEPT = 62

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
    values_per_site: int
    values_per_page: int
    #: For each dimension its name and flags: 1 open-ended, 2 kept for pages, 4 the visit's.
    dimensions: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, settings: Settings) -> "Limits":
        """
        The bounds that the settings draw.
        """
        return cls(
            settings.flood_per_minute,
            settings.pages_per_day,
            settings.pages_total,
            settings.values_per_site,
            settings.values_per_page,
            tuple((str(d), _flags(d, settings.page_dimensions)) for d in Dimension),
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
    days = _days(site, items)
    places = {day.label: place for place, day in enumerate(days, 1)}
    slots = _slots(item for item in items if isinstance(item, Hit))
    names = sorted({item.batch for item in items if item.batch})
    packer = _Packer(site, places, slots, names)
    told = [
        FORMAT,
        [
            limits.flood_per_minute,
            site.double_click_ms,
            limits.pages_per_day,
            limits.pages_total,
            limits.values_per_site,
            limits.values_per_page,
            oldest_day(site.day(now_ms)),
        ],
        limits.dimensions,
        [(d.label, d.start_ms, d.end_ms, site.day(d.end_ms).label) for d in days],
        slots,
        names,
        [packer.pack(item) for item in items],
    ]
    keys = SiteKeys(site.id).of_record([day.label for day in days], slots, names)
    hits = tuple(isinstance(item, Hit) for item in items)
    return Batch(site.id, tuple(keys), msgspec.msgpack.encode(told), hits)


def oldest_day(today: SiteDay) -> str:
    """
    The label of the oldest site-day that Redis keeps.
    """
    return (date.fromisoformat(today.label) - timedelta(days=DAYS_KEPT - 1)).isoformat()


def keys_of(site: str, packed: bytes) -> tuple[str, ...]:
    """
    The keys of a batch, from the batch itself.
    """
    told = msgspec.msgpack.decode(packed)
    days, slots, names = told[3:6]
    return tuple(SiteKeys(site).of_record([day[0] for day in days], slots, names))


@dataclass(frozen=True, slots=True)
class _Packer:
    site: Site
    places: dict[str, int]
    slots: list[int]
    names: list[str]

    def pack(self, item: Item) -> Sequence[Any]:
        moment = item.moment
        day = self.places[moment.day.label]
        name = self.names.index(item.batch) + 1 if item.batch else 0
        if isinstance(item, Filtered):
            return 0, moment.ms, day, moment.hour, item.reason, name
        return (
            item.kind,
            moment.ms,
            day,
            moment.hour,
            self.places[day_before(moment.day, self.site.zone).label],
            self.slots.index(item.arrival_ms // SLOT_MS) + 1 if item.id else 0,
            item.id,
            name,
            item.visitor,
            item.visitor_before,
            item.path,
            item.page,
            item.title,
            item.values,
            item.internal,
            item.trusted,
            item.seconds,
        )


def _flags(dimension: Dimension, of_pages: tuple[Dimension, ...]) -> int:
    return (dimension in OPEN) + 2 * (dimension in of_pages) + 4 * (dimension in STICKY)


def _days(site: Site, items: Iterable[Item]) -> list[SiteDay]:
    found = {item.moment.day for item in items}
    found |= {day_before(day, site.zone) for day in found}
    return sorted(found, key=lambda day: day.label)


def _slots(hits: Iterable[Hit]) -> list[int]:
    own = {hit.arrival_ms // SLOT_MS for hit in hits if hit.id}
    return sorted({slot + side for slot in own for side in (-1, 0, 1)})
