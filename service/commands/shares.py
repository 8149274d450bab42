"""
``luot share``: who may look at a site's dashboard without signing in.
"""

import click

from service.archive.share_links import create_link, links_of, open_to_all, revoke_link
from service.clock import rfc3339
from service.commands.groups import Commands
from service.commands.options import fail, prepared, site_in, site_option, with_settings
from service.settings import Settings


@click.group("share", cls=Commands)
def share() -> None:
    """
    Links that show one site's dashboard, and nothing else.
    """


@share.command("create")
@site_option
@click.option("--name", default="", help="Whom the link is for.")
@click.option("--public", is_flag=True, help="Everybody may look; there is no secret.")
@with_settings
def create(settings: Settings, site: str, name: str, public: bool) -> None:  # noqa: FBT001 - a flag
    """
    Prints the path of a new link, once. Only the hash of its secret is kept.
    """
    runtime = prepared(settings)
    site_in(runtime, site)
    now = runtime.clock.now_ms()
    if public:
        open_to_all(runtime.database, site, now)
        click.echo(f"/sites/{site}")
        return
    click.echo(f"/share/{create_link(runtime.database, site, name[:128], now)}")


@share.command("list")
@site_option
@with_settings
def listed(settings: Settings, site: str) -> None:
    """
    Prints number, kind, begin and name of each link; never its secret.
    """
    runtime = prepared(settings)
    for row in links_of(runtime.database, None if site == "*" else site_in(runtime, site).id):
        kind = "public" if row.is_open else "secret"
        told = f"{row.number:>4}  {row.site:<16}  {kind}  {rfc3339(row.created_ms)}  {row.name}"
        click.echo(told.rstrip())


@share.command("revoke")
@site_option
@click.argument("number", type=click.IntRange(1, 2**62))
@with_settings
def revoke(settings: Settings, site: str, number: int) -> None:
    """
    The link of this number, as `luot share list` prints it, shows nothing any more.
    """
    if not revoke_link(prepared(settings).database, site, number):
        fail(1, f"there is no link {number} of {site}; luot share list --site {site} prints them")
    click.echo(f"link {number} is revoked")
