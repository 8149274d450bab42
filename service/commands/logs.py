"""
``luot import log``: access logs, once, as a repair, or followed as they are written.
"""

import hashlib
import json
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from service.archive import known_lines
from service.archive.known_lines import KnownLines
from service.archive.log_following import Follower
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
from service.archive.log_lines import lines_of
from service.archive.snapshots import snapshot
from service.commands.options import prepared, site_in, site_option, with_settings
from service.errors import ImportRefused, LaneBroken, SettingsError
from service.intake.log_formats import log_reader
from service.intake.sites import Site
from service.runtime import Runtime
from service.settings import Settings

#: Later than any line, in ms since 1970.
_EVER_MS = 2**53


@click.command("log")
@click.argument("file", type=click.Path(path_type=Path))
@site_option
@click.option(
    "--mode",
    type=click.Choice(["refuse", "add", "missing"]),
    default="refuse",
    show_default=True,
    help="What to do with days that have numbers already; missing: add what pages did not count.",
)
@click.option(
    "--format",
    "format_",
    default="auto",
    show_default=True,
    help="auto, combined, json, w3c, or a format in nginx's notation.",
)
@click.option("--follow", is_flag=True, help="Count lines as they are written, until stopped.")
@click.option("--interval", default=1.0, type=click.FloatRange(0.05, 60), help="Seconds of a look.")
@click.option("--repair", is_flag=True, help="Add what is missing between --from and --to.")
@click.option("--from", "since", help="First moment of a repair, with offset.")
@click.option("--to", "until", help="The moment that ends a repair, with offset.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@with_settings
def import_log(settings: Settings, file: Path, site: str, **told: Any) -> None:
    """
    Adds the views of an access log, plain or gzip.
    """
    span = _span(told)
    runtime = prepared(settings)
    found = site_in(runtime, site)
    runtime.open_site(site)
    notes: list[str] = []
    if told["follow"]:
        summary = _followed(runtime, found, file, told)
    else:
        with only_importer(settings.data_dir, found):
            log = read_log(file, found, runtime.clock.now_ms(), told["format_"])
            mode = "missing" if told["repair"] else told["mode"]
            summary, notes = _import(runtime, found, log, mode, span)
    if told["as_json"]:
        click.echo(json.dumps(asdict(summary)))
    else:
        click.echo("\n".join([_sentences(summary), *notes]))


def _span(told: dict[str, Any]) -> tuple[int, int]:
    if told["repair"] and told["follow"]:
        raise SettingsError(["--repair: cannot be followed"])
    if not told["repair"]:
        if told["since"] or told["until"]:
            raise SettingsError(["--from, --to: belong to --repair"])
        return 0, _EVER_MS
    if told["mode"] != "refuse":
        raise SettingsError(["--mode: a repair adds what is missing"])
    if not (told["since"] and told["until"]):
        raise SettingsError(["--repair: needs --from and --to"])
    since, until = _moment("--from", told["since"]), _moment("--to", told["until"])
    if since >= until:
        raise SettingsError(["--to: has to be later than --from"])
    return since, until


def _moment(option: str, text: str) -> int:
    try:
        time = datetime.fromisoformat(text)
        if time.tzinfo is not None:
            return round(time.timestamp() * 1000)
    except (ValueError, OverflowError):
        pass
    raise SettingsError([f"{option}: has to be a time with offset, 2026-11-22T10:00:00+07:00"])


def _import(
    runtime: Runtime, site: Site, log: LogFile, mode: str, span: tuple[int, int]
) -> tuple[Summary, list[str]]:
    # What was counted until now goes to SQL first: it says which lines and days are there.
    snapshot(runtime.store, runtime.database, site.id, runtime.clock)
    if span != (0, _EVER_MS):
        # Another part of the same log is another repair.
        named = f"{log.content} {span[0]} {span[1]}"
        log = replace(log, content=hashlib.sha256(named.encode()).hexdigest())
    done = lines_done(runtime.database, site, log)
    if done == 0:
        _refuse_foreign(log)
    if done == 0 and mode == "refuse":
        refuse_overlap(runtime.database, site, log)
    importer = LogImport(runtime.intake, runtime.direct, site)
    leave: dict[int, str] = {}
    notes: list[str] = []
    if mode == "missing" and done < log.lines:
        leave, notes = _known(runtime, site, importer, log, span)
    if mode != "missing":
        note_days(runtime.database, site, log)
    with click.progressbar(length=log.lines - done, label=log.file.name, file=sys.stderr) as bar:
        summary = _added(runtime, site, importer, log, done, bar.update, leave)
    snapshot(runtime.store, runtime.database, site.id, runtime.clock)
    known_lines.forget(runtime.settings.data_dir, log.content)
    return summary, notes


def _refuse_foreign(log: LogFile) -> None:
    """
    A file of another format changes nothing, so that it can be read again with the right one.
    """
    if log.days or not log.lines:
        return
    read = log_reader(log.format)
    if not any(read(raw) is not None for raw in lines_of(log.file)):
        what = "no line is of a format that is known; --format names it as nginx does"
        raise ImportRefused(f"{log.file}: {what}")


def _added(
    runtime: Runtime,
    site: Site,
    importer: LogImport,
    log: LogFile,
    done: int,
    on_lines: Callable[[int], None],
    leave: dict[int, str],
) -> Summary:
    while True:
        try:
            return importer.add(log, done, on_lines, leave)
        except LaneBroken:
            # Redis has lost lines that were counted: on from those that SQL has.
            snapshot(runtime.store, runtime.database, site.id, runtime.clock)
            done = lines_done(runtime.database, site, log)


def _known(
    runtime: Runtime, site: Site, importer: LogImport, log: LogFile, span: tuple[int, int]
) -> tuple[dict[int, str], list[str]]:
    folder = runtime.settings.data_dir
    before = known_lines.kept(folder, log.content)
    if before is not None:
        return before, []
    asked = KnownLines(runtime.store, runtime.database, site, importer)
    leave = asked.of(log, *span)
    known_lines.keep(folder, log.content, leave)
    days = ", ".join(sorted(asked.by_number))
    note = f"who was there is forgotten, so lines were compared by number alone: {days}"
    return leave, [note] if days else []


def _followed(runtime: Runtime, site: Site, file: Path, told: dict[str, Any]) -> Summary:
    if told["mode"] == "missing":
        raise SettingsError(["--follow: counts every line; --mode missing is for a whole log"])
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    importer = LogImport(runtime.intake, runtime.direct, site)
    name = hashlib.sha256(str(file.absolute()).encode()).hexdigest()[:16]
    with only_importer(runtime.settings.data_dir, site, f"-follow-{name}"):
        snapshot(runtime.store, runtime.database, site.id, runtime.clock)
        follower = Follower(runtime.database, site, importer, runtime.clock, file, told["format_"])
        _refuse_first(runtime, site, follower, file, told)
        follower.catch_up()
        while not stop.is_set():
            try:
                was_any = follower.read()
            except LaneBroken:
                snapshot(runtime.store, runtime.database, site.id, runtime.clock)
                follower.begin_again()
                continue
            if not was_any:
                stop.wait(told["interval"])
        follower.close()
    return follower.summary


def _refuse_first(
    runtime: Runtime, site: Site, follower: Follower, file: Path, told: dict[str, Any]
) -> None:
    if told["mode"] == "add" or follower.knows:
        return
    if not file.exists():
        raise ImportRefused(f"{file}: does not exist")
    log = read_log(file, site, runtime.clock.now_ms(), told["format_"])
    refuse_overlap(runtime.database, site, log)


def _sentences(summary: Summary) -> str:
    rows = [("counted", summary.counted), *sorted(summary.reasons.items())]
    if summary.added_before:
        rows.append(("added before", summary.added_before))
    lines = [f"{count:>12,}  {what}" for what, count in rows]
    return "\n".join([*lines, f"{summary.lines:>12,}  lines in all"])
