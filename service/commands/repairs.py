"""
``luot reconcile`` and ``luot rebuild``: whether Redis has what SQL has, and giving it back.
"""

import click

from service.archive.reconciling import Difference
from service.commands.options import fail, opened, site_in, site_option, with_settings
from service.counting.numbers import Tally
from service.jobs.repairing import look_for_losses, rebuild_site
from service.settings import Settings

#: Differences that are printed; the first few tell what happened.
_SHOWN = 20


@click.command("reconcile")
@site_option
@click.option("--repair", is_flag=True, help="Restore the site when Redis has lost something.")
@with_settings
def reconcile(settings: Settings, site: str, repair: bool) -> None:  # noqa: FBT001 - click's flag
    """
    Compares the numbers in Redis with those in SQL; exit status 1 when Redis has lost some.
    """
    runtime = opened(settings)
    here = site_in(runtime, site)
    found = look_for_losses(runtime, here)
    if not found:
        click.echo(f"{site}: Redis has everything that SQL has")
        return
    for difference in found[:_SHOWN]:
        click.echo(_sentence(difference))
    if len(found) > _SHOWN:
        click.echo(f"and {len(found) - _SHOWN} more")
    if not repair:
        fail(1, f"{site}: Redis has lost {len(found)} numbers; luot reconcile --repair restores it")
    rebuild_site(runtime, here)
    click.echo(f"{site}: is being restored; the numbers are shown again when journals were heard")


@click.command("rebuild")
@site_option
@click.confirmation_option(
    "--yes", prompt="Redis forgets the site and is given what SQL and the journals hold. Go on?"
)
@with_settings
def rebuild(settings: Settings, site: str) -> None:
    """
    Gives a site back to Redis from SQL and the journals.
    """
    runtime = opened(settings)
    epoch = rebuild_site(runtime, site_in(runtime, site))
    click.echo(f"{site}: restored under epoch {epoch}; journals are heard next")


def _sentence(difference: Difference) -> str:
    return (
        f"{difference.what}: {_said(difference.in_redis)} in Redis, "
        f"{_said(difference.in_sql)} in SQL"
    )


def _said(tally: Tally) -> str:
    return f"{tally.views} views, {tally.visits} visits, {tally.visitors} visitors"
