"""
Plausible's export: a zip of CSV files, each with a row for every day and value.
"""

import re
from collections.abc import Mapping
from datetime import date

from service.archive.history import History
from service.archive.history_files import Bounded, Member, rows
from service.dimensions import UNKNOWN, Dimension
from service.errors import ImportRefused
from service.intake.payloads import ENGAGEMENT
from service.intake.sites import Site

_DEVICES = {"mobile": "mobile", "tablet": "tablet", "desktop": "desktop", "laptop": "desktop"}
_PART = re.compile(r"(?:[^/\n]*+/)*+(imported_[a-z_]+?)(?:_[0-9]{8}_[0-9]{8})?\.csv", re.ASCII)

#: Plausible's files of values: the column, the dimension, and what an empty cell means.
_VALUES = {
    "imported_sources": ("source", Dimension.SOURCE, "(direct)"),
    "imported_locations": ("country", Dimension.COUNTRY, UNKNOWN),
    "imported_devices": ("device", Dimension.DEVICE, UNKNOWN),
    "imported_browsers": ("browser", Dimension.BROWSER, UNKNOWN),
    "imported_operating_systems": ("operating_system", Dimension.SYSTEM, UNKNOWN),
}


def read_plausible(
    members: Mapping[str, Member], site: Site, today: date, history: History
) -> None:
    """
    Plausible's zip: one CSV for each of visitors, pages, entry and exit pages, and values.

    :raises ImportRefused: naming file, line and column
    """
    parts: dict[str, Member] = {}
    for name, member in members.items():
        if match := _PART.fullmatch(name):
            if match[1] in parts:
                raise ImportRefused(f"the archive has {match[1]} twice")
            parts[match[1]] = member
    for needed in ("imported_visitors", "imported_pages"):
        if needed not in parts:
            raise ImportRefused(f"the archive has no {needed}.csv")
    with parts["imported_visitors"].open() as stream:
        for row in rows(stream, {"date", "visitors", "pageviews", "bounces", "visits"}):
            history.rows += 1
            visits, bounces = row.count("visits"), row.count("bounces")
            history.add(
                row.day("date", today),
                "",
                views=row.count("pageviews"),
                visits=visits,
                visitors=row.count("visitors"),
                engaged_visits=max(0, visits - bounces),
            )
    _read_plausible_pages(parts, site, today, history)
    if "imported_custom_events" in parts:
        with parts["imported_custom_events"].open() as stream:
            _read_events(stream, today, history)
    for name, (column, dimension, untold) in _VALUES.items():
        if name in parts:
            with parts[name].open() as stream:
                _read_values(stream, column, dimension, untold, today, history)


def _read_plausible_pages(
    parts: Mapping[str, Member], site: Site, today: date, history: History
) -> None:
    told = (
        (
            "imported_pages",
            "page",
            {"visitors": "visitors", "views": "pageviews", "visits": "visits"},
        ),
        ("imported_entry_pages", "entry_page", {"entries": "entrances"}),
        ("imported_exit_pages", "exit_page", {"exits": "exits"}),
    )
    for name, column, measures in told:
        if name not in parts:
            continue
        with parts[name].open() as stream:
            needed = {"date", column, *(m for m in measures.values() if m != "visits")}
            for row in rows(stream, needed):
                history.rows += 1
                path = row.path(column, site)
                if path is None:
                    history.leave_out("host")
                    continue
                numbers = {measure: row.count(said) for measure, said in measures.items()}
                if name == "imported_entry_pages":
                    numbers["engaged_visits"] = max(0, numbers["entries"] - row.count("bounces"))
                elif name == "imported_pages" and "visits" not in row.cells:
                    # Older exports have none; a visitor made one visit of it at least.
                    numbers["visits"] = numbers["visitors"]
                history.add(row.day("date", today), path, **numbers)


def _read_events(stream: Bounded, today: date, history: History) -> None:
    for row in rows(stream, {"date", "name", "events"}):
        history.rows += 1
        if row.text("name") == ENGAGEMENT:
            # What the script tells of attention is no event of the site's.
            history.leave_out("engagement")
            continue
        day, events = row.day("date", today), row.count("events")
        history.add(day, "", events=events)
        history.add_value(day, Dimension.EVENT, row.text("name") or UNKNOWN, events=events)


def _read_values(
    stream: Bounded, column: str, dimension: Dimension, untold: str, today: date, history: History
) -> None:
    for row in rows(stream, {"date", column, "visitors", "visits"}):
        value = row.text(column) or untold
        if dimension is Dimension.DEVICE:
            value = _DEVICES.get(value.lower(), UNKNOWN)
        history.add_value(
            row.day("date", today),
            dimension,
            value,
            views=row.count("pageviews"),
            visits=row.count("visits"),
            visitors=row.count("visitors"),
        )
