"""
``luot snapshot`` and ``luot job``: the scheduler's work, by hand.
"""

import click

from service.commands.groups import Commands
from service.commands.options import fail, opened, with_settings
from service.jobs.table import jobs, run_job
from service.settings import Settings


@click.command("snapshot")
@with_settings
def snapshot(settings: Settings) -> None:
    """
    Adds what was counted until now to SQL.
    """
    _run(settings, "snapshot")


@click.group("job", cls=Commands)
def job() -> None:
    """
    The jobs that the scheduler runs.
    """


@job.command("list")
@with_settings
def list_jobs(settings: Settings) -> None:
    """
    Prints what each job does and when.
    """
    for row in jobs(settings.snapshot_seconds):
        click.echo(f"{row.name}: every {row.every} s, {row.does}; if missed, {row.if_missed}")


@job.command("run")
@click.argument("name")
@with_settings
def run(settings: Settings, name: str) -> None:
    """
    Runs one job now.
    """
    _run(settings, name)


def _run(settings: Settings, name: str) -> None:
    found = next((row for row in jobs(settings.snapshot_seconds) if row.name == name), None)
    if found is None:
        fail(2, f"{name}: there is no such job; luot job list tells them")
    run_job(found, opened(settings))
    click.echo(f"{name}: done")
