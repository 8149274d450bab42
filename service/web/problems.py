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
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(error.status).phrase,
        "status": error.status,
        "code": str(error.reason),
    }
    if error.field:
        body["field"] = error.field
    response = Response(
        msgspec.json.encode(body), error.status, content_type="application/problem+json"
    )
    response.headers.update(refusal_headers(error))
    if error.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def json_response(body: Any, status: int = 200) -> Response:
    """
    A response whose body is JSON and stays with who asked.
    """
    response = Response(msgspec.json.encode(body), status, content_type="application/json")
    response.headers["Cache-Control"] = "private, no-store"
    return response
