"""
One file of a journal, and what is known of it without reading it again.
"""

import mmap
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from service.counting.records import Damage, Record, RecordKind, scan

#: How the files of a journal are named: a number of eight digits that counts up from 1.
SUFFIX = ".journal"

#: How long after its last batch a segment is kept at least, in ms, and how long after the end of
#: the site-days it has hits of: until then it may have to tell Redis who was seen.
KEPT_MS = 86_400_000


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
    #: The salts that stand in it: (site, site-day) -> salt.
    salts: dict[tuple[str, str], bytes] = field(default_factory=dict)
    #: When the youngest of its site-days is closed, in ms since 1970.
    keep_until_ms: int = 0

    def note(self, record: Record) -> None:
        """
        What the record tells is known.
        """
        if record.kind is RecordKind.SALT:
            day, _, salt = record.body.partition(b"\0")
            self.salts[record.site, day.decode()] = salt
            self.keep_until_ms = max(self.keep_until_ms, record.time_ms + KEPT_MS)
            return
        self.begun_ms = self.begun_ms or record.time_ms
        self.newest_ms = max(self.newest_ms, record.time_ms)
        self.last[record.site] = max(record.seq, self.last.get(record.site, 0))
        self.keep_until_ms = max(self.keep_until_ms, record.time_ms + KEPT_MS)

    def read(self) -> Iterator[tuple[int, Record | Damage]]:
        """
        Everything in it with its place. What is appended meanwhile is not seen.
        """
        if self.size == 0:
            return
        with self.path.open("rb") as file:
            size = min(self.size, os.fstat(file.fileno()).st_size)
            if size == 0:
                return
            # Mapped, not read: a lane that catches up takes as long as Redis does.
            with mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ) as mapped:
                data = memoryview(mapped)
                try:
                    yield from scan(data)
                finally:
                    data.release()


def salt_record(site: str, day: str, end_ms: int, salt: bytes) -> Record:
    """
    The record that keeps the salt of a site-day which ends then.
    """
    return Record(RecordKind.SALT, site, 0, end_ms, 0, day.encode() + b"\0" + salt)
