"""
``luot token``: who may read and write.
"""

import click

from service.archive.tokens import Scope, create_token
from service.commands.options import prepared, site_in, site_option, with_settings
from service.settings import Settings


@click.group("token")
def token() -> None:
    """
    Tokens of programs and people.
    """


@token.command("create")
@site_option
@click.option("--scope", type=click.Choice([str(s) for s in Scope]), required=True)
@click.option("--name", default="", help="What it is for; replaces the one of the same name.")
@with_settings
def create(settings: Settings, site: str, scope: str, name: str) -> None:
    """
    Prints a new token, once. Only its hash is kept.
    """
    runtime = prepared(settings)
    if site != "*":
        site_in(runtime, site)
    now = runtime.clock.now_ms()
    click.echo(create_token(runtime.database, site, Scope(scope), now, name))
