"""
``luot token``: who may read and write.
"""

import re

import click

from service.archive.tokens import Scope, create_token, revoke_token, tokens
from service.clock import rfc3339
from service.commands.groups import Commands
from service.commands.options import fail, prepared, site_in, site_option, with_settings
from service.errors import SettingsError
from service.settings import Settings

#: The longest time that a token may be given, in days: a century is a typing error.
LONGEST_DAYS = 36_525

_IN = re.compile(r"([0-9]{1,5})([dh])", re.ASCII)
_MS = {"h": 3_600_000, "d": 86_400_000}


@click.group("token", cls=Commands)
def token() -> None:
    """
    Tokens of programs and people.
    """


@token.command("create")
@site_option
@click.option(
    "--scope",
    type=click.Choice([str(s) for s in Scope]),
    required=True,
    help="read: the numbers; write: hits of a server; admin: both, and links.",
)
@click.option("--name", default="", help="What it is for; replaces the one of the same name.")
@click.option("--expires", default="", help="When it ends, from now: 90d or 12h. Else never.")
@with_settings
def create(settings: Settings, site: str, scope: str, name: str, expires: str) -> None:
    """
    Prints a new token, once. Only its hash is kept.
    """
    lasts_ms = _lasts_ms(expires) if expires else None
    runtime = prepared(settings)
    if site != "*":
        site_in(runtime, site)
    now = runtime.clock.now_ms()
    ends = None if lasts_ms is None else now + lasts_ms
    click.echo(create_token(runtime.database, site, Scope(scope), now, name, ends))


@token.command("list")
@with_settings
def listed(settings: Settings) -> None:
    """
    Prints number, site, scope, begin, end and name of each token; never the token.
    """
    runtime = prepared(settings)
    now = runtime.clock.now_ms()
    for row in tokens(runtime.database):
        ends = "never ends"
        if row.expires_ms is not None:
            word = "ended" if row.expires_ms <= now else "ends"
            ends = f"{word} {rfc3339(row.expires_ms)}"
        begun = rfc3339(row.created_ms)
        told = f"{row.number:>4}  {row.site:<16}  {row.scope:<5}  {begun}  {ends:<26}  {row.name}"
        click.echo(told.rstrip())


@token.command("revoke")
@click.argument("number", type=click.IntRange(1, 2**62))
@with_settings
def revoke(settings: Settings, number: int) -> None:
    """
    The token of this number, as `luot token list` prints it, lets nobody in any more.
    """
    if not revoke_token(prepared(settings).database, number):
        fail(1, f"there is no token {number}; luot token list prints them")
    click.echo(f"token {number} is revoked")


def _lasts_ms(text: str) -> int:
    match = _IN.fullmatch(text)
    ms = int(match[1]) * _MS[match[2]] if match else 0
    if not 0 < ms <= LONGEST_DAYS * _MS["d"]:
        raise SettingsError(["--expires: must be days or hours from now, such as 90d or 12h"])
    return ms
