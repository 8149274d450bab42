"""
``luot import``: history from elsewhere.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from service.archive.history import Tool
from service.archive.log_imports import (
    LogFile,
    LogImport,
    Summary,
    lines_done,
    note_days,
    only_importer,
    read_log,
    refuse_overlap,
)
from service.archive.snapshots import snapshot
from service.commands.baselines import import_file
from service.commands.histories import tool_command
from service.commands.options import prepared, site_in, site_option, with_settings
from service.intake.sites import Site
from service.runtime import Runtime
from service.settings import Settings


@click.group("import")
def import_group() -> None:
    """
    History from elsewhere.
    """


import_group.add_command(import_file)
for _tool in Tool:
    import_group.add_command(tool_command(_tool))


@import_group.command("log")
@click.argument("file", type=click.Path(path_type=Path))
@site_option
@click.option(
    "--mode",
    type=click.Choice(["refuse", "add"]),
    default="refuse",
    show_default=True,
    help="What to do with days that have numbers already.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@with_settings
def import_log(settings: Settings, file: Path, site: str, mode: str, as_json: bool) -> None:  # noqa: FBT001 - a flag
    """
    Adds the views of an access log, combined or common, plain or gzip.
    """
    runtime = prepared(settings)
    found = site_in(runtime, site)
    runtime.open_site(site)
    with only_importer(settings.data_dir, found):
        log = read_log(file, found, runtime.clock.now_ms())
        summary = _import(runtime, found, log, mode)
    click.echo(json.dumps(asdict(summary)) if as_json else _sentences(summary))


def _import(runtime: Runtime, site: Site, log: LogFile, mode: str) -> Summary:
    # What was counted until now goes to SQL first: it says which lines and days are there.
    snapshot(runtime.store, runtime.database, site.id, runtime.clock)
    done = lines_done(runtime.database, site, log)
    if done == 0 and mode != "add":
        refuse_overlap(runtime.database, site, log)
    note_days(runtime.database, site, log)
    importer = LogImport(runtime.intake, runtime.direct, site)
    with click.progressbar(length=log.lines - done, label=log.file.name, file=sys.stderr) as bar:
        summary = importer.add(log, done, bar.update)
    snapshot(runtime.store, runtime.database, site.id, runtime.clock)
    return summary


def _sentences(summary: Summary) -> str:
    rows = [("counted", summary.counted), *sorted(summary.reasons.items())]
    if summary.added_before:
        rows.append(("added before", summary.added_before))
    lines = [f"{count:>12,}  {what}" for what, count in rows]
    return "\n".join([*lines, f"{summary.lines:>12,}  lines in all"])
