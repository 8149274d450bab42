"""
``luot token``: who may read and write.
"""

import click

from service.archive.databases import Database
from service.archive.migrating import migrate
from service.archive.tokens import Scope, create_token
from service.clock import process_clock
from service.commands.options import made_data_dir, site_option, with_settings
from service.errors import SettingsError
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
    if site != "*" and site not in settings.sites:
        known = ", ".join(settings.sites) or "none"
        raise SettingsError([f"--site: there is no such site; the settings have: {known}"])
    made_data_dir(settings)
    database = Database.of(settings)
    migrate(database)
    now = process_clock().now_ms()
    click.echo(create_token(database, site, Scope(scope), now, name))
