"""
``luot import goatcounter`` and its fellows: the past that another tool has counted.
"""

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from service.archive.baselines import push_baselines
from service.archive.histories import HistoryFile, add_history, is_added, refuse_overlap
from service.archive.history import UNDATED, History, Mode, Tool
from service.archive.history_files import content_of
from service.archive.history_tools import read_history
from service.archive.log_imports import only_importer
from service.archive.snapshots import snapshot
from service.commands.options import prepared, site_in, site_option, with_settings
from service.errors import ImportRefused, LuotError
from service.intake.sites import Site
from service.runtime import Runtime
from service.settings import Settings


@dataclass(slots=True)
class Report:
    """
    What became of a file.
    """

    file: str
    tool: str
    site: str
    #: ``added``, ``added before`` or ``would be added``.
    result: str
    rows: int = 0
    first_day: str | None = None
    last_day: str | None = None
    pages: int = 0
    views: int = 0
    visits: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def tool_command(tool: Tool) -> click.Command:
    """
    The command that imports files of one tool.
    """

    @click.command(tool.value, help=_HELP[tool])
    @click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
    @site_option
    @click.option(
        "--mode",
        type=click.Choice([mode.value for mode in Mode]),
        default=Mode.REFUSE.value,
        show_default=True,
        help="What to do with days that have numbers already.",
    )
    @click.option("--dry-run", is_flag=True, help="Read and check everything, add nothing.")
    @click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
    @with_settings
    def command(settings: Settings, files: tuple[Path, ...], site: str, **told: Any) -> None:
        runtime = prepared(settings)
        found = site_in(runtime, site)
        mode = Mode(told["mode"])
        with only_importer(settings.data_dir, found):
            _open(runtime, found)
            act = _would_add if told["dry_run"] else _add
            reports = [act(runtime, found, file, tool, mode) for file in files]
        summaries = [as_told(report) for report in reports]
        if told["as_json"]:
            click.echo(json.dumps(summaries[0] if len(summaries) == 1 else summaries))
        else:
            click.echo("\n\n".join(map(_sentences, reports)))

    return command


_HELP = {
    Tool.GOATCOUNTER: "Adds an export of GoatCounter: the zip of JSON, CSV, or its API's hits.",
    Tool.PLAUSIBLE: "Adds the zip that Plausible exports.",
    Tool.UMAMI: "Adds the zip that Umami exports.",
    Tool.MATOMO: "Adds answers of Matomo's Actions.getPageUrls: JSON, by day, flat.",
    Tool.GA4: "Adds a CSV of GA4's pages, with or without days.",
    Tool.BUSUANZI: "Adds the public numbers of busuanzi from a CSV.",
    Tool.VERCOUNT: "Adds the public numbers of vercount from a CSV.",
    Tool.CSV: "Adds a CSV with path, views and, if known, day, visits, visitors.",
}


def as_told(report: Report) -> dict[str, Any]:
    """
    A report as JSON has it.
    """
    return {name: getattr(report, name) for name in Report.__slots__}


def _open(runtime: Runtime, site: Site) -> None:
    try:
        runtime.open_site(site.id)
        # What was counted until now goes to SQL first: it says which days have numbers.
        snapshot(runtime.store, runtime.database, site.id, runtime.clock)
    except LuotError as error:
        raise ImportRefused(
            f"the site has to be open, and {error}; is luot serve running?"
        ) from error


def _would_add(runtime: Runtime, site: Site, file: Path, tool: Tool, mode: Mode) -> Report:
    known = HistoryFile(str(file), content_of(file), tool)
    if is_added(runtime.database, site, known.content):
        return Report(str(file), tool, site.id, "added before")
    history = read_history(file, tool, site, runtime.clock.now_ms())
    if mode is Mode.REFUSE:
        refuse_overlap(runtime.database, site, known, history.days)
    return _report(file, tool, site, "would be added", history)


def _add(runtime: Runtime, site: Site, file: Path, tool: Tool, mode: Mode) -> Report:
    known = HistoryFile(str(file), content_of(file), tool)
    if is_added(runtime.database, site, known.content):
        # A run before this one may have ended before Redis was told.
        push_baselines(runtime.store, runtime.database, site.id)
        return Report(str(file), tool, site.id, "added before")
    now = runtime.clock.now_ms()
    history = read_history(file, tool, site, now)
    if mode is Mode.REFUSE:
        refuse_overlap(runtime.database, site, known, history.days)
    _refuse_too_many_pages(runtime, history)
    with click.progressbar(length=len(history.counts), label=file.name, file=sys.stderr) as bar:
        add_history(runtime.database, site, known, history, mode, now, bar.update)
    push_baselines(runtime.store, runtime.database, site.id)
    return _report(file, tool, site, "added", history)


def _refuse_too_many_pages(runtime: Runtime, history: History) -> None:
    pages = len({path for _, path in history.counts})
    if pages > runtime.settings.pages_total:
        raise ImportRefused(
            f"the file has {pages} pages, more than pages_total, {runtime.settings.pages_total}"
        )


def _report(file: Path, tool: Tool, site: Site, result: str, history: History) -> Report:
    days = [day for day in history.days if day != UNDATED]
    return Report(
        file=str(file),
        tool=tool,
        site=site.id,
        result=result,
        rows=history.rows,
        first_day=days[0].isoformat() if days else None,
        last_day=days[-1].isoformat() if days else None,
        pages=len({path for _, path in history.counts if path}),
        views=history.total("views"),
        visits=history.total("visits"),
        left_out=history.left_out,
        notes=history.notes,
    )


def _sentences(report: Report) -> str:
    lines = [f"{report.file}: {report.result}"]
    if report.result == "added before":
        return lines[0]
    span = f"{report.first_day} to {report.last_day}" if report.first_day else "without days"
    numbers = [("rows", report.rows), ("pages", report.pages)]
    numbers += [("views", report.views), ("visits", report.visits)]
    numbers += [(f"left out: {why}", rows) for why, rows in sorted(report.left_out.items())]
    lines += [f"{number:>12,}  {what}" for what, number in numbers]
    return "\n".join([*lines, f"{span:>26}", *(f"note: {note}" for note in report.notes)])
