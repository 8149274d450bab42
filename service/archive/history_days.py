"""
Exports that have a row for each day and page, or only for each page.

What a tool does not say is not made up: a file without days counts in totals alone, and visits of
the site that a file has only for its pages are told as the least that they can be.
"""

import json
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from service.archive.history import UNDATED, History
from service.archive.history_cells import Row
from service.archive.history_files import Bounded, rows
from service.dimensions import OTHER, Dimension
from service.errors import ImportRefused
from service.intake.sites import Site

#: Bytes of a JSON file; it is read whole.
LARGEST_JSON = 268_435_456

#: What stands in the place of a page where Matomo shows none.
_MATOMO_OTHERS = ("Others", "Page URL not defined")

_THOUSANDS = re.compile(r"[0-9]{1,3}(,[0-9]{3})+", re.ASCII)

#: Names that GA4 gives the columns, by report and age.
_GA4 = {
    "path": [
        "page path and screen class",
        "page path",
        "page path + query string",
        "page location",
    ],
    "views": ["screen page views", "screenpageviews"],
    "visits": ["sessions"],
    "visitors": ["active users", "total users", "users"],
    "day": ["date"],
}

_PUBLIC = {
    "path": ["url", "page"],
    "views": ["page_pv", "busuanzi_value_page_pv", "vercount_value_page_pv", "busuanzi_page_pv"],
    "site_views": [
        "site_pv",
        "busuanzi_value_site_pv",
        "vercount_value_site_pv",
        "busuanzi_site_pv",
    ],
    "site_visits": [
        "site_uv",
        "busuanzi_value_site_uv",
        "vercount_value_site_uv",
        "busuanzi_site_uv",
    ],
}


def read_umami_pages(stream: Bounded, site: Site, today: date, history: History) -> None:
    """
    Umami's ``pages.csv``: ``x``, the path, and ``y``, how many visitors it had; no days.

    :raises ImportRefused: naming line and column
    """
    del today
    for row in rows(stream, {"x", "y"}):
        history.rows += 1
        path = row.path("x", site)
        if path is None:
            history.leave_out("host")
            continue
        history.add(UNDATED, path, views=row.count("y"), visits=row.count("y"))
    history.note(
        "Umami's pages.csv has no days and counts each visitor of a page once: "
        "its numbers are the least that views and visits can have been"
    )


def read_matomo(stream: Bounded, site: Site, today: date, history: History) -> None:
    """
    The answer of ``Actions.getPageUrls`` with ``flat=1``: for each day a list of pages.

    :raises ImportRefused: naming the day, the row in it and the column
    """
    told = _json(stream)
    if not isinstance(told, dict):
        raise ImportRefused(f"{stream.name}: has to have days: ask with period=day&date=FROM,TO")
    for label, pages in told.items():
        day = Row(stream.name, 1, {"day": label}).day("day", today)
        for number, cells in enumerate(_objects(stream.name, label, pages), 1):
            history.rows += 1
            row = Row(f"{stream.name}: {label}", number, cells)
            if "idsubdatatable" in cells and "url" not in cells:
                raise row.refuse("idsubdatatable", "is a folder of pages: ask with flat=1")
            row.need("label", "nb_hits", "nb_visits")
            # Rows that Matomo has added up have no address.
            is_page = "url" in cells or cells["label"] not in _MATOMO_OTHERS
            path = row.path("url" if "url" in cells else "label", site) if is_page else OTHER
            if path is None:
                history.leave_out("host")
                continue
            entries, bounces = row.count("entry_nb_visits"), row.count("entry_bounce_count")
            history.add(
                day,
                path,
                views=row.count("nb_hits"),
                visits=row.count("nb_visits"),
                visitors=row.count("nb_uniq_visitors"),
                entries=entries,
                exits=row.count("exit_nb_visits"),
                engaged_visits=max(0, entries - bounces),
            )


def read_goatcounter_json(stream: Bounded, site: Site, today: date, history: History) -> None:
    """
    The answer of GoatCounter's ``/api/v0/stats/hits``: for each path its counts by day.

    :raises ImportRefused: naming the row and the column
    """
    told = _json(stream)
    hits = told.get("hits") if isinstance(told, dict) else None
    if isinstance(told, dict) and told.get("more") is True:
        raise ImportRefused(f"{stream.name}: more: there are more pages: export JSON, a zip")
    for number, cells in enumerate(_objects(stream.name, "hits", hits), 1):
        row = Row(f"{stream.name}: hits", number, cells)
        row.need("path", "stats")
        is_event = cells.get("event") in (True, 1)
        path = None if is_event else row.path("path", site)
        for of_day in _objects(row.file, f"{number}: stats", cells.get("stats") or []):
            history.rows += 1
            day_row = Row(row.file, number, of_day)
            day_row.need("daily")
            day, count = day_row.day("day", today), day_row.count("daily")
            if is_event:
                history.add(day, "", events=count)
                history.add_value(day, Dimension.EVENT, row.text("path"), events=count)
            elif path is None:
                history.leave_out("host")
            elif count:
                history.add(day, path, views=count, visits=count)


def read_ga4(stream: Bounded, site: Site, today: date, history: History) -> None:
    """
    A CSV of GA4's report on pages and screens, or of an exploration with the date as a row.

    :raises ImportRefused: naming line and column
    """
    for row in rows(stream, {"path", "views"}, _GA4, comment="#"):
        first = row.text("day") + row.text("path")
        if not first or first.lower() in {"grand total", "total", "totals"}:
            history.leave_out("total")
            continue
        history.rows += 1
        path = row.path("path", site)
        if path is None:
            history.leave_out("host")
            continue
        day = row.day("day", today) if "day" in row.cells else UNDATED
        history.add(day, path, **_named(_without_commas(row)))
    if UNDATED in history.days:
        history.note("the file names no days, so it is shown in totals and in no report by day")


def read_public_numbers(stream: Bounded, site: Site, today: date, history: History) -> None:
    """
    A CSV of the numbers that busuanzi or vercount showed: each page's, and the site's in any row.

    :raises ImportRefused: naming line and column
    """
    del today
    views = visits = 0
    for row in rows(stream, {"path", "views"}, _PUBLIC):
        history.rows += 1
        # The site's numbers stand beside each page's; the largest is the newest.
        views = max(views, row.count("site_views") if row.text("site_views") else 0)
        visits = max(visits, row.count("site_visits") if row.text("site_visits") else 0)
        path = "" if not row.text("path") else row.path("path", site)
        if path is None:
            history.leave_out("host")
        elif path:
            history.add(UNDATED, path, views=row.count("views"))
    if views or visits:
        history.add(UNDATED, "", views=views, visits=visits)
    history.note("site_uv, which counts devices, is shown as visits")


def read_csv(stream: Bounded, site: Site, today: date, history: History) -> None:
    """
    A plain CSV: ``path`` and ``views``, and ``day``, ``visits``, ``visitors`` if known.

    The empty path is the site.
    :raises ImportRefused: naming line and column
    """
    for row in rows(stream, {"path", "views"}, {"day": ["date"]}):
        history.rows += 1
        path = row.path("path", site) if row.text("path") else ""
        if path is None:
            history.leave_out("host")
            continue
        day = row.day("day", today) if "day" in row.cells else UNDATED
        numbers = _named(row)
        if not path:
            numbers["engaged_visits"] = numbers.get("visits", 0)
        history.add(day, path, **numbers)


def _without_commas(row: Row) -> Row:
    """
    A row whose numbers have no commas between thousands, as spreadsheets write them.
    """
    plain = {
        name: text.replace(",", "") if _THOUSANDS.fullmatch(text) else text
        for name, text in row.cells.items()
    }
    return Row(row.file, row.line, plain)


def _named(row: Row) -> dict[str, int]:
    return {name: row.count(name) for name in ("views", "visits", "visitors") if name in row.cells}


def _json(stream: Bounded) -> Any:
    try:
        return json.loads(stream.read(LARGEST_JSON).decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ImportRefused(f"{stream.name}: is no JSON: {str(error)[:100]}") from None


def _objects(file: str, where: str, told: Any) -> Iterator[dict[str, Any]]:
    if not isinstance(told, list):
        raise ImportRefused(f"{file}: {where}: has to be a list")
    for cells in told:
        if not isinstance(cells, dict):
            raise ImportRefused(f"{file}: {where}: has something that is no object in it")
        yield cells
