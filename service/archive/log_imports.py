"""
Access logs, taken in as hits at their own times, through the same intake and counting.

How many lines are done travels with the hits of those lines, in the same step in Redis and in the
same transaction in SQL. So an import that was killed goes on where it stopped, and a file that is
done adds nothing, however much later and under whatever name it comes again.
"""

import fcntl
import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path
from types import MappingProxyType

from sqlalchemy import select

from service.archive import import_tables, schema
from service.archive.databases import Database, upsert
from service.archive.log_lines import FUTURE_MS, lines_of, moment_ms, possible, sender_of
from service.archive.sites import create_site
from service.counting.direct import DirectRecorder
from service.counting.outcomes import Wish
from service.counting.wire import LARGEST_BATCH, Item, Result
from service.errors import ImportRefused, Rejected, SettingsError
from service.intake.beacons import Arrival, Intake
from service.intake.hits import Filtered
from service.intake.log_formats import log_reader
from service.intake.logs import LogLine, Skip, skip
from service.intake.payloads import Payload
from service.intake.sites import Site

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
    #: How its lines are written.
    format: str = "auto"


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


def read_log(file: Path, site: Site, now_ms: int, format_: str = "auto") -> LogFile:
    """
    What a file holds, without adding anything.

    :raises ImportRefused: it cannot be read, or its lines cannot
    """
    read = log_reader(format_)
    digest, lines, days = hashlib.sha256(), 0, set()
    latest = now_ms + FUTURE_MS
    for raw in lines_of(file, digest.update):
        lines += 1
        found = possible(read(raw), latest)
        if found is not None and skip(found) is None:
            days.add(date.fromisoformat(site.day(moment_ms(found)).label))
    return LogFile(file, digest.hexdigest(), lines, latest, frozenset(days), format_)


def lines_done(database: Database, site: Site, log: LogFile) -> int:
    """
    How many lines of this content are in SQL.
    """
    row, _ = create_site(database, site)
    known = import_tables.import_file.c
    asked = select(known.lines).where(known.site_id == row.id, known.file == log.content)
    with database.read() as connection:
        return int(connection.execute(asked).scalar() or 0)


def refuse_overlap(database: Database, site: Site, log: LogFile) -> None:
    """
    Nothing, when no day of the file has numbers yet.

    :raises ImportRefused: naming the days that have
    """
    row, _ = create_site(database, site)
    day, page, covered = schema.day_count.c, schema.page.c, import_tables.import_day.c
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
        upsert(connection, import_tables.import_day, rows, None)


@contextmanager
def only_importer(folder: Path, site: Site, what: str = "") -> Iterator[None]:
    """
    Nobody else imports logs of this site on this machine inside the block.

    :param what: tells followers of logs apart, which do not stand in each other's way
    :raises ImportRefused: somebody does
    :raises SettingsError: the data directory cannot be written
    """
    try:
        opened = (folder / f"import-{site.id}{what}.lock").open("w")
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

    def add(
        self,
        log: LogFile,
        done: int,
        on_lines: Callable[[int], None],
        leave: Mapping[int, str] = MappingProxyType({}),
    ) -> Summary:
        """
        Every line of the file is settled once; returns what became of those that were left.

        :param done: lines that are added already
        :param on_lines: told how many more lines are settled
        :param leave: for each line that is not to be added, by its number from 1, the reason
        """
        read = log_reader(log.format)
        summary = Summary(self._site.id, str(log.file), log.lines, added_before=done)
        items: list[Item] = []
        noted = done
        for number, raw in enumerate(islice(lines_of(log.file), log.lines), 1):
            # Also of lines that are done: one may say how those below it are written.
            line = read(raw)
            if number <= done:
                continue
            if number in leave:
                summary.leave_out(leave[number])
            elif (item := self.take(possible(line, log.latest_ms), summary)) is not None:
                items.append(item)
            if len(items) == LARGEST_BATCH or number - noted == NOTED_LINES:
                self.record(items, log.content, number, summary)
                on_lines(number - noted)
                items, noted = [], number
        if noted < log.lines:
            self.record(items, log.content, log.lines, summary)
            on_lines(log.lines - noted)
        return summary

    def take(self, line: LogLine | None, summary: Summary) -> Item | None:
        """
        What a line is to be counted as; none when it is to be left out, which the summary says.
        """
        reason = Skip.UNPARSED if line is None else skip(line)
        if line is None or reason is not None:
            summary.leave_out(str(reason))
            return None
        try:
            return self.hit(line)
        except Rejected:
            summary.leave_out(str(Skip.UNPARSED))
            return None

    def views(self, log: LogFile) -> Iterator[tuple[int, LogLine]]:
        """
        The lines of a file that may be views, each with its number from 1.
        """
        read = log_reader(log.format)
        for number, raw in enumerate(islice(lines_of(log.file), log.lines), 1):
            line = possible(read(raw), log.latest_ms)
            if line is not None and skip(line) is None:
                yield number, line

    def hit(self, line: LogLine) -> Item:
        """
        What a line is to be counted as.

        :raises Rejected: its target is no path of a page
        """
        time = moment_ms(line)
        sender = sender_of(line)
        payload = Payload(path=line.target, referrer=line.referrer)
        arrival = Arrival(time, time, trusted=True)
        return self._intake.take(payload, self._site, sender, arrival).item

    def record(self, items: list[Item], content: str, done: int, summary: Summary) -> None:
        """
        The items are counted, and so many lines of this content are done, in one step.
        """
        wish = Wish(file=content, lines=done)
        results = self._recorder.record(self._site, items, wish).results
        for item, result in zip(items, results, strict=True):
            if result is Result.COUNTED:
                summary.counted += 1
            else:
                reason = item.reason if isinstance(item, Filtered) else result
                summary.leave_out(str(reason))
