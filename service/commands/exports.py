"""
``luot export``: a site's numbers as a file.
"""

import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import IO

import click

from service.commands.options import opened, site_in, site_option, with_settings
from service.errors import Rejected, SettingsError
from service.reporting.answers import first_day
from service.reporting.formats import Format, csv_parts, json_line_parts
from service.reporting.parquet import has_parquet, write_parquet
from service.reporting.periods import Period, PeriodName, period
from service.reporting.whole import page_days, tables, zip_parts
from service.runtime import Runtime
from service.settings import Settings

#: What a file can be.
FORMATS = ("zip", "csv", "jsonl", "parquet")


@click.command("export")
@site_option
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="zip",
    show_default=True,
    help="How FILE is written.",
)
@click.option("--from", "first", metavar="DAY", help="First site-day; else the first of all.")
@click.option("--to", "last", metavar="DAY", help="Last site-day; else today.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@with_settings
def export(
    settings: Settings, site: str, form: str, first: str | None, last: str | None, file: Path
) -> None:
    """
    Writes a site's numbers to FILE; - is standard output.

    A zip has every table as CSV; the other formats are one table, pages by day.
    """
    if form == "parquet" and not has_parquet():
        raise SettingsError(["--format: parquet needs pip install 'luot[parquet]'"])
    runtime = opened(settings)
    span = _span(runtime, site, first, last)
    if str(file) == "-":
        _write(runtime, site, span, form, sys.stdout.buffer)
        return
    with file.open("wb") as out:
        _write(runtime, site, span, form, out)
    click.echo(f"{file}: {site}, {span.first} to {span.last}, {file.stat().st_size:,} bytes")


def _span(runtime: Runtime, site: str, first: str | None, last: str | None) -> Period:
    found = site_in(runtime, site)
    today = date.fromisoformat(found.day(runtime.clock.now_ms()).label)
    begun = first_day(runtime.database, site) or today
    try:
        if first is None and last is None:
            return period(PeriodName.ALL, None, None, today, begun)
        return period(None, first or begun.isoformat(), last or today.isoformat(), today)
    except Rejected as error:
        what = "has to be a day such as 2026-11-22, --from no later than --to and today"
        raise SettingsError([f"--{error.field}: {what}"]) from None


def _write(runtime: Runtime, site: str, span: Period, form: str, out: IO[bytes]) -> None:
    database = runtime.database
    if form == "parquet":
        write_parquet(page_days(database, site, span), out)
        return
    for part in _parts(runtime, site, span, form):
        out.write(part)


def _parts(runtime: Runtime, site: str, span: Period, form: str) -> Iterator[bytes]:
    if form == "zip":
        return zip_parts(tables(runtime.database, site, span))
    table = page_days(runtime.database, site, span)
    return csv_parts(table) if form == Format.CSV else json_line_parts(table)
