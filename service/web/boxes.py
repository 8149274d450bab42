"""
``GET /box/S``: the whole box *Thống kê truy cập*, as a page for an iframe or a part for a server.

Many a back end lets an editor paste an iframe and no script. So the box is a page that needs none,
that any host of its site may frame and nobody else, and that loads nothing at all.
"""

from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from flask import Blueprint, Response, render_template, request
from markupsafe import Markup

from service.errors import Reason, Rejected
from service.hosts import HostSet
from service.intake.queries import query_value
from service.intake.sites import Site
from service.runtime import Runtime
from service.web.box_rows import Box, box_of
from service.web.drawings import color_of
from service.web.fronts import door_request, refusing, respond, runtime
from service.web.questions import Question, numbers_of, visible_site
from service.web.requests import Answer, Request, refusal, refusal_headers
from service.web.tokens import bearer, may_read

blueprint = Blueprint("boxes", __name__)

#: Seconds that a cache may show a box.
MAX_AGE = 30

#: Parameters that are colours; each sets the variable of its name.
COLORS = ("text", "soft", "line", "accent", "background")

#: What parameters may say; the first is meant where one says nothing.
CHOICES = {
    "metric": ("views", "visits"),
    "theme": ("auto", "light", "dark"),
    "part": ("0", "1"),
}

_LANGUAGES = ("vi", "en")

#: The dark colours stand in the sheet where the reader's system asks for them.
_DARK = "@media (prefers-color-scheme: dark)"


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    Which box is asked for, and how it is to look.
    """

    site: Site
    lang: str
    metric: str
    theme: str
    is_part: bool
    #: Names of variables and their colours.
    colors: tuple[tuple[str, str], ...]


@blueprint.get("/box/<name>")
def box(name: str) -> Response:
    """
    The box with the numbers of now; with dashes where there are none.
    """
    here, told = runtime(), door_request()
    said = refusing("box", "/box", lambda: _answer(here, told, name))
    response = respond(refusal(said) if isinstance(said, Rejected) else said)
    if response.status_code == 200:
        response.add_etag()
        response.make_conditional(request)
    return response


def _answer(here: Runtime, told: Request, name: str) -> Answer:
    asked = _wanted(here, told, name)
    try:
        body: dict[str, Any] | None = numbers_of(here, Question(asked.site, (), ()))
    except Rejected as error:
        if error.reason is not Reason.STORAGE:
            raise
        body, no = None, refusal_headers(error)
    shown = box_of(body, asked.lang, asked.metric, asked.site.zone)
    if body is None:
        return _page(asked, shown, 503, no)
    caching = f"public, max-age={MAX_AGE}" if asked.site.public else "private, no-store"
    return _page(asked, shown, 200, {"Cache-Control": caching})


def _page(asked: Wanted, shown: Box, status: int, headers: dict[str, str]) -> Answer:
    style = "" if asked.is_part else style_of(asked.theme, asked.colors)
    template = "box/part.html" if asked.is_part else "box/page.html"
    # The sheet is Luot's own, and of what was asked it holds colours only.
    html = render_template(template, box=shown, style=Markup(style))  # noqa: S704 - as said
    told = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": policy(style, asked.site.hosts),
        **headers,
    }
    return Answer(status, html.encode(), told)


def _wanted(here: Runtime, told: Request, name: str) -> Wanted:
    site = visible_site(here, name, lambda asked: may_read(here, bearer(), asked))
    chosen = {what: _choice(told.query, what, words) for what, words in CHOICES.items()}
    lang = _choice(told.query, "lang", (site.locale, *_LANGUAGES))
    colors = tuple(_colors(told.query))
    return Wanted(site, lang, chosen["metric"], chosen["theme"], chosen["part"] == "1", colors)


def _choice(query: bytes, name: str, words: tuple[str, ...]) -> str:
    given = query_value(query, name)
    if given is None:
        return words[0]
    if given not in words:
        raise Rejected(Reason.MALFORMED, name)
    return given


def _colors(query: bytes) -> list[tuple[str, str]]:
    found = []
    for name in COLORS:
        given = query_value(query, name)
        if given is None:
            continue
        try:
            found.append((name, color_of(given)))
        except ValueError:
            raise Rejected(Reason.MALFORMED, name) from None
    return found


@cache
def _sheet() -> str:
    return (files("service.web") / "static" / "box.css").read_text(encoding="utf-8")


def style_of(theme: str, colors: tuple[tuple[str, str], ...]) -> str:
    """
    The sheet of a box: by the reader's system unless a theme is given, colours over it.
    """
    sheet = _sheet()
    if theme == "light":
        sheet = sheet.replace(_DARK, "@media not all").replace("light dark", "light")
    elif theme == "dark":
        sheet = sheet.replace(_DARK, "@media all").replace("light dark", "dark")
    own = "".join(f"--luot-{name}:{color};" for name, color in colors)
    return f"{sheet}:root{{{own}}}\n" if own else sheet


def policy(style: str, hosts: HostSet) -> str:
    """
    The content policy of a box: its own style by its hash, and frames on the site's hosts.
    """
    parts = ["default-src 'none'"]
    if style:
        digest = b64encode(sha256(style.encode()).digest()).decode()
        parts.append(f"style-src 'sha256-{digest}'")
    ancestors = " ".join(["'self'", *_ancestors(hosts)])
    parts += ["base-uri 'none'", "form-action 'none'", f"frame-ancestors {ancestors}", "sandbox"]
    return "; ".join(parts)


def _ancestors(hosts: HostSet) -> list[str]:
    if "" in hosts.suffixes:
        return ["*"]
    # A policy has no word for an IPv6 address.
    named = [name for name in sorted(hosts.names) if "[" not in name]
    named += [f"*{suffix}" for suffix in hosts.suffixes]
    return [f"{scheme}://{name}:*" for name in named for scheme in ("https", "http")]
