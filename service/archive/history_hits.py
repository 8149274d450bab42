"""
Exports that have a row for each hit: GoatCounter's CSV, and the events of Umami's cloud.

Both name the session of each hit, so visits and visitors are counted here as Luot counts them as
far as that goes: a visit is a session on the day of its first hit, a visitor a session of a day.
"""

import re
from collections.abc import Iterator
from datetime import date
from hashlib import blake2b

from service.archive.history import History
from service.archive.history_cells import Row
from service.archive.history_files import Bounded, rows
from service.dimensions import UNKNOWN, Dimension
from service.errors import ImportRefused
from service.intake.agents import agent
from service.intake.sites import Site

#: Sessions, and pages of sessions, that one file may have; each takes about 100 bytes of memory.
LARGEST_SEEN = 20_000_000

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
        day = row.site_day("date", site, today)
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
        _add_view(history, seen, day, path, session, _goatcounter_values(row))
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
        day = row.site_day("created_at", site, today)
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
        _add_view(
            history, seen, day, path, row.text("visit_id"), values, visitor=row.text("session_id")
        )
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


class _Seen:
    """
    What was seen before in a file: digests of sessions, with a day or a page.
    """

    def __init__(self) -> None:
        self._known: set[bytes] = set()
        #: For each visit its site-day, entry page, last page and whether it had a second view.
        self._visits: dict[bytes, list[object]] = {}

    def is_new(self, *parts: str) -> bool:
        """
        Whether these parts were not seen together before; from now on they were.
        """
        key = _key(*parts)
        if key in self._known:
            return False
        if len(self._known) == LARGEST_SEEN:
            raise ImportRefused("the file has too many sessions for one import: split it")
        self._known.add(key)
        return True

    def view(self, visit: str, day: date, path: str) -> None:
        """
        A view of a visit, in the order of the file.
        """
        known = self._visits.setdefault(_key(visit), [day, path, path, -1])
        known[2], known[3] = path, int(str(known[3])) + 1

    def engage(self, history: History) -> None:
        """
        Entry, exit and engagement of every visit are added to its day.
        """
        for day, entry, last, more in self._told():
            history.add(day, entry, entries=1, engaged_visits=int(more > 0))
            history.add(day, last, exits=1)
            history.add(day, "", engaged_visits=int(more > 0), visits=1)

    def _told(self) -> Iterator[tuple[date, str, str, int]]:
        for day, entry, last, more in self._visits.values():
            yield day, str(entry), str(last), int(str(more))  # type: ignore[misc]


def _key(*parts: str) -> bytes:
    return blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=10).digest()


def _add_view(
    history: History,
    seen: _Seen,
    day: date,
    path: str,
    visit: str,
    values: dict[Dimension, str],
    visitor: str | None = None,
) -> None:
    # A visit over midnight stays one of the day it began on; a visitor is one of each day.
    who = visitor if visitor is not None else visit
    begins = seen.is_new("visit", visit)
    comes = seen.is_new("visitor", who, day.isoformat())
    history.add(day, "", views=1, visitors=int(comes))
    history.add(
        day,
        path,
        views=1,
        visits=int(seen.is_new("page visit", visit, path)),
        visitors=int(seen.is_new("page visitor", who, day.isoformat(), path)),
    )
    seen.view(visit, day, path)
    for dimension, value in values.items():
        name = value or UNKNOWN
        history.add_value(day, dimension, name, views=1, visits=int(begins), visitors=int(comes))
