"""
Which lines of a log were counted already by the page itself, so that only the others are added.

While the salt of a line's day lives, its reader can be told: the same visitor, on the same page,
in a visit that was under way. Of older days only numbers are left: of each page as many lines are
taken for counted as views were. What was decided is put on disk before the first line is added,
because lines that were added would be taken for counted when a killed import goes on.
"""

import json
import os
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path

from sqlalchemy import select

from service.archive import schema
from service.archive.databases import Database
from service.archive.log_imports import LogFile, LogImport
from service.archive.log_lines import moment_ms, sender_of
from service.archive.origins import history_views
from service.archive.sites import create_site
from service.counting.sightings import remembers, were_counted
from service.counting.store import Store
from service.errors import Rejected
from service.intake.beacons import filter_of
from service.intake.hits import Hit
from service.intake.logs import LogLine
from service.intake.paths import page_path
from service.intake.sites import Site

#: The reasons for which lines are left out.
KNOWN, OUTSIDE = "known", "outside"

#: How far apart the clocks of the page's server and of Luot may be, in ms.
SLACK_MS = 60_000


class KnownLines:
    """
    Tells lines that were counted from lines that were not.
    """

    def __init__(self, store: Store, database: Database, site: Site, importer: LogImport) -> None:
        self._store = store
        self._database = database
        self._site = site
        self._importer = importer
        #: Days of which only numbers were left.
        self.by_number: set[str] = set()

    def of(self, log: LogFile, since_ms: int, until_ms: int) -> dict[int, str]:
        """
        For each line that is not to be added the reason.

        :param since_ms: lines before it are outside, and so are those from ``until_ms`` on
        """
        left: dict[int, str] = {}
        days: dict[str, list[tuple[int, LogLine]]] = defaultdict(list)
        for number, line in self._importer.views(log):
            if since_ms <= moment_ms(line) < until_ms:
                days[self._site.day(moment_ms(line)).label].append((number, line))
            else:
                left[number] = OUTSIDE
        for label, lines in days.items():
            if remembers(self._store, self._site.id, label):
                known = self._by_visitor(lines)
            else:
                self.by_number.add(label)
                known = self._by_number(label, lines)
            left.update(dict.fromkeys(known, KNOWN))
        return left

    def _by_visitor(self, lines: list[tuple[int, LogLine]]) -> list[int]:
        numbers, hits = [], []
        for number, line in lines:
            try:
                item = self._importer.hit(line)
            except Rejected:
                continue
            if isinstance(item, Hit):
                numbers.append(number)
                hits.append(item)
        counted = were_counted(self._store, hits, SLACK_MS)
        return [number for number, was in zip(numbers, counted, strict=True) if was]

    def _by_number(self, label: str, lines: list[tuple[int, LogLine]]) -> list[int]:
        left = self._measured(date.fromisoformat(label))
        known = []
        for number, line in lines:
            try:
                path = page_path(line.target, self._site.paths).path
            except Rejected:
                continue
            if filter_of(self._site, sender_of(line)) is None and left[path] > 0:
                left[path] -= 1
                known.append(number)
        return known

    def _measured(self, day: date) -> Counter[str]:
        row, _ = create_site(self._database, self._site)
        count, page = schema.day_count.c, schema.page.c
        asked = (
            select(page.id, page.path, count.views)
            .join(schema.page, page.id == count.page_id)
            .where(count.site_id == row.id, count.day == day, page.path != "")
        )
        with self._database.read() as connection:
            added = history_views(connection, row.id, day)
            return Counter(
                {
                    found.path: found.views - added.get(found.id, 0)
                    for found in connection.execute(asked)
                }
            )


def keep(folder: Path, content: str, left: dict[int, str]) -> None:
    """
    What was decided is on disk, for an import that is killed and goes on.
    """
    file = _file(folder, content)
    new = file.with_suffix(".new")
    with new.open("w", encoding="utf-8") as opened:
        json.dump(left, opened)
        opened.flush()
        os.fsync(opened.fileno())
    new.replace(file)


def kept(folder: Path, content: str) -> dict[int, str] | None:
    """
    What an import that did not end had decided.
    """
    try:
        told = json.loads(_file(folder, content).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return {int(number): str(reason) for number, reason in told.items()}


def forget(folder: Path, content: str) -> None:
    """
    Nothing is kept any more.
    """
    _file(folder, content).unlink(missing_ok=True)


def _file(folder: Path, content: str) -> Path:
    return folder / f"import-{content[:32]}.known"
