"""
In which language a page answers: its URL's, the reader's choice, the browser's, the site's.
"""

from typing import Any

from flask import Flask, Response, g, request
from flask_babel import Babel, get_translations

from service.languages import CATALOGUES, LANGUAGES, Tongue, accepted, language_of, tongue

#: The cookie that remembers a choice, and for how long, in seconds: a year.
COOKIE, REMEMBERED_SECONDS = "luot-lang", 31_536_000


def add_tongues(app: Flask) -> None:
    """
    Templates speak the language of each request from here on.
    """
    Babel(
        app,
        default_locale=LANGUAGES[0],
        default_translation_directories=str(CATALOGUES),
        locale_selector=spoken,
    )
    # A page says hundreds of words; Babel would look for its language at each of them.
    env: Any = app.jinja_env
    env.install_gettext_callables(_said, _said_of_many, newstyle=True)
    app.jinja_env.globals["tongue"] = speaking
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def _said(text: str) -> str:
    return str(_catalogue().ugettext(text))


def _said_of_many(one: str, many: str, number: int) -> str:
    return str(_catalogue().ungettext(one, many, number))


def _catalogue() -> Any:
    found = g.get("catalogue")
    if found is None:
        found = g.catalogue = get_translations()
    return found


def spoken() -> str:
    """
    The code of the language of the present answer.
    """
    chosen = language_of(request.args.get("lang")) or language_of(request.cookies.get(COOKIE))
    accepts = accepted(request.headers.get("Accept-Language", ""))
    return chosen or accepts or language_of(g.get("site_locale")) or LANGUAGES[0]


def speaking() -> Tongue:
    """
    The language of the present answer.
    """
    return tongue(spoken())


def remember_choice(response: Response) -> None:
    """
    A language that a URL chose is the reader's choice from then on.
    """
    chosen = language_of(request.args.get("lang"))
    if chosen and chosen != request.cookies.get(COOKIE):
        response.set_cookie(
            COOKIE, chosen, max_age=REMEMBERED_SECONDS, httponly=True, samesite="Lax", path="/"
        )
