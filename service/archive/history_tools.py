"""
Which file of which tool is read how.
"""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import date
from pathlib import Path

from service.archive.files import regular_file
from service.archive.history import History, Tool
from service.archive.history_days import (
    read_csv,
    read_ga4,
    read_goatcounter_json,
    read_matomo,
    read_public_numbers,
    read_umami_pages,
)
from service.archive.history_files import LARGEST_FILE, Bounded, archive, plain
from service.archive.history_goatcounter import read_goatcounter_zip
from service.archive.history_hits import read_goatcounter, read_umami_events
from service.archive.history_plausible import read_plausible
from service.errors import ImportRefused
from service.intake.sites import Site

_Reader = Callable[[Bounded, Site, date, History], None]

_READERS: dict[Tool, _Reader] = {
    Tool.MATOMO: read_matomo,
    Tool.GA4: read_ga4,
    Tool.BUSUANZI: read_public_numbers,
    Tool.VERCOUNT: read_public_numbers,
    Tool.CSV: read_csv,
}


def read_history(file: Path, tool: Tool, site: Site, now_ms: int) -> History:
    """
    Everything that a file says, checked to its last row; nothing is added anywhere.

    :raises ImportRefused: naming file, line and column of the first mistake
    """
    history = History()
    today = date.fromisoformat(site.day(now_ms).label)
    if tool is Tool.PLAUSIBLE:
        with archive(file) as members:
            read_plausible(members, site, today, history)
    elif tool is Tool.UMAMI:
        _read_umami(file, site, today, history)
    elif tool is Tool.GOATCOUNTER and _is_archive(file):
        with archive(file) as members:
            read_goatcounter_zip(members, site, today, history)
    else:
        with plain(file) as stream:
            _reader(file, tool)(stream, site, today, history)
    if not history.counts:
        raise ImportRefused(f"{file}: there is nothing in it that counts")
    history.complete()
    return history


def _is_archive(file: Path) -> bool:
    with regular_file(file, LARGEST_FILE).open("rb") as raw:
        return raw.read(2) == b"PK"


def _reader(file: Path, tool: Tool) -> _Reader:
    if tool is not Tool.GOATCOUNTER:
        return _READERS[tool]
    name = file.name.lower().removesuffix(".gz")
    return read_goatcounter_json if name.endswith(".json") else read_goatcounter


def _read_umami(file: Path, site: Site, today: date, history: History) -> None:
    with archive(file) as members, ExitStack() as stack:
        names = {name.rpartition("/")[2]: member for name, member in members.items()}
        if "website_event.csv" in names:
            stream = stack.enter_context(names["website_event.csv"].open())
            return read_umami_events(stream, site, today, history)
        if "pages.csv" in names:
            stream = stack.enter_context(names["pages.csv"].open())
            return read_umami_pages(stream, site, today, history)
        raise ImportRefused(f"{file}: has neither website_event.csv nor pages.csv in it")
