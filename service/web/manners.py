"""
What every answer has in common: errors without a word too many, safe headers, one log line.
"""

import logging
import time

from flask import Flask, Response, g, request
from werkzeug.exceptions import BadHost, HTTPException

from service import metrics
from service.errors import Reason, Rejected
from service.logs import name_request
from service.web.fronts import respond, runtime
from service.web.pages import refusal_page
from service.web.problems import problem_response
from service.web.requests import json_answer, refusal

log = logging.getLogger("luot.access")

#: Codes of errors that no door has words for.
_CODES = {404: "not_found", 405: "method", 400: "malformed", 413: "size", 414: "size"}


#: Every answer has these unless its door says otherwise: none can be taken for a page.
SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}


def add_manners(app: Flask) -> None:
    """
    The application behaves so from here on.
    """
    app.before_request(_begin)
    app.after_request(_finish)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _accident)


def _begin() -> None:
    g.began = time.perf_counter()
    name_request(request.headers.get("X-Request-Id", ""))


def _finish(response: Response) -> Response:
    for name, value in SAFE.items():
        response.headers.setdefault(name, value)
    if runtime().settings.access_log:
        method = request.method if request.method in _METHODS else "other"
        route = request.url_rule.rule if request.url_rule else "none"
        result = response.headers.get("Luot-Result", "")
        log_request(method, route, response.status_code, result, g.began)
    return response


def log_request(method: str, route: str, status: int, result: str, began: float) -> None:
    """
    The one line of a request: its route and not the address, the query or the user agent.

    :param began: by ``time.perf_counter``
    """
    ms = round((time.perf_counter() - began) * 1000, 1)
    told = {"method": method, "route": route, "status": status, "result": result, "ms": ms}
    log.info("request", extra=told)


_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH"})


def _http_error(error: HTTPException) -> Response:
    if isinstance(error, BadHost):
        metrics.rejected.labels("none", Reason.HOST).inc()
        return respond(refusal(Rejected(Reason.HOST, "host")))
    status = error.code or 500
    if status == 404 and _is_person():
        return refusal_page(Rejected(Reason.SITE, status=404))
    if error.response is not None or status < 400:
        return Response(response=None, status=status, headers=error.get_headers())
    response = _error(status, _CODES.get(status, "error"))
    if status == 405:
        response.headers["Allow"] = dict(error.get_headers()).get("Allow", "")
    return response


def _is_person() -> bool:
    """
    Whether a browser asks for a page to be shown, and not a page's script or a program.
    """
    accepted = request.headers.get("Accept", "").partition(",")[0].strip()
    return accepted == "text/html" and not request.path.startswith("/api/")


def _accident(error: Exception) -> Response:
    """
    Something that Luot did not foresee: told in the log, and to the client only that it may retry.
    """
    log_accident(error)
    response = _error(503, "storage")
    response.headers["Retry-After"] = "5"
    return response


def log_accident(error: Exception) -> None:
    """
    The log has the whole of something that Luot did not foresee.
    """
    log.error("unforeseen error", exc_info=error)


def _error(status: int, code: str) -> Response:
    if request.path.startswith("/api/v1/"):
        return problem_response(status, code)
    return respond(json_answer(status, {"error": code}))
