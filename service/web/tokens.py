"""
Who may: tokens in ``Authorization: Bearer``, and nowhere else.
"""

from flask import request

from service.archive.tokens import Grant, Scope
from service.errors import Reason, Rejected
from service.web.fronts import runtime


def bearer() -> str | None:
    """
    The token of the present request, if it shows one.
    """
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" and token.strip() else None


def require(scope: Scope, site: str | None = None) -> Grant:
    """
    The grant of the present request's token, when it covers this.

    :raises Rejected: token, with 401 without a valid one, 403 without the scope, 404 for a site
        that is another's, so that nobody learns which sites there are
    """
    token = bearer()
    grant = runtime().grants.of(token) if token else None
    if grant is None:
        raise Rejected(Reason.TOKEN, status=401)
    if not grant.scope.covers(scope):
        raise Rejected(Reason.TOKEN, status=403)
    if site is not None and not grant.is_for(site):
        raise Rejected(Reason.SITE, "site", 404)
    return grant
