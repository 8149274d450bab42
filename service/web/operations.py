"""
The doors for operators: alive, ready and why not, and metrics.
"""

from flask import Blueprint, Response, request

from service import metrics
from service.archive.tokens import Scope
from service.errors import Rejected
from service.intake.addresses import client_address, is_private
from service.readiness import shortcomings, warnings
from service.reporting.scraped import Scraped
from service.web.fronts import runtime
from service.web.problems import json_response, problem
from service.web.tokens import require

blueprint = Blueprint("operations", __name__)


@blueprint.get("/healthz")
def alive() -> Response:
    """
    This process answers; nothing else is asked.
    """
    return json_response({"status": "alive"})


@blueprint.get("/readyz")
def ready() -> Response:
    """
    Whether hits can be kept, and if not, why.
    """
    reasons = shortcomings(runtime())
    if not reasons:
        doubts = warnings(runtime())
        return json_response({"status": "ready", **({"warnings": doubts} if doubts else {})})
    response = json_response({"status": "not ready", "reasons": reasons}, 503)
    response.headers["Retry-After"] = "5"
    return response


@blueprint.get("/metrics")
def prometheus() -> Response:
    """
    All metrics, for this machine and its network, or with a read token for all sites.
    """
    forwarded = request.headers.get("X-Forwarded-For", "")
    hops = runtime().settings.trusted_proxies
    if forwarded or not is_private(client_address(request.remote_addr or "", forwarded, hops)):
        try:
            require(Scope.READ, "*")
        except Rejected as error:
            return problem(error)
    here = runtime()
    asked = (here.store, here.database, here.clock, here.sites, here.online_since_ms)
    room = here.settings.journal_bytes
    accept = request.headers.get("Accept", "")
    body, content_type = metrics.exposition(accept, Scraped(*asked, room))
    return Response(body, content_type=content_type)
