"""
Access logs, taken in as hits at their own times, through the same intake and counting.

How many lines are done travels with the hits of those lines, in the same step in Redis and in the
same transaction in SQL. So an import that was killed goes on where it stopped, and a file that is
done adds nothing, however much later and under whatever name it comes again.
"""

import fcntl
import gzip
import hashlib
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path

from sqlalchemy import select

from service.archive import schema
from service.archive.databases import Database, upsert
from service.archive.files import regular_file
from service.archive.sites import create_site
from service.counting.direct import DirectRecorder
from service.counting.outcomes import Wish
from service.counting.wire import LARGEST_BATCH, Item, Result
from service.errors import ImportRefused, Rejected, SettingsError
from service.intake.addresses import client_address
from service.intake.beacons import Arrival, Intake, Sender
from service.intake.hits import Filtered
from service.intake.logs import LogLine, Skip, log_line, skip
from service.intake.payloads import Payload
from service.intake.sites import Site

#: Bytes of a file as it is stored.
LARGEST_FILE = 68_719_476_736

#: Bytes of a line that are kept; what is longer is read to its end and is no line of a log.
LARGEST_LINE = 65_536

#: The year of the first web server.
FIRST_YEAR = 1990

#: How far in the future a line may be, in ms: clocks differ.
FUTURE_MS = 300_000

#: Lines after which progress is noted, also when they hold no hit.
NOTED_LINES = 5_000


@dataclass(frozen=True, slots=True)
class LogFile:
    """
    A file as its first reading found it.
    """

    file: Path
    #: SHA-256 of the content, unpacked.
    content: str
    lines: int
    #: The latest moment that a line may have, in ms.
    latest_ms: int
    #: Site-days of the lines that may be views.
    days: frozenset[date]


@dataclass(slots=True)
class Summary:
    """
    What became of the lines of a file; all of them together are its lines.
    """

    site: str
    file: str
    lines: int
    counted: int = 0
    #: Lines that an earlier import of the same content had added.
    added_before: int = 0
    #: For each reason the lines that were not counted.
    reasons: dict[str, int] = field(default_factory=dict)

    def leave_out(self, reason: str) -> None:
        """
        One more line was not counted.
        """
        self.reasons[reason] = self.reasons.get(reason, 0) + 1


def read_log(file: Path, site: Site, now_ms: int) -> LogFile:
    """
    What a file holds, without adding anything.

    :raises ImportRefused: it cannot be read
    """
    digest, lines, days = hashlib.sha256(), 0, set()
    latest = now_ms + FUTURE_MS
    for raw in _lines(file, digest.update):
        lines += 1
        found = _request(raw, latest)
        if found is not None and skip(found) is None:
            days.add(date.fromisoformat(site.day(_ms(found)).label))
    return LogFile(file, digest.hexdigest(), lines, latest, frozenset(days))


def lines_done(database: Database, site: Site, log: LogFile) -> int:
    """
    How many lines of this content are in SQL.
    """
    row, _ = create_site(database, site)
    known = schema.import_file.c
    asked = select(known.lines).where(known.site_id == row.id, known.file == log.content)
    with database.read() as connection:
        return int(connection.execute(asked).scalar() or 0)


def refuse_overlap(database: Database, site: Site, log: LogFile) -> None:
    """
    Nothing, when no day of the file has numbers yet.

    :raises ImportRefused: naming the days that have
    """
    row, _ = create_site(database, site)
    day, page, covered = schema.day_count.c, schema.page.c, schema.import_day.c
    measured = (
        select(day.day)
        .join(schema.page, page.id == day.page_id)
        .where(day.site_id == row.id, page.path == "", day.views > 0)
    )
    # Its own days were noted by an import that was stopped before its first line was added.
    imported = select(covered.day).where(covered.site_id == row.id, covered.file != log.content)
    with database.read() as connection:
        taken = set(connection.execute(measured.union(imported)).scalars())
    if both := sorted(log.days & taken):
        named = ", ".join(day.isoformat() for day in both[:7])
        more = f" and {len(both) - 7} more" if len(both) > 7 else ""
        raise ImportRefused(
            f"{log.file}: these days have numbers already: {named}{more}; "
            f"--mode add adds the lines to them"
        )


def note_days(database: Database, site: Site, log: LogFile) -> None:
    """
    From here on the file's days count as covered.
    """
    row, _ = create_site(database, site)
    rows = [{"site_id": row.id, "day": day, "file": log.content} for day in sorted(log.days)]
    with database.write() as connection:
        upsert(connection, schema.import_day, rows, None)


@contextmanager
def only_importer(folder: Path, site: Site) -> Iterator[None]:
    """
    Nobody else imports logs of this site on this machine inside the block.

    :raises ImportRefused: somebody does
    :raises SettingsError: the data directory cannot be written
    """
    try:
        opened = (folder / f"import-{site.id}.lock").open("w")
    except OSError as error:
        raise SettingsError([f"data_dir: {folder} cannot be written: {error.strerror}"]) from None
    with opened as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ImportRefused(f"another import of {site.id} is running") from None
        yield


class LogImport:
    """
    Adds the lines of a file that are not added yet.
    """

    def __init__(self, intake: Intake, recorder: DirectRecorder, site: Site) -> None:
        self._intake = intake
        self._recorder = recorder
        self._site = site

    def add(self, log: LogFile, done: int, on_lines: Callable[[int], None]) -> Summary:
        """
        Every line of the file is settled once; returns what became of those that were left.

        :param done: lines that are added already
        :param on_lines: told how many more lines are settled
        """
        summary = Summary(self._site.id, str(log.file), log.lines, added_before=done)
        items: list[Item] = []
        noted = done
        for number, raw in enumerate(islice(_lines(log.file, _ignore), log.lines), 1):
            if number <= done:
                continue
            item = self._take(_request(raw, log.latest_ms), summary)
            if item is not None:
                items.append(item)
            if len(items) == LARGEST_BATCH or number - noted == NOTED_LINES:
                self._record(items, log, number, summary)
                on_lines(number - noted)
                items, noted = [], number
        if noted < log.lines:
            self._record(items, log, log.lines, summary)
            on_lines(log.lines - noted)
        return summary

    def _take(self, line: LogLine | None, summary: Summary) -> Item | None:
        reason = Skip.UNPARSED if line is None else skip(line)
        if line is None or reason is not None:
            summary.leave_out(str(reason))
            return None
        try:
            return self._hit(line)
        except Rejected:
            summary.leave_out(str(Skip.UNPARSED))
            return None

    def _hit(self, line: LogLine) -> Item:
        time = _ms(line)
        sender = Sender(client_address(line.address, "", 0), line.user_agent)
        payload = Payload(path=line.target, referrer=line.referrer)
        arrival = Arrival(time, time, trusted=True)
        return self._intake.take(payload, self._site, sender, arrival).item

    def _record(self, items: list[Item], log: LogFile, done: int, summary: Summary) -> None:
        wish = Wish(file=log.content, lines=done)
        results = self._recorder.record(self._site, items, wish).results
        for item, result in zip(items, results, strict=True):
            if result is Result.COUNTED:
                summary.counted += 1
            else:
                reason = item.reason if isinstance(item, Filtered) else result
                summary.leave_out(str(reason))


def _request(raw: str, latest_ms: int) -> LogLine | None:
    """
    What a line tells, if it tells of something that can have happened.
    """
    line = log_line(raw)
    if line is None or line.time.year < FIRST_YEAR or _ms(line) > latest_ms:
        return None
    return line


def _ms(line: LogLine) -> int:
    return round(line.time.timestamp() * 1000)


def _ignore(_chunk: bytes) -> None:
    pass


def _lines(file: Path, on_bytes: Callable[[bytes], None]) -> Iterator[str]:
    """
    The lines of a file, plain or gzip; bytes that are no UTF-8 stay what they are.
    """
    plain = regular_file(file, LARGEST_FILE)
    with plain.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        stream = gzip.GzipFile(fileobj=raw) if packed else raw
        try:
            while line := stream.readline(LARGEST_LINE):
                on_bytes(line)
                whole = line
                while not whole.endswith(b"\n") and (whole := stream.readline(LARGEST_LINE)):
                    on_bytes(whole)
                yield line.decode("utf-8", "surrogateescape").rstrip("\r\n")
        except (OSError, EOFError, zlib.error) as error:
            raise ImportRefused(f"{file}: cannot be unpacked: {error}") from None
