"""
What stands in one cell of another tool's file, and the sentence that says where it is wrong.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from service.dimensions import OTHER
from service.errors import ImportRefused, Rejected
from service.hosts import http_url
from service.intake.paths import page_path
from service.intake.sites import Site
from service.settings import LARGEST

#: The year of the first web server.
FIRST_YEAR = 1990

#: Characters of a value that are kept.
LARGEST_VALUE = 256

# ASCII alone: Python takes the digits of all scripts for numbers.
_WHOLE = re.compile(r"[0-9]{1,16}", re.ASCII)
_DAY = re.compile(r"([0-9]{4})(-?)([0-9]{2})\2([0-9]{2})", re.ASCII)
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?"
    r"(Z|[+-][0-9]{2}(:?[0-9]{2})?)?",
    re.ASCII,
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Row:
    """
    One row: its cells by the names of their columns, and where it stands.
    """

    file: str
    line: int
    cells: dict[str, Any]

    def refuse(self, column: str, why: str) -> ImportRefused:
        """
        The error that names file, line and column.
        """
        return ImportRefused(f"{self.file}: line {self.line}: {column}: {why}")

    def text(self, column: str) -> str:
        """
        A cell's text on one line; empty when there is no such column.
        """
        value = self.cells.get(column)
        return _CONTROL.sub(" ", str(value if value is not None else "")).strip()[:LARGEST_VALUE]

    def need(self, *columns: str) -> None:
        """
        Nothing, when the row has them all: rows of JSON have no heading that would say so.

        :raises ImportRefused: naming the first that is missing
        """
        for column in columns:
            if column not in self.cells:
                raise self.refuse(column, "is missing")

    def count(self, column: str) -> int:
        """
        A whole number from 0; a column that the file has not is 0.

        :raises ImportRefused: anything else stands there
        """
        if column not in self.cells:
            return 0
        value = self.cells[column]
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST:
            return value
        if not isinstance(value, str) or not _WHOLE.fullmatch(value.strip()):
            raise self.refuse(column, "has to be a whole number, digits only")
        if int(value) > LARGEST:
            raise self.refuse(column, f"is above {LARGEST}, the largest exact number")
        return int(value)

    def day(self, column: str, today: date) -> date:
        """
        A day as ISO 8601 writes it.

        :raises ImportRefused: it is none, or none that can have been counted
        """
        match = _DAY.fullmatch(str(self.cells.get(column)).strip())
        try:
            day = date(int(match[1]), int(match[3]), int(match[4])) if match else None
        except ValueError:
            day = None
        if day is None:
            raise self.refuse(column, "has to be a day, YYYY-MM-DD")
        return self._possible(column, day, today)

    def site_day(self, column: str, site: Site, today: date) -> date:
        """
        The site-day of a time; one without offset is UTC.

        :raises ImportRefused: it is no time, or none that can have been counted
        """
        return self.site_moment(column, site, today)[0]

    def site_moment(self, column: str, site: Site, today: date) -> tuple[date, int]:
        """
        The site-day of a time, and the time in milliseconds since 1970.

        :raises ImportRefused: as ``site_day`` does
        """
        text = str(self.cells.get(column)).strip().removesuffix(" UTC")
        try:
            time = datetime.fromisoformat(text) if _TIME.fullmatch(text) else None
            utc = time.replace(tzinfo=time.tzinfo or UTC) if time else None
            ms = round(utc.timestamp() * 1000) if utc else 0
            day = date.fromisoformat(site.day(ms).label if utc else "")
        except (ValueError, OverflowError):
            raise self.refuse(column, "has to be a time, YYYY-MM-DDTHH:MM:SSZ") from None
        return self._possible(column, day, today), ms

    def _possible(self, column: str, day: date, today: date) -> date:
        if not day.year >= FIRST_YEAR:
            raise self.refuse(column, f"is before {FIRST_YEAR}")
        if day > today:
            raise self.refuse(column, "is in the future")
        return day

    def path(self, column: str, site: Site) -> str | None:
        """
        The page of a path or URL, by the site's rules; none when it is another site's.

        :raises ImportRefused: it is neither
        """
        value = self.cells.get(column) or ""
        if not isinstance(value, str):
            raise self.refuse(column, "is no path of a page")
        text = value.strip()
        if text in {"(not set)", "(other)", ""}:
            return OTHER
        url = http_url(text)
        if url is not None:
            if not site.hosts.matches(url.host):
                return None
            text = url.rest or "/"
        try:
            return page_path(text, site.paths).path
        except Rejected:
            raise self.refuse(column, "is no path of a page") from None
