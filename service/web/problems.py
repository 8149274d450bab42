"""
Refusals of the programs' API, as RFC 9457 writes them.
"""

from http import HTTPStatus
from typing import Any

import msgspec
from flask import Response

from service.errors import Rejected
from service.web.requests import refusal_headers


def problem(error: Rejected) -> Response:
    """
    The problem that a refusal is; ``code`` and ``field`` say which.
    """
    response = problem_response(error.status, error.reason, error.field)
    response.headers.update(refusal_headers(error))
    if error.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def problem_response(status: int, code: str, field: str | None = None) -> Response:
    """
    A problem by its status, its code and the name of the part that is wrong.
    """
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": str(code),
    }
    if field:
        body["field"] = field
    return Response(msgspec.json.encode(body), status, content_type="application/problem+json")


def json_response(body: Any, status: int = 200) -> Response:
    """
    A response whose body is JSON and stays with who asked.
    """
    response = Response(msgspec.json.encode(body), status, content_type="application/json")
    response.headers["Cache-Control"] = "private, no-store"
    return response
