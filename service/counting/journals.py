"""
All journals of this host, in one directory: whose they are, and how much they hold together.
"""

import logging
import secrets
from collections.abc import Iterator
from pathlib import Path

from service.counting.folders import segment_paths, sync_folder
from service.counting.journal import Journal
from service.counting.quarantines import QUARANTINE
from service.counting.records import Record, RecordKind, encode
from service.counting.segments import Segment
from service.errors import JournalFailed

log = logging.getLogger(__name__)

#: A journal whose newest file is older than this goes into the quarantine, in ms.
OLDEST_MS = 30 * 86_400_000


#: From this part of the capacity on, segments that SQL has are not kept for what they remember:
#: a Redis that is lost then may take some visitors for new, but no hit is refused before that.
PRESSED = 0.8


class Journals:
    """
    The directory ``journal`` under the data directory.
    """

    def __init__(self, data_dir: Path, capacity: int) -> None:
        """
        :param capacity: bytes that all journals of this host may hold together
        """
        self.folder = data_dir / "journal"
        self.capacity = capacity

    def create(self) -> Journal:
        """
        A new journal of a producer that nobody has heard of.

        :raises JournalFailed: the disk refuses
        """
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            sync_folder(self.folder.parent)
        except OSError as error:
            raise JournalFailed(f"journal: {self.folder}: {error.strerror}") from error
        return Journal.create(self.folder / secrets.token_hex(16))

    def adopt(self, owned: set[str]) -> list[Journal]:
        """
        The journals whose owners have ended; from here on they are this process's.

        :param owned: producers whose journals it has already
        """
        found = []
        for folder in self._folders():
            if folder.name not in owned and (journal := Journal.adopt(folder)) is not None:
                log.info("journal adopted", extra={"producer": folder.name, "bytes": journal.size})
                found.append(journal)
        return found

    def is_pressed(self, size: int) -> bool:
        """
        Whether so many bytes are nearly all that may be kept.
        """
        return size > self.capacity * PRESSED

    def producers(self) -> set[str]:
        """
        Everybody who has a journal here, whoever owns it.
        """
        return {folder.name for folder in self._folders()}

    def size(self) -> int:
        """
        Bytes of all journals of this host.
        """
        total = 0
        for folder in self._folders():
            for path in segment_paths(folder):
                try:
                    total += path.stat().st_size
                except FileNotFoundError:
                    continue
        return total

    def newest_ms(self) -> int:
        """
        When the last batch of all was written, in ms since 1970; 0 when there is none.

        The newest file of each journal is read, so this is no question for every request.
        """
        newest = 0
        for folder in self._folders():
            for path in segment_paths(folder)[-1:]:
                times = (r.time_ms for r in _records(path) if r.kind is RecordKind.BATCH)
                newest = max(newest, max(times, default=0))
        return newest

    def salt(self, site: str, day: str) -> bytes | None:
        """
        The salt of a site-day as some journal of this host has it.
        """
        for folder in self._folders():
            for path in segment_paths(folder):
                for record in _records(path):
                    told = record.body.partition(b"\0")
                    is_it = (record.kind, record.site, told[0]) == (
                        RecordKind.SALT,
                        site,
                        day.encode(),
                    )
                    if is_it:
                        return told[2]
        return None

    def set_aside(self, journal: Journal, now_ms: int) -> bool:
        """
        Whether a journal was so old that it went into the quarantine, whole but for its salts.
        """
        if now_ms - journal.newest_ms < OLDEST_MS:
            return False
        kept = self.folder / QUARANTINE
        kept.mkdir(mode=0o700, exist_ok=True)
        for path in segment_paths(journal.folder):
            _drop_salts(path)
        log.error("journal is too old to be sent", extra={"producer": journal.producer})
        journal.move(kept / journal.producer)
        return True

    def _folders(self) -> Iterator[Path]:
        try:
            inside = sorted(self.folder.iterdir())
        except FileNotFoundError:
            return
        for folder in inside:
            if len(folder.name) == 32 and folder.is_dir():
                yield folder


def _drop_salts(path: Path) -> None:
    """
    The segment holds its batches and nothing else: a salt goes with its day.
    """
    left = b"".join(encode(row) for row in _records(path) if row.kind is RecordKind.BATCH)
    without = path.with_suffix(".new")
    without.touch(mode=0o600)
    without.write_bytes(left)
    without.replace(path)


def _records(path: Path) -> Iterator[Record]:
    try:
        segment = Segment(path, size=path.stat().st_size)
        for _, found in segment.read():
            if isinstance(found, Record):
                yield found
    except FileNotFoundError:
        return
