"""
Files that are done harm: disks that are filled, and journals that are torn, bent and cut.

The layout of a journal's record is written down here a second time, so that a reader which
misreads it is found: two letters, version, kind, hits, bytes of the body, seq, time, site, and
the checksums of the body and of the header; then the body.
"""

import contextlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_HEAD = struct.Struct("<2sBBIIQQ64sII")

#: The kind of a record that holds hits.
BATCH = 1


@dataclass(frozen=True, slots=True)
class Found:
    """
    A record in a file.
    """

    file: Path
    at: int
    kind: int
    hits: int
    length: int
    seq: int
    time_ms: int
    site: str

    @property
    def end(self) -> int:
        """
        Where the next one begins.
        """
        return self.at + _HEAD.size + self.length


def records(file: Path) -> Iterator[Found]:
    """
    The records of a journal's file, up to the first thing that is none.
    """
    raw = file.read_bytes()
    at = 0
    while at + _HEAD.size <= len(raw):
        magic, _, kind, hits, length, seq, ms, site, _, _ = _HEAD.unpack_from(raw, at)
        if magic != b"LJ":
            return
        found = Found(file, at, kind, hits, length, seq, ms, site.rstrip(b"\0").decode("ascii"))
        if found.end > len(raw):
            return
        yield found
        at = found.end


def journal_files(journal: Path) -> list[Path]:
    """
    All files of all producers, those of one producer in their order.
    """
    return sorted(journal.glob("*/*.journal"))


def flip(file: Path, at: int, bit: int = 3) -> None:
    """
    One bit of the file is the other way round.
    """
    with file.open("r+b") as opened:
        opened.seek(at)
        byte = opened.read(1)[0]
        opened.seek(at)
        opened.write(bytes([byte ^ 1 << bit]))


def flip_body(record: Found) -> None:
    """
    The record's hits are damaged, its header is not.
    """
    flip(record.file, record.at + _HEAD.size + record.length // 2)


def flip_header(record: Found) -> None:
    """
    The record's header is damaged.
    """
    flip(record.file, record.at + 30)


def tear(file: Path) -> None:
    """
    The file ends in half a record that nobody was told of.
    """
    found = list(records(file))
    if not found:
        return
    raw = file.read_bytes()[found[-1].at : found[-1].end]
    with file.open("ab") as opened:
        opened.write(raw[: _HEAD.size + found[-1].length // 2])


def fill(filler: Path) -> None:
    """
    The file takes all the room that there is.
    """
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 10, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(bytes(size))


def lose_unsynced(log: Path, journal: Path) -> tuple[int, int]:
    """
    Every journal has only what had been synced; returns how many bytes and files are gone.

    :param log: what the shim ``synced_log`` wrote
    """
    synced: dict[str, int] = {}
    named: set[str] = set()
    for line in log.read_text(encoding="utf-8").splitlines():
        kind, size, path = line.split(" ", 2)
        if kind == "F":
            synced[path] = int(size)
        else:
            named.add(path)
    gone = files = 0
    for file in journal_files(journal):
        keeps = synced.get(str(file), 0) if str(file) in named else -1
        held = file.stat().st_size
        if keeps < 0:
            file.unlink()
            files, gone = files + 1, gone + held
        elif keeps < held:
            with file.open("r+b") as opened:
                opened.truncate(keeps)
            gone += held - keeps
    return gone, files
