"""
``luot title``: what a page is called, whatever it is sent with.
"""

import click

from service.archive.titles import pin_title
from service.commands.groups import Commands
from service.commands.options import fail, prepared, site_in, site_option, with_settings
from service.errors import Rejected
from service.intake.beacons import TITLE_CHARACTERS
from service.intake.paths import page_path
from service.intake.sites import Site
from service.intake.text import printable
from service.settings import Settings


@click.group("title", cls=Commands)
def title() -> None:
    """
    Titles of pages.
    """


@title.command("pin")
@site_option
@click.argument("path")
@click.argument("text", metavar="TITLE")
@with_settings
def pin(settings: Settings, site: str, path: str, text: str) -> None:
    """
    The page at PATH is called TITLE from now on.
    """
    told = printable(text)[:TITLE_CHARACTERS]
    if not told:
        fail(2, "TITLE: has no characters")
    page = _pinned(settings, site, path, told, "luot title pin")
    click.echo(f"{site}: {page} is called {told}")


@title.command("unpin")
@site_option
@click.argument("path")
@with_settings
def unpin(settings: Settings, site: str, path: str) -> None:
    """
    The page at PATH is called again as its readers' browsers say.
    """
    page = _pinned(settings, site, path, None, "luot title unpin")
    click.echo(f"{site}: {page} is called as its readers' browsers say")


def _pinned(settings: Settings, site: str, path: str, text: str | None, actor: str) -> str:
    runtime = prepared(settings)
    found = site_in(runtime, site)
    page = _page(found, path)
    now = runtime.clock.now_ms()
    if not pin_title(runtime.database, found.id, page, text, now, actor):
        fail(1, f"{site}: there is no page {page}; a page is known a minute after its first view")
    return page


def _page(site: Site, path: str) -> str:
    try:
        return page_path(path, site.paths).path
    except Rejected:
        fail(2, "PATH: is no path of a page, such as /tin/bai-1")
