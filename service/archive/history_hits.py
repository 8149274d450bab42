"""
Exports that have a row for each hit: GoatCounter's CSV, and the events of Umami's cloud.

Both name the session of each hit, so visits and visitors are counted here as Luot counts them as
far as that goes: a visit is a session on the day of its first hit, a visitor a session of a day.
"""

import re
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b

from service.archive.history import History
from service.archive.history_cells import Row
from service.archive.history_files import Bounded, rows
from service.dimensions import UNKNOWN, Dimension
from service.errors import ImportRefused
from service.intake.agents import agent
from service.intake.sites import Site

#: Sessions, and pages of sessions, that one file may have; each takes about 110 bytes of memory.
LARGEST_SEEN = 20_000_000

#: What a view says in some dimensions.
_Values = tuple[tuple[Dimension, str], ...]

#: Versions of GoatCounter's export whose columns are known.
_VERSIONS = ("1", "2")

_VERSION_OF_BROWSER = re.compile(r"[ ]v?[0-9][0-9.]*\Z", re.ASCII)


def read_goatcounter(stream: Bounded, site: Site, today: date, history: History) -> None:
    """
    GoatCounter's CSV: path, title, event, bot, session, referrer, browser, location, date.

    :raises ImportRefused: naming line and column
    """
    versions = {"path": [f"{version}path" for version in _VERSIONS]}
    seen = _Seen()
    for row in rows(stream, {"path", "event", "bot", "session", "date"}, versions):
        history.rows += 1
        if row.count("bot"):
            history.leave_out("bot")
            continue
        day, ms = row.site_moment("date", site, today)
        if _is_event(row):
            # An event's name stands where pages have their path.
            history.add(day, "", events=1)
            history.add_value(day, Dimension.EVENT, row.text("path") or UNKNOWN, events=1)
            continue
        path = row.path("path", site)
        if path is None:
            history.leave_out("host")
            continue
        # Whoever kept no sessions has the same nothing in every row.
        session = row.text("session") if row.text("session").strip("0-") else f"row {row.line}"
        hit = _View(ms, day, path, _told(_goatcounter_values(row)))
        _add_view(history, seen, hit, session, session)
    seen.engage(history)
    history.note("GoatCounter counts a page once in eight hours of a session unless told otherwise")


def _goatcounter_values(row: Row) -> dict[Dimension, str]:
    browser, system = row.text("browser"), row.text("system")
    if "/" in browser:
        # The first version has the whole user agent there, and no system.
        told = agent(browser)
        browser, system = told.browser, told.system
    country = row.text("location").partition("-")[0]
    return {
        Dimension.BROWSER: _VERSION_OF_BROWSER.sub("", browser),
        Dimension.SYSTEM: _VERSION_OF_BROWSER.sub("", system),
        Dimension.COUNTRY: country if re.fullmatch("[A-Z]{2}", country) else "",
    }


def read_umami_events(stream: Bounded, site: Site, today: date, history: History) -> None:
    """
    Umami's ``website_event.csv``: a row for each event of type 1, a view, or 2, a named event.

    :raises ImportRefused: naming line and column
    """
    seen = _Seen()
    for row in rows(stream, {"session_id", "visit_id", "created_at", "url_path", "event_type"}):
        history.rows += 1
        day, ms = row.site_moment("created_at", site, today)
        if row.count("event_type") == 2:
            history.add(day, "", events=1)
            history.add_value(day, Dimension.EVENT, row.text("event_name") or UNKNOWN, events=1)
            continue
        if row.count("event_type") != 1:
            history.leave_out("event_type")
            continue
        path = _umami_path(row, site)
        if path is None:
            history.leave_out("host")
            continue
        names = {Dimension.BROWSER: "browser", Dimension.SYSTEM: "os", Dimension.COUNTRY: "country"}
        values = {dimension: row.text(name) for dimension, name in names.items()}
        hit = _View(ms, day, path, _told(values))
        _add_view(history, seen, hit, row.text("visit_id"), row.text("session_id"))
    seen.engage(history)


def _umami_path(row: Row, site: Site) -> str | None:
    """
    The page of a hit: by the site's rules some parameters make a page.
    """
    path, query = row.cells["url_path"], row.cells.get("url_query", "")
    address, mark, fragment = path.partition("#")
    if address and query:
        address += f"?{query.removeprefix('?')}"
    whole = {**row.cells, "url_path": address + mark + fragment}
    return Row(row.file, row.line, whole).path("url_path", site)


def _is_event(row: Row) -> bool:
    text = row.text("event").lower()
    if text not in {"true", "false", "0", "1"}:
        raise row.refuse("event", "has to be true or false")
    return text in {"true", "1"}


@dataclass(slots=True)
class _Visit:
    """
    What is known of a visit, in whatever order its views stand in the file.
    """

    begun_ms: int
    day: date
    entry: str
    #: What its first view says in each dimension.
    values: _Values
    last_ms: int
    last: str
    views: int = 0


class _Seen:
    """
    What was seen before in a file: digests of sessions, with a day or a page.
    """

    def __init__(self) -> None:
        self._known: set[bytes] = set()
        self._visits: dict[bytes, _Visit] = {}
        # Few visits say what no other does.
        self._values: dict[_Values, _Values] = {}

    def is_new(self, *parts: str) -> bool:
        """
        Whether these parts were not seen together before; from now on they were.
        """
        key = _key(*parts)
        if key in self._known:
            return False
        self._refuse_too_many()
        self._known.add(key)
        return True

    def view(self, visit: str, hit: "_View") -> None:
        """
        A view of a visit.
        """
        key = _key(visit)
        known = self._visits.get(key)
        if known is None:
            self._refuse_too_many()
            values = self._values.setdefault(hit.values, hit.values)
            known = _Visit(hit.ms, hit.day, hit.path, values, hit.ms, hit.path)
            self._visits[key] = known
        known.views += 1
        if hit.ms < known.begun_ms:
            known.begun_ms, known.day = hit.ms, hit.day
            known.entry, known.values = hit.path, hit.values
        if hit.ms >= known.last_ms:
            known.last_ms, known.last = hit.ms, hit.path

    def engage(self, history: History) -> None:
        """
        Every visit, its entry, exit and engagement are added to the day on which it began.
        """
        for visit in self._visits.values():
            engaged = int(visit.views > 1)
            history.add(visit.day, visit.entry, entries=1, engaged_visits=engaged)
            history.add(visit.day, visit.last, exits=1)
            history.add(visit.day, "", engaged_visits=engaged, visits=1)
            for dimension, value in visit.values:
                history.add_value(visit.day, dimension, value, visits=1)

    def _refuse_too_many(self) -> None:
        if len(self._known) + len(self._visits) >= LARGEST_SEEN:
            raise ImportRefused("the file has too many sessions for one import: split it")


@dataclass(frozen=True, slots=True)
class _View:
    """
    A view as a row tells it.
    """

    ms: int
    day: date
    path: str
    values: _Values


def _key(*parts: str) -> bytes:
    return blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=10).digest()


def _add_view(history: History, seen: _Seen, hit: _View, visit: str, visitor: str) -> None:
    # A visit over midnight stays one of the day it began on; a visitor is one of each day.
    day = hit.day.isoformat()
    comes = int(seen.is_new("visitor", visitor, day))
    history.add(hit.day, "", views=1, visitors=comes)
    history.add(
        hit.day,
        hit.path,
        views=1,
        visits=int(seen.is_new("page visit", visit, hit.path)),
        visitors=int(seen.is_new("page visitor", visitor, day, hit.path)),
    )
    seen.view(visit, hit)
    for dimension, value in hit.values:
        history.add_value(hit.day, dimension, value, views=1, visitors=comes)


def _told(values: dict[Dimension, str]) -> _Values:
    return tuple((dimension, value or UNKNOWN) for dimension, value in values.items())
