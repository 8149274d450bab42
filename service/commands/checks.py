"""
``luot check``: what is wrong, in plain words, and what to do about it.
"""

import os
import sys

import click

from service.archive.migrating import is_migrated
from service.commands.options import behind, opened, remedy, with_settings
from service.errors import LuotError, StoreUnfit
from service.hints import SENTENCE
from service.readiness import shortcomings, warnings
from service.runtime import Runtime
from service.settings import Settings


@click.command("check")
@click.option("--accept-clock", is_flag=True, help="It is as late as it seems: go on.")
@with_settings
def check(settings: Settings, accept_clock: bool) -> None:  # noqa: FBT001 - a flag
    """
    Looks at the configuration, the data directory, Redis and SQL; exit status 1 if one is wrong.
    """
    runtime = opened(settings)
    if accept_clock:
        runtime.guard.accept()
    found = [*_folder(settings), *_store(runtime), *_database(runtime)]
    if not found:
        found = [("site", why) for why in shortcomings(runtime)]
        found += [("clock", why) for why in warnings(runtime)]
    warned = [
        f'sites.{name}.hosts: "*" lets every page in the world count'
        for name, site in settings.sites.items()
        if "*" in site.hosts
    ]
    if not settings.sites:
        warned.append("sites: there is none; add a table [sites.NAME] to the settings file")
    if runtime.proxies.is_told():
        warned.append(SENTENCE)
    for part, why in found:
        click.echo(f"{part}: {why}")
    for why in warned:
        click.echo(f"warning: {why}")
    if found:
        sys.exit(1)
    click.echo("everything is as it should be")


def _folder(settings: Settings) -> list[tuple[str, str]]:
    folder = settings.data_dir
    if folder.exists() and not folder.is_dir():
        return [("data directory", f"{folder} is no folder: set data_dir to one")]
    if not folder.exists():
        return [("data directory", f"{folder} does not exist: mkdir -p {folder}, or set data_dir")]
    if not os.access(folder, os.W_OK | os.X_OK):
        return [("data directory", f"{folder} cannot be written by this user: chown or chmod it")]
    return []


def _store(runtime: Runtime) -> list[tuple[str, str]]:
    try:
        runtime.store.check_fitness()
    except StoreUnfit as error:
        return [("Redis", _bare(error))]
    except LuotError as error:
        return [("Redis", f"{_bare(error)} ({remedy(error, runtime.settings)})")]
    return []


def _database(runtime: Runtime) -> list[tuple[str, str]]:
    try:
        runtime.database.check_whole()
        if is_migrated(runtime.database):
            return []
    except LuotError as error:
        return [("database", f"{_bare(error)}{behind(remedy(error, runtime.settings))}")]
    return [("database", "it has not this version's tables: run luot migrate")]


def _bare(error: LuotError) -> str:
    """
    What went wrong, without the name that stands in front already.
    """
    return str(error).removeprefix("Redis: ").removeprefix("SQL: ")
