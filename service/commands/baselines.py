"""
``luot baseline set`` and ``luot import baseline``: the past of a site.
"""

from pathlib import Path

import click

from service.archive.baseline_files import read_baselines
from service.archive.baselines import Baseline, push_baselines, set_baselines
from service.commands.groups import Commands
from service.commands.options import prepared, site_in, site_option, with_settings
from service.errors import LuotError
from service.intake.sites import Site
from service.runtime import Runtime
from service.settings import LARGEST, Settings


@click.group("baseline", cls=Commands)
def baseline() -> None:
    """
    What an older counter had counted.
    """


@baseline.command("set")
@site_option
@click.option("--views", type=click.IntRange(0, LARGEST), required=True, help="Of all time.")
@click.option("--visits", type=click.IntRange(0, LARGEST), required=True, help="Of all time.")
@with_settings
def set_site(settings: Settings, site: str, views: int, visits: int) -> None:
    """
    Gives a site its past; sets it, never adds.
    """
    runtime = prepared(settings)
    _set(runtime, site_in(runtime, site), [Baseline("", views, visits)], "luot baseline set")
    click.echo(f"{site}: the baseline is {views} views and {visits} visits")


@click.command("baseline")
@click.argument("file", type=click.Path(path_type=Path))
@site_option
@with_settings
def import_file(settings: Settings, file: Path, site: str) -> None:
    """
    Gives a site and its pages their past, from a CSV with path, views and visits.

    The empty path is the site. Rows are set, never added.
    """
    runtime = prepared(settings)
    found = site_in(runtime, site)
    rows = read_baselines(file, found.paths)
    _set(runtime, found, rows, f"luot import baseline {file.name}")
    click.echo(f"{site}: {len(rows)} baselines are set")


def _set(runtime: Runtime, site: Site, rows: list[Baseline], actor: str) -> None:
    set_baselines(runtime.database, site, rows, runtime.clock, actor)
    try:
        runtime.open_site(site.id)
        push_baselines(runtime.store, runtime.database, site.id)
    except LuotError as error:
        click.echo(f"luot: kept, and shown as soon as Redis can be told: {error}", err=True)
