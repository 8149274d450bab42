"""
``luot backup`` and ``luot restore``: all that SQL holds, as one file.
"""

from dataclasses import replace
from pathlib import Path

import click

from service.archive.backups import backup as write_backup
from service.archive.backups import restore_backup
from service.archive.confirming import open_site
from service.archive.epochs import lift_epoch
from service.archive.restoring import restore as give_back
from service.archive.sites import create_site
from service.commands.options import fail, made_data_dir, opened, prepared, with_settings
from service.counting.locks import opening
from service.errors import LuotError, StoreUnavailable
from service.jobs.table import take_snapshots
from service.runtime import Runtime
from service.settings import Settings


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
@with_settings
def backup(settings: Settings, file: Path) -> None:
    """
    Writes all that SQL holds into FILE, after a snapshot if Redis can be reached.

    No salts, no journals, no passwords; of tokens only their hashes.
    """
    runtime = prepared(settings)
    try:
        take_snapshots(runtime)
    except LuotError as error:
        click.echo(f"luot: the last minute may be missing: {error}", err=True)
    told = write_backup(runtime.database, settings, file, runtime.clock.now_ms())
    rows = sum(note.rows for note in told.tables.values())
    click.echo(f"{file}: {rows:,} rows of {len(told.tables)} tables, schema {told.revision}")


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@with_settings
def restore(settings: Settings, file: Path) -> None:
    """
    Fills an empty database from FILE; then Redis is given what SQL has.
    """
    made_data_dir(settings)
    runtime = opened(settings)
    told = restore_backup(runtime.database, file)
    rows = sum(note.rows for note in told.tables.values())
    click.echo(f"{file}: {rows:,} rows are back, as of {told.created}")
    for name in runtime.sites:
        try:
            _give_back(runtime, name)
        except LuotError as error:
            # The embedded store runs while luot serve does, which is not started before this.
            if isinstance(error, StoreUnavailable) and not settings.redis_url:
                click.echo(f"{name}: luot serve gives it back to Redis")
                continue
            fail(1, f"SQL is whole, and {name} is given back to Redis by luot serve: {error}")
        click.echo(f"{name}: Redis has what SQL has")


def _give_back(runtime: Runtime, name: str) -> None:
    store, database, site = runtime.store, runtime.database, runtime.sites[name]
    create_site(database, site)
    # Whatever this Redis holds of the site is older or of another life; it is left behind.
    lift_epoch(store, database, name)
    with opening(store, name) as hold_on:
        give_back(store, database, site, runtime.clock.now_ms(), lambda _step: hold_on())
    # Nobody is waited for: journals of this host, if any, are heard when Luot serves again.
    open_site(store, database, site, replace(runtime.terms, wait_ms=0))
