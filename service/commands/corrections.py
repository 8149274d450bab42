"""
``luot page``, ``luot remove`` and ``luot correction``: changing what was counted, with a way back.
"""

import getpass
import json
from dataclasses import asdict
from datetime import date

import click

from service.archive.corrections import Correction, corrections
from service.archive.corrections import correction as one_correction
from service.clock import rfc3339
from service.commands.groups import Commands
from service.commands.options import opened, site_in, site_option, with_settings
from service.jobs.correcting import By, merge_pages, remove_wave, undo_correction, wave_of
from service.settings import Settings

_why = click.option("--why", required=True, help="The reason, for the audit trail.")
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


class _Day(click.ParamType[date]):
    """
    A day as ISO 8601 writes it.
    """

    name = "day"

    def convert(
        self, value: object, param: click.Parameter | None, context: click.Context | None
    ) -> date:
        """
        The day, or the end of the command.
        """
        try:
            return value if isinstance(value, date) else date.fromisoformat(str(value))
        except ValueError:
            self.fail("is no day, such as 2026-11-22", param, context)


@click.group("page", cls=Commands)
def page() -> None:
    """
    Pages that have moved.
    """


@page.command("alias")
@click.argument("old")
@click.argument("new")
@site_option
@_why
@with_settings
def alias(settings: Settings, old: str, new: str, site: str, why: str) -> None:
    """
    Counts the page OLD as NEW from now on, with all that it had.
    """
    _merge(settings, site, [old], new, why)


@page.command("merge")
@click.argument("old", nargs=-1, required=True)
@click.option("--into", "new", required=True, help="The page that they are from now on.")
@site_option
@_why
@with_settings
def merge(settings: Settings, old: tuple[str, ...], new: str, site: str, why: str) -> None:
    """
    Counts several pages as one from now on, with all that they had.
    """
    _merge(settings, site, list(old), new, why)


def _merge(settings: Settings, site: str, old: list[str], new: str, why: str) -> None:
    runtime = opened(settings)
    found = site_in(runtime, site)
    for path in old:
        made = merge_pages(runtime, found, path, new, _by(why))
        click.echo(f"{site}: {path} is counted as {new}; correction {made.id}")


@click.command("remove")
@site_option
@click.option("--path", default="", help="The page that was visited.")
@click.option("--dimension", default="", help="Or a dimension, such as browser,")
@click.option("--value", default="", help="and the value of it that the wave had.")
@click.option("--from", "first", type=_Day(), required=True, help="The first day of the wave.")
@click.option("--to", "last", type=_Day(), required=True, help="Its last day.")
@_why
@with_settings
def remove(
    settings: Settings,
    site: str,
    path: str,
    dimension: str,
    value: str,
    first: date,
    last: date,
    why: str,
) -> None:
    """
    Takes a wave of robots out of the numbers: a page, a value of a dimension, or both.
    """
    runtime = opened(settings)
    found = site_in(runtime, site)
    wave = wave_of(found, first, last, path, dimension, value)
    made = remove_wave(runtime, found, wave, _by(why))
    click.echo(f"{site}: {_sums(made)}; correction {made.id}")


@click.group("correction", cls=Commands)
def correction() -> None:
    """
    Corrections that were made.
    """


@correction.command("list")
@site_option
@_json
@with_settings
def list_corrections(settings: Settings, site: str, as_json: bool) -> None:  # noqa: FBT001 - a flag
    """
    Prints the newest corrections: who, when, why.
    """
    runtime = opened(settings)
    rows = corrections(runtime.database, site_in(runtime, site).id)
    if as_json:
        click.echo(json.dumps([asdict(row) for row in rows], ensure_ascii=False))
        return
    for row in rows:
        click.echo(_line(row))


@correction.command("show")
@click.argument("number", type=click.IntRange(1))
@site_option
@_json
@with_settings
def show(settings: Settings, number: int, site: str, as_json: bool) -> None:  # noqa: FBT001 - a flag
    """
    Prints one correction.
    """
    runtime = opened(settings)
    row = one_correction(runtime.database, site_in(runtime, site).id, number)
    if as_json:
        click.echo(json.dumps(asdict(row), ensure_ascii=False))
        return
    click.echo(_line(row))
    for name, value in row.asked.items():
        click.echo(f"  {name}: {value}")
    click.echo(f"  {_sums(row)}")
    if row.undone_ms is not None:
        click.echo(f"  undone {rfc3339(row.undone_ms)} by {row.undone_by}: {row.undone_why}")


@correction.command("undo")
@click.argument("number", type=click.IntRange(1))
@site_option
@_why
@with_settings
def undo(settings: Settings, number: int, site: str, why: str) -> None:
    """
    Takes a correction back; hits that came since stay where they are.
    """
    runtime = opened(settings)
    undo_correction(runtime, site_in(runtime, site), number, _by(why))
    click.echo(f"{site}: correction {number} is undone")


def _by(why: str) -> By:
    try:
        return By(f"luot ({getpass.getuser()})", why)
    except (KeyError, OSError):
        # A container may run a user without a name.
        return By("luot", why)


def _line(row: Correction) -> str:
    state = " (undone)" if row.undone_ms is not None else ""
    return f"{row.id}: {rfc3339(row.at_ms)} {row.kind} by {row.actor}: {row.why}{state}"


def _sums(row: Correction) -> str:
    return ", ".join(f"{n:+,} {name}" for name, n in row.sums.items())
