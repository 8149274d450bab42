"""
What every answer has in common: errors without a word too many, safe headers, one log line.
"""

import logging
import time

from flask import Flask, Response, g, request
from werkzeug.exceptions import BadHost, HTTPException

from service import metrics
from service.errors import Reason, Rejected
from service.web.fronts import respond, runtime
from service.web.problems import problem_response
from service.web.requests import json_answer, refusal

log = logging.getLogger("luot.access")

#: Codes of errors that no door has words for.
_CODES = {404: "not_found", 405: "method", 400: "malformed", 413: "size", 414: "size"}


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


def _finish(response: Response) -> Response:
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("Content-Security-Policy", "default-src 'none'; sandbox")
    if runtime().settings.access_log:
        log.info("request", extra=_line(response))
    return response


def _line(response: Response) -> dict[str, object]:
    """
    What is logged of a request: the route and not the address, the query or the user agent.
    """
    return {
        "method": request.method if request.method in _METHODS else "other",
        "route": request.url_rule.rule if request.url_rule else "none",
        "status": response.status_code,
        "result": response.headers.get("Luot-Result", ""),
        "ms": round((time.perf_counter() - g.began) * 1000, 1),
    }


_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH"})


def _http_error(error: HTTPException) -> Response:
    if isinstance(error, BadHost):
        metrics.rejected.labels("none", Reason.HOST).inc()
        return respond(refusal(Rejected(Reason.HOST, "host")))
    status = error.code or 500
    if error.response is not None or status < 400:
        return Response(response=None, status=status, headers=error.get_headers())
    response = _error(status, _CODES.get(status, "error"))
    if status == 405:
        response.headers["Allow"] = dict(error.get_headers()).get("Allow", "")
    return response


def _accident(error: Exception) -> Response:
    """
    Something that Luot did not foresee: told in the log, and to the client only that it may retry.
    """
    log.error("unforeseen error", exc_info=error)
    response = _error(503, "storage")
    response.headers["Retry-After"] = "5"
    return response


def _error(status: int, code: str) -> Response:
    if request.path.startswith("/api/v1/"):
        return problem_response(status, code)
    return respond(json_answer(status, {"error": code}))
