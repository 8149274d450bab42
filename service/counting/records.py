"""
What the file of a journal consists of: records, each with its length and two checksums. Pure.

A record is a header of fixed size and a body. The header has a checksum of its own, so that a
damaged body still says whose it was and how many hits it held, and so that the next record is
found behind a damaged header by looking for one whose checksum is right.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from google_crc32c import value as crc32c

#: The first two bytes of every header.
MAGIC = b"LJ"

#: The layout of header and body; it changes when a reader of the old one would misread the new.
VERSION = 1

#: Magic, version, kind, hits, bytes of the body, seq, time in ms since 1970, site, checksum of
#: the body. The checksum of these follows.
_HEAD = struct.Struct("<2sBBIIQQ64sI")

_CHECK = struct.Struct("<I")

#: Bytes of a header.
HEADER = _HEAD.size + _CHECK.size

#: Bytes of a body; what claims to be longer is damaged.
LARGEST_BODY = 8 * 1024 * 1024

#: Bytes that are looked through at once for the next header.
_PIECE = 65_536


class Source(Protocol):
    """
    Bytes that are taken out in slices, wherever they stand.
    """

    def __len__(self) -> int:
        """
        How many there are.
        """

    def __getitem__(self, part: slice, /) -> bytes:
        """
        Some of them.
        """


class RecordKind(IntEnum):
    """
    What a record holds.
    """

    #: The hits of one site, as they are sent to Redis.
    BATCH = 1
    #: The salt of a site-day, which the batches behind it use; its time is the day's end.
    SALT = 2


@dataclass(frozen=True, slots=True)
class Record:
    """
    One record of a journal.
    """

    kind: RecordKind
    site: str
    #: Counts 1, 2, 3 ... for each producer and site; 0 for a salt.
    seq: int
    time_ms: int
    #: How many hits the body holds.
    hits: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Damage:
    """
    Bytes that are no record, or not any more; what its header said where that could be read.
    """

    raw: bytes
    site: str = ""
    seq: int = 0
    hits: int = 0
    time_ms: int = 0
    kind: RecordKind | None = None
    #: Whether nothing follows: the end of a file whose writer died.
    is_tail: bool = False


def encode(record: Record) -> bytes:
    """
    The bytes of a record.
    """
    head = _HEAD.pack(
        MAGIC,
        VERSION,
        record.kind,
        record.hits,
        len(record.body),
        record.seq,
        record.time_ms,
        record.site.encode("ascii"),
        crc32c(record.body),
    )
    return b"".join((head, _CHECK.pack(crc32c(head)), record.body))


def scan(data: Source, at: int = 0) -> Iterator[tuple[int, Record | Damage]]:
    """
    Every record in the bytes of a file with its place; damage where there is none.

    :param at: the place of the first that is wanted
    """
    while at < len(data):
        found, end = _record_at(data, at)
        yield at, found
        at = end


def _record_at(data: Source, at: int) -> tuple[Record | Damage, int]:
    head = _head_at(data, at)
    if head is None:
        end = _next_head(data, at + 1)
        return Damage(data[at:end], is_tail=end == len(data)), end
    kind, hits, length, seq, time_ms, site, check = head
    end = at + HEADER + length
    body = data[at + HEADER : end]
    if len(body) == length and crc32c(body) == check:
        return Record(RecordKind(kind), site, seq, time_ms, hits, body), end
    # A body whose end lies behind the end of the file was still being written.
    is_tail = end > len(data)
    if is_tail:
        end = _next_head(data, at + HEADER)
    is_tail = is_tail and end == len(data)
    return Damage(data[at:end], site, seq, hits, time_ms, RecordKind(kind), is_tail), end


def _head_at(data: Source, at: int) -> tuple[int, int, int, int, int, str, int] | None:
    raw = data[at : at + HEADER]
    if len(raw) < HEADER or not raw.startswith(MAGIC):
        return None
    if _CHECK.unpack_from(raw, _HEAD.size)[0] != crc32c(raw[: _HEAD.size]):
        return None
    _, version, kind, hits, length, seq, time_ms, site, check = _HEAD.unpack_from(raw)
    if version != VERSION or kind not in set(RecordKind) or length > LARGEST_BODY:
        return None
    return kind, hits, length, seq, time_ms, site.rstrip(b"\0").decode("ascii"), check


def _next_head(data: Source, at: int) -> int:
    """
    The place of the next header whose checksum is right, or the end.
    """
    # In pieces: to copy the rest of a file for each of many damaged records takes for ever.
    for start in range(at, len(data), _PIECE):
        # One byte more, where a header begins with the last byte of a piece.
        piece = data[start : start + _PIECE + 1]
        found = piece.find(MAGIC)
        while found >= 0:
            if _head_at(data, start + found) is not None:
                return start + found
            found = piece.find(MAGIC, found + 1)
    return len(data)
