"""
Who looks at a page: a cookie's session, a program's token, somebody with a link, or nobody.

The cookie's name begins with ``__Host-`` where the browser speaks HTTPS, so that no other host can
set it. Without HTTPS it would travel in the open, so there it exists on this machine only.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import parse_qs

from flask import Response, request

from service.archive.sessions import session_of
from service.archive.tokens import Grant, Scope
from service.errors import Reason, Rejected
from service.hosts import host_header
from service.intake.addresses import client_address
from service.runtime import Runtime
from service.web.fronts import read_body, runtime
from service.web.tokens import bearer

#: Largest form, in bytes.
LARGEST_FORM = 8_192

_LOOPBACK = re.compile(r"localhost|.+\.localhost|127(?:\.[0-9]{1,3}){3}|\[::1\]")


@dataclass(frozen=True, slots=True)
class Viewer:
    """
    Somebody who may read.
    """

    grant: Grant
    #: What is in the cookie; empty for those who have none.
    secret: str = ""
    #: What their token is for, as its maker said; may be empty.
    name: str = ""

    @property
    def form_token(self) -> str:
        """
        What a form of theirs has to bring back; empty for those who can change nothing.
        """
        return form_token(self.secret) if self.secret else ""

    def may_manage(self, site: str) -> bool:
        """
        Whether they may make and revoke this site's links.
        """
        is_admin = self.grant.scope.covers(Scope.ADMIN) and self.grant.is_for(site)
        return bool(self.secret) and is_admin


def viewer() -> Viewer | None:
    """
    Who asks, when they have shown a token now or lately; ``None`` for anybody else.

    :raises Rejected: token, 403: their token is not one for reading
    """
    here, secret = runtime(), cookie()
    found = _of_cookie(here, secret) if secret else None
    if found is None and (token := bearer()):
        grant = here.grants.of(token)
        found = Viewer(grant) if grant else None
    if found is not None and not found.grant.scope.covers(Scope.READ):
        raise Rejected(Reason.TOKEN, status=403)
    return found


def _of_cookie(here: Runtime, secret: str) -> Viewer | None:
    session = session_of(here.database, secret, here.clock.now_ms())
    return Viewer(session.grant, secret, session.name) if session else None


def is_secure() -> bool:
    """
    Whether the browser speaks HTTPS, as the server or a trusted proxy says.
    """
    if request.scheme == "https":
        return True
    told = request.headers.get("X-Forwarded-Proto", "").rpartition(",")[2].strip().lower()
    return runtime().settings.trusted_proxies > 0 and told == "https"


def may_sign_in() -> bool:
    """
    Whether a cookie would be safe: over HTTPS, or on this machine.
    """
    host = host_header(request.headers.get("Host", ""))
    return is_secure() or (host is not None and _LOOPBACK.fullmatch(host) is not None)


def cookie(name: str = "luot") -> str:
    """
    What the browser's cookie holds; empty without one.
    """
    return request.cookies.get(_cookie_name(name), "")[:128]


def set_cookie(response: Response, value: str, name: str = "luot") -> None:
    """
    The browser sends this value back from now on; the empty one: none.
    """
    is_empty = not value
    response.set_cookie(
        _cookie_name(name),
        value,
        max_age=0 if is_empty else None,
        secure=is_secure(),
        httponly=True,
        # Strict would hide a signed-in reader who follows a link from a mail or a chat.
        samesite="Lax",
        path="/",
    )


def _cookie_name(name: str) -> str:
    return f"__Host-{name}" if is_secure() else f"{name}-local"


def form_token(secret: str) -> str:
    """
    What a form has to bring back to show that it is of a page that this cookie's owner was sent.
    """
    return hmac.new(secret.encode("utf-8", "replace"), b"form", hashlib.sha256).hexdigest()


def new_form_secret() -> str:
    """
    What the cookie of somebody holds who is not signed in and gets a form.
    """
    return secrets.token_urlsafe(16)


def form(secret: str) -> dict[str, str]:
    """
    The fields of the form that was sent, which came from a page of this cookie's owner.

    :raises Rejected: size, type or malformed; token, 403, for a form of another's page
    """
    if request.mimetype != "application/x-www-form-urlencoded":
        raise Rejected(Reason.TYPE, status=415)
    body = read_body(LARGEST_FORM)
    if len(body) > LARGEST_FORM:
        raise Rejected(Reason.SIZE, status=413)
    try:
        told = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=20, errors="strict")
    except ValueError:
        raise Rejected(Reason.MALFORMED) from None
    fields = {name: values[-1] for name, values in told.items()}
    shown = fields.get("form_token", "").encode("utf-8", "replace")
    is_own = bool(secret) and hmac.compare_digest(form_token(secret).encode(), shown)
    if not is_own or request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        _refuse_form()
    return fields


def _refuse_form() -> NoReturn:
    raise Rejected(Reason.TOKEN, "form_token", 403)


def address() -> str | None:
    """
    The address that the present request came from.
    """
    forwarded = request.headers.get("X-Forwarded-For", "")
    hops = runtime().settings.trusted_proxies
    return client_address(request.remote_addr or "", forwarded, hops)
