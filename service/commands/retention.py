"""
``luot retention``: what the settings let go, by hand or only told.
"""

from datetime import date

import click

from service.archive.folding import Retention, would_fold
from service.commands.options import opened, with_settings
from service.jobs.table import fold_old
from service.settings import Settings


@click.command("retention")
@click.option("--dry-run", is_flag=True, help="Tell what would be folded, and change nothing.")
@with_settings
def retention(settings: Settings, dry_run: bool) -> None:  # noqa: FBT001 - a flag
    """
    Folds hours, rare values and days that are older than the settings keep them.
    """
    runtime = opened(settings)
    if not (settings.hours_kept_months or settings.days_kept_years):
        click.echo("hours_kept_months and days_kept_years are 0: everything is kept for ever")
        return
    if not dry_run:
        fold_old(runtime)
        click.echo("retention: done")
        return
    for site in runtime.sites.values():
        today = date.fromisoformat(site.day(runtime.clock.now_ms()).label)
        told = would_fold(runtime.database, site.id, Retention.of(settings, today))
        click.echo(
            f"{site.id}: {told.hours:,} rows of hours, {told.values:,} of values and "
            f"{told.days:,} of days would be folded into others"
        )
