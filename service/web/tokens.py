"""
Who may: tokens in ``Authorization: Bearer``, and nowhere else.
"""

from flask import request

from service.archive.tokens import Grant, Scope
from service.errors import Reason, Rejected
from service.runtime import Runtime
from service.web.fronts import runtime


def bearer() -> str | None:
    """
    The token of the present request, if it shows one.
    """
    return bearer_of(request.headers.get("Authorization", ""))


def bearer_of(header: str) -> str | None:
    """
    The token of an ``Authorization`` header, if it shows one.
    """
    kind, _, token = header.partition(" ")
    return token.strip() if kind.lower() == "bearer" and token.strip() else None


def require(scope: Scope, site: str | None = None) -> Grant:
    """
    The grant of the present request's token, when it covers this.

    :raises Rejected: token, with 401 without a valid one, 403 without the scope, 404 for a site
        that is another's, so that nobody learns which sites there are
    """
    return granted(runtime(), bearer(), scope, site)


def may_read(here: Runtime, token: str | None, site: str) -> bool:
    """
    Whether a token lets its bearer read a site that is not public.
    """
    if token is None:
        return False
    try:
        granted(here, token, Scope.READ, site)
    except Rejected:
        return False
    return True


def granted(here: Runtime, token: str | None, scope: Scope, site: str | None = None) -> Grant:
    """
    The grant of a token, when it covers this.

    :raises Rejected: as ``require`` does
    """
    grant = here.grants.of(token) if token else None
    if grant is None:
        raise Rejected(Reason.TOKEN, status=401)
    if not grant.scope.covers(scope):
        raise Rejected(Reason.TOKEN, status=403)
    if site is not None and not grant.is_for(site):
        raise Rejected(Reason.SITE, "site", 404)
    return grant
