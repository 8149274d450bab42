"""
One file of a journal, and what is known of it without reading it again.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from service.counting.records import Damage, Record, RecordKind, scan

#: How the files of a journal are named: a number of eight digits that counts up from 1.
SUFFIX = ".journal"

#: How long after its last batch a segment is kept at least, in ms, and how long after the end of
#: the site-days it has hits of: until then it may have to tell Redis who was seen.
KEPT_MS = 86_400_000

#: Bytes that are read at once.
_PIECE = 262_144


#: Longer than any segment is kept once SQL has it, in ms.
KEPT_AT_MOST_MS = 62 * 86_400_000


@dataclass(slots=True)
class Segment:
    """
    One file of a journal. It grows until it is sealed, and never changes otherwise.
    """

    path: Path
    #: Bytes that hold whole records.
    size: int = 0
    #: When its first record was written, in ms since 1970; 0 while it is empty.
    begun_ms: int = 0
    #: When its last record was written.
    newest_ms: int = 0
    #: For each site the last ``seq`` in it.
    last: dict[str, int] = field(default_factory=dict)
    #: The salts that stand in it: (site, site-day) -> salt and when that day ends.
    salts: dict[tuple[str, str], tuple[bytes, int]] = field(default_factory=dict)
    #: When the youngest of its site-days is closed, in ms since 1970.
    keep_until_ms: int = 0
    #: For each site the ``seq`` that was read last, and where it stands.
    _places: dict[str, tuple[int, int]] = field(default_factory=dict)

    def note(self, record: Record) -> None:
        """
        What the record tells is known.
        """
        if record.kind is RecordKind.SALT:
            day, _, salt = record.body.partition(b"\0")
            self.salts[record.site, day.decode()] = salt, record.time_ms
            self.keep_until_ms = max(self.keep_until_ms, record.time_ms + KEPT_MS)
            return
        self._note_batch(record)

    def note_damage(self, damage: Damage) -> None:
        """
        What a damaged batch still tells is known: it is missing, and not the end of the file.
        """
        if damage.seq and not damage.is_tail:
            self._note_batch(damage)

    def _note_batch(self, batch: Record | Damage) -> None:
        self.begun_ms = self.begun_ms or batch.time_ms
        self.newest_ms = max(self.newest_ms, batch.time_ms)
        self.last[batch.site] = max(batch.seq, self.last.get(batch.site, 0))
        self.keep_until_ms = max(self.keep_until_ms, batch.time_ms + KEPT_MS)

    def is_settled(self, watermarks: Mapping[str, int], dropped: Mapping[str, int]) -> bool:
        """
        Whether SQL has every batch in it, but for those of sites that were given up.
        """
        return all(
            watermarks.get(site, 0) >= seq or self.newest_ms <= dropped.get(site, -1)
            for site, seq in self.last.items()
        )

    def read(self, at: int = 0) -> Iterator[tuple[int, Record | Damage]]:
        """
        Everything in it from a place on. What is appended meanwhile is not seen.
        """
        if self.size == 0:
            return
        with self.path.open("rb") as file:
            size = min(self.size, os.fstat(file.fileno()).st_size)
            yield from scan(_Pieces(file.fileno(), size), at)

    def batches(self, site: str, after: int) -> Iterator[Record | Damage]:
        """
        The batches of a site behind a ``seq``, and those that once were.

        Whoever goes on where they stopped is not kept waiting: to look for that place anew would
        take as long as the file is.
        """
        seq, place = self._places.get(site, (0, 0))
        for at, found in self.read(place if seq <= after else 0):
            is_batch = isinstance(found, Damage) or found.kind is RecordKind.BATCH
            if is_batch and found.site == site and found.seq > after:
                if isinstance(found, Record):
                    self._places[site] = found.seq, at
                yield found


class _Pieces:
    """
    The bytes of an open file, of which only a piece is in memory.

    A lane that catches up takes as long as Redis does, so the file is not read whole. It is not
    mapped either: a page that the disk cannot read, or that was cut off, would end the process.
    """

    def __init__(self, descriptor: int, size: int) -> None:
        self._descriptor = descriptor
        self._size = size
        self._begin = 0
        self._held = b""

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, part: slice, /) -> bytes:
        start, stop, _ = part.indices(self._size)
        if start < self._begin or stop > self._begin + len(self._held):
            asked = min(max(stop - start, _PIECE), self._size - start)
            self._begin, self._held = start, os.pread(self._descriptor, asked, start)
        return self._held[start - self._begin : stop - self._begin]


def salt_record(site: str, day: str, end_ms: int, salt: bytes) -> Record:
    """
    The record that keeps the salt of a site-day which ends then.
    """
    return Record(RecordKind.SALT, site, 0, end_ms, 0, day.encode() + b"\0" + salt)
