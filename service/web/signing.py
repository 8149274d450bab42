"""
Signing in with a token, and out.

The token is sent once, in a form; the cookie that is given for it is another secret, which ends by
itself, at sign-out, and with the token.
"""

import re

from flask import Blueprint, Response, current_app, request

from service.archive.sessions import begin_session, end_session
from service.archive.tokens import Scope, grant_of
from service.errors import Reason, Rejected
from service.web.attempts import Attempts
from service.web.fronts import runtime
from service.web.pages import for_people, moved, page
from service.web.viewers import (
    address,
    cookie,
    form,
    form_token,
    may_sign_in,
    new_form_secret,
    set_cookie,
    viewer,
)

blueprint = Blueprint("signing", __name__)

#: The cookie of a form that is filled in before anybody is signed in.
FORM = "luot-form"

# A path of this server: two slashes or a backslash in front would be another host's.
_OWN_PATH = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,2000}")


@blueprint.get("/sign-in")
@for_people
def ask() -> Response:
    """
    The form that takes a token.
    """
    return _form(own_path(request.args.get("next", "/")))


@blueprint.post("/sign-in")
@for_people
def sign_in() -> Response:
    """
    A session for a token that may read; back to the form for anything else.
    """
    fields = form(cookie(FORM))
    target = own_path(fields.get("next", "/"))
    if not may_sign_in():
        return _form(target, 403)
    here, attempts = runtime(), _attempts()
    if not attempts.may_try(address()):
        raise Rejected(Reason.RATE, status=429)
    now = here.clock.now_ms()
    grant = grant_of(here.database, fields.get("token", "").strip()[:200], now)
    if grant is None:
        attempts.failed(address())
        return _form(target, 401, is_wrong=True)
    if not grant.scope.covers(Scope.READ):
        return _form(target, 403, is_writer=True)
    response = moved(target)
    set_cookie(response, begin_session(here.database, grant.number, now, cookie()))
    return response


@blueprint.post("/sign-out")
@for_people
def sign_out() -> Response:
    """
    Nobody is signed in with this browser's cookie any more, wherever it may have been copied to.
    """
    found = viewer()
    if found is not None and found.secret:
        form(found.secret)
        end_session(runtime().database, found.secret)
    response = moved("/sign-in")
    set_cookie(response, "")
    return response


def own_path(text: str) -> str:
    """
    The text when it is a path of this server, else its root.
    """
    return text if _OWN_PATH.fullmatch(text) else "/"


def _form(target: str, status: int = 200, **wrong: bool) -> Response:
    secret = cookie(FORM) or new_form_secret()
    is_safe = may_sign_in()
    response = page(
        "sign_in.html",
        status,
        form_token=form_token(secret),
        target=target,
        is_safe=is_safe,
        **wrong,
    )
    if is_safe:
        set_cookie(response, secret, FORM)
    return response


def _attempts() -> Attempts:
    found = current_app.extensions.setdefault("luot.attempts", Attempts(runtime().clock))
    if not isinstance(found, Attempts):  # pragma: no cover - nobody else puts anything there
        raise TypeError(type(found))
    return found
