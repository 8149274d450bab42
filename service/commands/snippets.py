"""
``luot snippet``: what to paste into a site's pages, for plain HTML and for what runs portals.
"""

from base64 import b64encode
from hashlib import sha384
from html import escape
from importlib.resources import files

import click

from service.commands.options import opened, site_in, site_option, with_settings
from service.errors import SettingsError
from service.hosts import http_url
from service.settings import Settings
from service.web.scripts import script_bytes

#: What pages may be made by; each has a text of its name beside this module.
PLACES = (
    *("plain", "dotnetnuke", "sharepoint", "liferay", "nukeviet", "joomla", "wordpress", "hugo"),
)

#: Where Luot is reached, when nobody says.
EXAMPLE = "https://stats.example.vn"


@click.command("snippet")
@site_option
@click.option(
    "--for",
    "place",
    type=click.Choice(PLACES),
    default="plain",
    show_default=True,
    help="What makes the pages.",
)
@click.option("--url", default="", help="Where pages reach Luot; else the first of public_hosts.")
@with_settings
def snippet(settings: Settings, site: str, place: str, url: str) -> None:
    """
    Prints what to paste into a site's pages.
    """
    found = site_in(opened(settings), site)
    if not (url or settings.public_hosts):
        told = f"put your own address in place of {EXAMPLE}, or set --url or public_hosts"
        click.echo(f"luot: {told}", err=True)
    words = _words(found.id, _address(url, settings.public_hosts))
    parts = (_filled(name, words) for name in (place, "server", "policy"))
    click.echo("\n".join(parts), nl=False)


def integrity(name: str) -> str:
    """
    The hash by which a page can name a script, as browsers compare it.
    """
    return f"sha384-{b64encode(sha384(script_bytes(name)).digest()).decode()}"


def _address(url: str, own_names: tuple[str, ...]) -> str:
    """
    The address under which pages reach Luot, without a slash at its end.

    :raises SettingsError: it is no such address
    """
    if not url:
        return f"https://{own_names[0]}" if own_names else EXAMPLE
    found = http_url(url)
    if found is None or found.rest.strip("/") or "@" in url or not url.isascii():
        raise SettingsError([f"--url: must be scheme and host alone, such as {EXAMPLE}"])
    return url.rstrip("/")


def _words(site: str, url: str) -> dict[str, str]:
    hashed = integrity("luot.js")
    return {
        "@SCRIPT_WITH_HASH@": f"{_script(site, url).removesuffix('></script>')}\n"
        f'    integrity="{hashed}" crossorigin="anonymous"></script>',
        "@SCRIPT@": _script(site, url),
        "@FRAME@": f'  <iframe src="{escape(url)}/box/{site}" title="Luot" loading="lazy"\n'
        '    width="240" height="230" frameborder="0"></iframe>',
        "@LUOT_JS@": hashed,
        "@LUOT_MORE_JS@": integrity("luot-more.js"),
        "@HOST@": url.partition("://")[2],
        "@ORIGIN@": url,
        "@URL@": url,
        "@SITE@": site,
    }


def _script(site: str, url: str) -> str:
    return f'  <script defer src="{escape(url)}/luot.js" data-site="{site}"></script>'


def _filled(name: str, words: dict[str, str]) -> str:
    text = (files(__package__) / "pastes" / f"{name}.txt").read_text(encoding="utf-8")
    for word, said in words.items():
        text = text.replace(word, said)
    return text
