"""
Following an access log: its lines are counted as they are written, whatever becomes of the file.

A log is known by its first line, whatever its name is and wherever it was moved. How many of its
lines are done travels with what they counted, in one step. So a follower that is killed goes on at
the next line, also when the log was renamed, copied, truncated or packed in the meantime.
"""

import gzip
import hashlib
import os
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from sqlalchemy import select

from service.archive import import_tables
from service.archive.databases import Database
from service.archive.log_imports import LogImport, Summary
from service.archive.log_lines import FUTURE_MS, LARGEST_LINE, possible
from service.archive.sites import create_site
from service.clock import Clock
from service.counting.wire import LARGEST_BATCH, Item
from service.errors import ImportRefused
from service.intake.log_formats import LineReader, log_reader
from service.intake.sites import Site

#: Lines after which progress is noted, also when they hold no hit.
NOTED_LINES = 5_000

_FOLLOWED = b"followed\0"


@dataclass(slots=True)
class _Log:
    """
    One file that is read.
    """

    stream: IO[bytes]
    #: What it is known by.
    content: str
    #: Lines that were read; all of them are done or in the batch that is being made.
    lines: int
    #: Where the next line begins.
    offset: int
    #: How its lines are written, as far as they have told.
    reader: LineReader


class Follower:
    """
    Counts the lines of one log as they come.
    """

    def __init__(
        self,
        database: Database,
        site: Site,
        importer: LogImport,
        clock: Clock,
        file: Path,
        format_: str,
    ) -> None:
        self._database = database
        self._site = site
        self._importer = importer
        self._clock = clock
        self._file = file
        self._format = format_
        self._log: _Log | None = None
        #: Logs that were begun; SQL may not know of those whose lines Redis has lost.
        self._begun: set[str] = set()
        self.summary = Summary(site.id, str(file), 0)

    @property
    def knows(self) -> bool:
        """
        Whether the log, or one that stood under its name before, was followed already.
        """
        return any(self._done(head) for head in map(_head, self._all()) if head)

    def catch_up(self) -> None:
        """
        The logs that stood under this name before are done, if they were begun.
        """
        current = _head(self._file)
        for file in self._older():
            head = _head(file)
            done = self._done(head) if head else 0
            if head and head != current and (done or head in self._begun):
                self._rest_in(file, head, done)

    def read(self) -> bool:
        """
        Everything that is written by now is counted; returns whether there was anything.
        """
        if self._log is None and not self._open():
            return False
        log = cast(_Log, self._log)
        if _size(log.stream) < log.offset:
            self._truncated(log)
            return True
        if self._count(log, whole=True):
            return True
        if _identity(self._file) in {None, os.fstat(log.stream.fileno())[1:3]}:
            return False
        # Renamed: whoever writes may still write here for a moment, so it is read until it ends.
        self._count(log, whole=False)
        self.close()
        return True

    def begin_again(self) -> None:
        """
        What Redis has lost is counted again; for when SQL says which lines are done.
        """
        self.close()
        self.catch_up()

    def close(self) -> None:
        """
        No file is open.
        """
        if self._log is not None:
            self._log.stream.close()
        self._log = None

    def _open(self) -> bool:
        head = _head(self._file)
        if head is None:
            return False
        log = _Log(self._file.open("rb"), head, 0, 0, log_reader(self._format))
        self._log = log
        self._begun.add(head)
        self._count(log, whole=True, done=self._done(head))
        return True

    def _truncated(self, log: _Log) -> None:
        # What was written between the last look and the copy stands in the copy alone.
        for file in self._older():
            if _head(file) == log.content:
                self._rest_in(file, log.content, log.lines)
                break
        self.close()

    def _rest_in(self, file: Path, content: str, done: int) -> None:
        """
        The lines behind those that are done are counted, of a log that nobody writes any more.
        """
        with closing(_opened(file)) as stream:
            log = _Log(stream, content, 0, 0, log_reader(self._format))
            self._count(log, whole=False, done=done)

    def _count(self, log: _Log, *, whole: bool, done: int = 0) -> int:
        """
        Counts every line behind those that are done; returns how many there were.
        """
        items: list[Item] = []
        first = noted = max(log.lines, done)
        for raw in _lines(log, whole=whole):
            line = log.reader(raw)
            if log.lines <= done:
                continue
            found = possible(line, self._clock.now_ms() + FUTURE_MS)
            item = self._importer.take(found, self.summary)
            items += [item] if item is not None else []
            if len(items) == LARGEST_BATCH or log.lines - noted == NOTED_LINES:
                self._importer.record(items, log.content, log.lines, self.summary)
                items, noted = [], log.lines
        if log.lines > noted:
            self._importer.record(items, log.content, log.lines, self.summary)
        self.summary.lines += max(0, log.lines - first)
        return max(0, log.lines - first)

    def _done(self, head: str) -> int:
        row, _ = create_site(self._database, self._site)
        known = import_tables.import_file.c
        asked = select(known.lines).where(known.site_id == row.id, known.file == head)
        with self._database.read() as connection:
            return int(connection.execute(asked).scalar() or 0)

    def _all(self) -> list[Path]:
        return [self._file, *self._older()]

    def _older(self) -> list[Path]:
        found = self._file.parent.glob(f"{glob_escaped(self._file.name)}?*")
        return sorted((f for f in found if f.is_file()), key=lambda f: f.stat().st_mtime)


def glob_escaped(name: str) -> str:
    """
    A name as a pattern that matches it alone.
    """
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)


def _lines(log: _Log, *, whole: bool) -> Iterator[str]:
    """
    The lines from where it stands; one that is not ended yet is left, unless it is the last ever.
    """
    log.stream.seek(log.offset)
    try:
        while raw := log.stream.readline(LARGEST_LINE):
            length = len(raw)
            part = raw
            while not part.endswith(b"\n") and (part := log.stream.readline(LARGEST_LINE)):
                length += len(part)
                raw = raw if len(raw) >= LARGEST_LINE else raw + part
            if whole and not (part or raw).endswith(b"\n"):
                return
            log.offset += length
            log.lines += 1
            yield raw[:LARGEST_LINE].decode("utf-8", "surrogateescape").rstrip("\r\n")
    except (OSError, EOFError, zlib.error) as error:
        raise ImportRefused(f"a followed log cannot be read: {error}") from None


def _opened(file: Path) -> IO[bytes]:
    with file.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
    return cast(IO[bytes], gzip.open(file)) if packed else file.open("rb")


def _head(file: Path) -> str | None:
    """
    What a log is known by; none while its first line is not ended.
    """
    try:
        with closing(_opened(file)) as stream:
            first = stream.readline(LARGEST_LINE)
    except (OSError, EOFError, zlib.error):
        return None
    ended = first.endswith(b"\n") or len(first) == LARGEST_LINE
    return hashlib.sha256(_FOLLOWED + first).hexdigest() if ended else None


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found[1:3]


def _size(stream: IO[bytes]) -> int:
    return os.fstat(stream.fileno()).st_size
