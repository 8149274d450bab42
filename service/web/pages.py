"""
Pages for people: how they are sent, and how they say no.
"""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, ParamSpec
from urllib.parse import parse_qsl, quote, urlencode

from flask import Response, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from service.errors import LuotError, Reason, Rejected
from service.languages import NAMES
from service.web.assets import versions
from service.web.fronts import door_request, runtime
from service.web.questions import check_host
from service.web.requests import refusal_headers
from service.web.tongues import remember_choice, speaking, spoken

P = ParamSpec("P")

#: Nothing but what Luot itself serves, nothing written into the page, and in nobody's frame.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def page(template: str, status: int = 200, **told: Any) -> Response:
    """
    A page that stays with who asked for it.
    """
    common = {
        "assets": versions(),
        "t": speaking(),
        "spoken": spoken(),
        "languages": NAMES,
        "language_link": _in_language,
    }
    body = render_template(f"dashboard/{template}", **common, **told)
    response = Response(body, status, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Vary"] = "Cookie, Accept-Language, Authorization"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    remember_choice(response)
    return response


def moved(target: str) -> Response:
    """
    The browser asks for a page of ours instead.
    """
    response: AnyResponse = redirect(target, 303)
    response.headers["Cache-Control"] = "private, no-store"
    return Response(response.response, 303, response.headers)


def for_people(view: Callable[P, Response]) -> Callable[P, Response]:
    """
    The view's refusals are pages, too.
    """

    @wraps(view)
    def shown(*args: P.args, **kwargs: P.kwargs) -> Response:
        try:
            check_host(runtime(), door_request())
            return view(*args, **kwargs)
        except Rejected as error:
            if error.status == 401 and request.method in {"GET", "HEAD"}:
                return moved(f"/sign-in?{urlencode({'next': here()})}")
            return refusal_page(error)
        except LuotError:
            return refusal_page(Rejected(Reason.STORAGE, status=503))

    return shown


def refusal_page(error: Rejected) -> Response:
    """
    The page that says what is wrong, in words, and what helps.
    """
    told = {
        400: _("This address asks for something that is not there."),
        403: _("This is not yours to see or to change."),
        404: _("There is no such page, or it is not yours to see."),
        413: _("This form is too long."),
        415: _("This form cannot be read."),
        429: _("Too many wrong tokens came from your network. Wait a minute and try again."),
        503: _("The numbers cannot be read at this moment. Try again in a few seconds."),
    }
    title = HTTPStatus(error.status).phrase
    said = told.get(error.status, title)
    response = page("refusal.html", error.status, title=said, code=error.status)
    told_to_client = refusal_headers(error)
    for name in {"Retry-After", "Connection"} & set(told_to_client):
        response.headers[name] = told_to_client[name]
    if error.status == 429:
        response.headers["Retry-After"] = "60"
    return response


def here() -> str:
    """
    Path and query of the present request, as they were sent.
    """
    query = request.query_string.decode("latin-1")
    path = quote(request.path)
    return f"{path}?{query}" if query else path


def _in_language(code: str) -> str:
    told = [part for part in parse_qsl(request.query_string.decode("latin-1")) if part[0] != "lang"]
    return f"?{urlencode([*told, ('lang', code)])}"
