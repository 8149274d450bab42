"""
The hits of one producer on disk: what is in here is safe, whatever Redis does.

A journal is a directory named for its producer, with files that are only ever appended to and a
lock that its owner holds. A batch is in it when ``append`` returns: written, and synced to disk.
"""

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from service import crashes
from service.counting.entries import Entry, Lost, missing, numbered
from service.counting.folders import OWNER, abandon, locked, segment_paths, sync_folder
from service.counting.quarantines import indexed
from service.counting.records import Damage, Record, RecordKind, encode
from service.counting.segments import SUFFIX, Segment
from service.errors import JournalFailed

log = logging.getLogger(__name__)

#: A segment is followed by another one at this size, in bytes, or at this age, in ms.
SEGMENT_BYTES, SEGMENT_MS = 16 * 1024 * 1024, 3_600_000


class Journal:
    """
    One producer's journal, owned by this process. Made by ``create`` and ``adopt``.
    """

    def __init__(self, folder: Path, lock: int, segments: list[Segment]) -> None:
        self.folder = folder
        self._lock = lock
        self._segments = segments
        self._file: int | None = None
        self._last: dict[str, int] = {}
        #: For each site that was given up, until when its batches are dropped, in ms.
        self.dropped: Mapping[str, int] = {}
        for segment in segments:
            for site, seq in segment.last.items():
                self._last[site] = max(seq, self._last.get(site, 0))

    @property
    def producer(self) -> str:
        """
        128 random bits, as hexadecimal digits.
        """
        return self.folder.name

    @classmethod
    def create(cls, folder: Path) -> "Journal":
        """
        An empty journal that this process owns.

        :raises JournalFailed: the disk refuses
        """
        # Nobody may find it before its lock is held.
        hidden = folder.with_name(f".{folder.name}")
        lock = None
        try:
            hidden.mkdir(mode=0o700)
            lock = locked(hidden)
            hidden.rename(folder)
            sync_folder(folder.parent)
        except OSError as error:
            abandon(lock, hidden, folder)
            raise JournalFailed(f"journal: {folder}: {error.strerror}") from error
        if lock is None:  # pragma: no cover - nobody else knows the name yet
            raise JournalFailed(f"journal: {folder} is another's")
        return cls(folder, lock, [])

    @classmethod
    def adopt(cls, folder: Path) -> "Journal | None":
        """
        The journal of a process that has ended; ``None`` when that still runs or nothing is left.

        What is damaged in it is copied into the quarantine.
        """
        lock = None
        try:
            lock = locked(folder)
            if lock is None:
                return None
            return cls(folder, lock, [indexed(path) for path in segment_paths(folder)])
        except OSError as error:
            # Its lock is given back: the next look, or another process, may have more luck.
            if lock is not None:
                os.close(lock)
            if folder.exists():
                told = {"producer": folder.name, "why": error.strerror}
                log.error("journal cannot be read", extra=told)  # noqa: TRY400 - strerror says it
            return None

    def last(self, site: str) -> int:
        """
        The ``seq`` of the site's newest batch; 0 when it has none.
        """
        return self._last.get(site, 0)

    @property
    def sites(self) -> list[str]:
        """
        Sites that it has batches of.
        """
        return list(self._last)

    @property
    def size(self) -> int:
        """
        Bytes of all its segments.
        """
        return sum(segment.size for segment in self._segments)

    @property
    def newest_ms(self) -> int:
        """
        When its last batch was written, in ms since 1970.
        """
        return max((segment.newest_ms for segment in self._segments), default=0)

    def append(self, entries: Sequence[Entry]) -> list[int]:
        """
        The batches are on disk afterwards; returns the ``seq`` of each.

        :raises JournalFailed: none of them is; the journal takes no more
        """
        try:
            segment = self._open_segment(entries[0].time_ms)
            records = list(numbered(entries, segment.salts, self._last))
            data = b"".join(map(encode, records))
            _write_all(self._descriptor(), data)
            crashes.at("written")
            os.fdatasync(self._descriptor())
            crashes.at("synced")
        except OSError as error:
            self._give_up()
            raise JournalFailed(f"journal: {error.strerror}") from error
        segment.size += len(data)
        for record in records:
            segment.note(record)
            if record.kind is RecordKind.BATCH:
                self._last[record.site] = record.seq
        return [record.seq for record in records if record.kind is RecordKind.BATCH]

    def read(self, site: str, after: int) -> Iterator[Record | Lost]:
        """
        The site's batches behind a ``seq``, in order; where some are missing, how many.

        Batches that are appended while it is read are not missing, but may not be seen either.
        """
        # Asked before the files are: those that come later are none of this reading's business.
        expected, last, damaged = after + 1, self.last(site), list[Damage]()
        for found in self._of_site(site, after):
            if isinstance(found, Damage):
                damaged.append(found)
            elif found.seq >= expected:
                if found.seq > expected:
                    yield missing(expected, found.seq - 1, damaged)
                yield found if found.time_ms > self.dropped.get(site, -1) else Lost(found.seq)
                expected, damaged = found.seq + 1, []
        if expected <= last:
            yield missing(expected, last, damaged)

    def salts(self) -> dict[tuple[str, str], tuple[bytes, int]]:
        """
        The salts that stand in it, (site, site-day) -> salt and when that day ends.
        """
        found: dict[tuple[str, str], tuple[bytes, int]] = {}
        for segment in list(self._segments):
            found.update(segment.salts.copy())
        return found

    def seal(self) -> None:
        """
        Nothing more is written into the newest segment.
        """
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def seal_old(self, now_ms: int) -> None:
        """
        The newest segment is sealed when its time is over, also when nothing comes any more.
        """
        newest = self._segments[-1] if self._segments else None
        if newest and newest.begun_ms and now_ms - newest.begun_ms >= SEGMENT_MS:
            self.seal()

    def trim(self, watermarks: dict[str, int], now_ms: int) -> int:
        """
        Segments that nobody will ask for are gone; returns how many.

        A segment goes when SQL has every batch in it and every site-day of them is closed.
        """
        newest = self._segments[-1] if self._file is not None else None
        gone = [
            segment
            for segment in self._segments
            if segment is not newest
            and now_ms >= segment.keep_until_ms
            and segment.is_settled(watermarks, self.dropped)
        ]
        for segment in gone:
            segment.path.unlink(missing_ok=True)
            self._segments.remove(segment)
        return len(gone)

    @property
    def is_empty(self) -> bool:
        """
        Whether no segment is left.
        """
        return not self._segments

    def remove(self) -> None:
        """
        The empty journal is gone, and its producer will never be heard of again.
        """
        # Out of sight first, so that nobody can adopt what is half gone.
        hidden = self.folder.rename(self.folder.with_name(f".{self.folder.name}"))
        (hidden / OWNER).unlink(missing_ok=True)
        self.close()
        try:
            hidden.rmdir()
        except OSError as error:
            told = {"folder": str(hidden), "why": error.strerror}
            log.warning("somebody else's file stays in a journal's folder", extra=told)

    def move(self, folder: Path) -> None:
        """
        The journal stands elsewhere, where nobody looks for journals.
        """
        self.folder.rename(folder)
        self.close()

    def close(self) -> None:
        """
        Anybody else of this host may adopt it.
        """
        self.seal()
        os.close(self._lock)

    def _of_site(self, site: str, after: int) -> Iterator[Record | Damage]:
        """
        The site's batches behind a ``seq``, and those that once were.
        """
        for segment in list(self._segments):
            if segment.last.get(site, 0) > after:
                yield from segment.batches(site, after)

    def _open_segment(self, now_ms: int) -> Segment:
        """
        The segment that the next batch goes into.
        """
        newest = self._segments[-1] if self._segments else None
        if self._file is not None and newest is not None:
            age = now_ms - newest.begun_ms if newest.begun_ms else 0
            if newest.size < SEGMENT_BYTES and age < SEGMENT_MS:
                return newest
            self.seal()
        number = int(newest.path.stem) + 1 if newest else 1
        path = self.folder / f"{number:08d}{SUFFIX}"
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        self._segments.append(Segment(path))
        sync_folder(self.folder)
        return self._segments[-1]

    def _descriptor(self) -> int:
        if self._file is None:  # pragma: no cover - a segment was opened
            raise OSError("no segment is open")
        return self._file

    def _give_up(self) -> None:
        """
        The newest segment ends behind its last whole record, as far as the disk still obeys.
        """
        if self._file is None:
            return
        newest = self._segments[-1]
        try:
            os.ftruncate(self._file, newest.size)
            os.fdatasync(self._file)
        except OSError:
            log.exception("journal cannot be cut back")
        self.seal()
        if newest.size == 0:
            try:
                newest.path.unlink(missing_ok=True)
            except OSError:
                log.exception("empty segment cannot be removed")
            else:
                self._segments.remove(newest)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
