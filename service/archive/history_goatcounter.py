"""
GoatCounter's JSON export: a zip with a file of JSON lines for each of its tables.

It has counts for hours, paths and referrers, and for days, paths and browsers, systems, places and
screens. Hours are UTC, so views stand on the site's days; the rest names days of UTC, which are
taken as they are.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar

from service.archive.history import History
from service.archive.history_cells import Row
from service.archive.history_files import Bounded, Member
from service.dimensions import UNKNOWN, Dimension
from service.errors import ImportRefused
from service.intake.sites import Site
from service.intake.sources import source
from service.intake.values import screen

#: The version of the export whose files are known, but for what was added since.
VERSION = "1."

#: Bytes of the file that names the version.
_LARGEST_INFO = 65_536

#: Paths, referrers, browsers or systems that one export may name.
LARGEST_TABLE = 1_000_000

#: Files of counts by day and path: the column that names a value, and the dimension.
_VALUES = {
    "browser_stats": ("browser_id", Dimension.BROWSER),
    "system_stats": ("system_id", Dimension.SYSTEM),
    "location_stats": ("location", Dimension.COUNTRY),
    "size_stats": ("width", Dimension.SCREEN),
}

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Path:
    """
    What a path's number stands for.
    """

    #: None for a page of another host.
    page: str | None
    event: str = ""


@dataclass(frozen=True, slots=True)
class _Told:
    """
    What has to be known to read counts of values.
    """

    paths: Mapping[int, _Path]
    column: str
    dimension: Dimension
    #: Names behind the numbers in the column; none where it has names itself.
    known: Mapping[int, str] | None
    #: Days that have views.
    days: set[date]


def read_goatcounter_zip(
    members: Mapping[str, Member], site: Site, today: date, history: History
) -> None:
    """
    The zip: ``paths.jsonl`` and ``hit_stats.jsonl``, and what else of its tables is there.

    :raises ImportRefused: naming file, line and column
    """
    files: dict[str, Member] = {}
    for name, member in members.items():
        table = name.rpartition("/")[2].removesuffix(".jsonl")
        if table in files:
            raise ImportRefused(f"the archive has {table} twice")
        files[table] = member
    for needed in ("paths", "hit_stats"):
        if needed not in files:
            raise ImportRefused(f"the archive has no {needed}.jsonl")
    if "info.json" in files:
        _check_version(files["info.json"])
    paths = _table(files, "paths", lambda row: _path(row, site))
    _read_hits(files, paths, site, today, history)
    days = set(history.days)
    for name, (column, dimension) in _VALUES.items():
        if name in files:
            known = _names(files, name)
            told = _Told(paths, column, dimension, known, days)
            with files[name].open() as stream:
                _read_values(stream, told, site, today, history)
    history.note("GoatCounter counts a page once in eight hours of a session unless told otherwise")


def _check_version(member: Member) -> None:
    with member.open() as stream:
        try:
            told = json.loads(stream.read(_LARGEST_INFO))
        except (ValueError, RecursionError):
            told = None
        version = told.get("export_version") if isinstance(told, dict) else None
        if not (isinstance(version, str) and version.startswith(VERSION)):
            raise ImportRefused(
                f"{stream.name}: export_version: is {version!r:.20}, and {VERSION}0 is known"
            )


def _lines(stream: Bounded) -> Iterator[Row]:
    for number, line in enumerate(stream.lines(), 1):
        if not line.strip():
            continue
        try:
            cells = json.loads(line)
        except (ValueError, RecursionError):
            cells = None
        if not isinstance(cells, dict):
            raise ImportRefused(f"{stream.name}: line {number}: is no JSON object")
        yield Row(stream.name, number, cells)


def _table(files: Mapping[str, Member], name: str, read: Callable[[Row], _T]) -> dict[int, _T]:
    """
    What the rows of a table say, by their numbers; nothing when the export has no such table.
    """
    found: dict[int, _T] = {}
    if name not in files:
        return found
    with files[name].open() as stream:
        for row in _lines(stream):
            if len(found) == LARGEST_TABLE:
                raise row.refuse("id", f"is one of more than {LARGEST_TABLE}")
            found[_number(row, "id")] = read(row)
    return found


def _number(row: Row, column: str) -> int:
    row.need(column)
    return row.count(column)


def _path(row: Row, site: Site) -> _Path:
    row.need("path")
    if row.cells.get("event") in (True, 1):
        return _Path(None, row.text("path") or UNKNOWN)
    return _Path(row.path("path", site))


def _path_of(row: Row, paths: Mapping[int, _Path]) -> _Path:
    number = _number(row, "path_id")
    if number not in paths:
        raise row.refuse("path_id", "is not in paths.jsonl")
    return paths[number]


def _read_hits(
    files: Mapping[str, Member],
    paths: Mapping[int, _Path],
    site: Site,
    today: date,
    history: History,
) -> None:
    sources = _table(files, "refs", lambda row: _source(row, site))
    with files["hit_stats"].open() as stream:
        for row in _lines(stream):
            history.rows += 1
            path, count = _path_of(row, paths), _number(row, "count")
            day = row.site_day("hour", site, today)
            if path.event:
                history.add(day, "", events=count)
                history.add_value(day, Dimension.EVENT, path.event, events=count)
            elif path.page is None:
                history.leave_out("host")
            elif count:
                # It counts a visit of a page, and how often the page was seen in it nobody knows.
                history.add(day, path.page, views=count, visits=count)
                came = sources.get(row.count("ref_id"), UNKNOWN)
                history.add_value(day, Dimension.SOURCE, came, views=count, visits=count)


def _source(row: Row, site: Site) -> str:
    text = row.text("ref")
    if row.text("ref_scheme") == "h":
        return source(f"https://{text}", "", site.hosts.matches).name
    return text or source("", "", site.hosts.matches).name


def _names(files: Mapping[str, Member], name: str) -> Mapping[int, str] | None:
    """
    The names behind the numbers of a file; none where it has names itself.
    """
    tables = {"browser_stats": "browsers", "system_stats": "systems"}
    if name not in tables:
        return None
    return _table(files, tables[name], lambda row: row.text("name"))


def _read_values(stream: Bounded, told: _Told, site: Site, today: date, history: History) -> None:
    for row in _lines(stream):
        count, day = _number(row, "count"), _nearest(row.day("day", today), site, told.days)
        value = _value(row, told)
        # Views of events and of other hosts' pages are not in the numbers of the site either.
        if _path_of(row, told.paths).page is not None and day is not None and count:
            history.add_value(day, told.dimension, value, views=count, visits=count)


def _nearest(day: date, site: Site, days: set[date]) -> date | None:
    """
    The day, or the one on which some of its hours are in the site's time zone.
    """
    noon = datetime.combine(day, time(12), UTC).astimezone(site.zone)
    east = (noon.utcoffset() or timedelta()) > timedelta()
    beside = day + timedelta(days=1 if east else -1)
    return next((found for found in (day, beside) if found in days), None)


def _value(row: Row, told: _Told) -> str:
    row.need(told.column)
    if told.known is not None:
        return told.known.get(row.count(told.column), "") or UNKNOWN
    if told.dimension is Dimension.SCREEN:
        return screen(row.count(told.column) or None)
    return row.text(told.column).partition("-")[0] or UNKNOWN
