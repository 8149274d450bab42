"""
``luot site``: sites that were taken out of the settings.
"""

import click

from service.archive.purging import purge_site, removed_sites
from service.commands.groups import Commands
from service.commands.options import fail, opened, with_settings
from service.settings import SITE_ID, Settings


@click.group("site", cls=Commands)
def site() -> None:
    """
    Sites that were taken out of the settings; their numbers are kept until they are purged.
    """


@site.command("list")
@with_settings
def list_sites(settings: Settings) -> None:
    """
    Prints the sites that are counted, and those that were and have numbers.
    """
    runtime = opened(settings)
    for name in runtime.sites:
        click.echo(f"{name}: is counted")
    for name in removed_sites(runtime.database, runtime.sites):
        click.echo(f"{name}: is not in the settings; its numbers are kept")


@site.command("purge")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Its numbers are to be given up for good.")
@with_settings
def purge(settings: Settings, name: str, yes: bool) -> None:  # noqa: FBT001 - a flag
    """
    Gives up the numbers of a site, and hits of it that wait in journals.
    """
    runtime = opened(settings)
    if not SITE_ID.match(name):
        fail(2, f"{name}: is no site's id")
    if name in runtime.sites:
        fail(2, f"{name}: is in the settings; take it out of them and start Luot again before")
    if name not in removed_sites(runtime.database, runtime.sites):
        click.echo(f"{name}: has no numbers; hits that wait in journals are dropped")
    if not yes:
        fail(1, f"{name}: nothing was changed; --yes gives up its numbers for good")
    now = runtime.clock.now_ms()
    purge_site(runtime.store, runtime.database, name, now, "luot site purge")
    click.echo(f"{name}: is purged")
