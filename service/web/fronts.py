"""
How Flask brings requests to the doors and sends their answers.
"""

import logging
from collections.abc import Callable

from flask import Response, current_app, request

from service import metrics
from service.errors import LuotError, Reason, Rejected
from service.runtime import Runtime
from service.web.requests import Answer, Request, refusal

log = logging.getLogger(__name__)


def runtime() -> Runtime:
    """
    The runtime of the application that answers this request.
    """
    found = current_app.extensions["luot"]
    if not isinstance(found, Runtime):  # pragma: no cover - the factory puts it there
        raise TypeError(type(found))
    return found


def door_request(largest: int = 0) -> Request:
    """
    The present request, with its body up to a byte more than the door takes.
    """
    headers = {name.lower(): value for name, value in request.headers}
    body = request.stream.read(largest + 1) if largest else b""
    return Request(headers, request.query_string, body, request.remote_addr or "")


def respond(answer: Answer) -> Response:
    """
    The response that says an answer.
    """
    response = Response(answer.body, answer.status)
    if not answer.body:
        response.headers.pop("Content-Type", None)
    response.headers.update(answer.headers)
    return response


def refusing(door: str, name: str, act: Callable[[], Answer]) -> Answer | Rejected:
    """
    What ``act`` answers, or why it refused; a failure of Redis or SQL is a refusal, too.
    """
    try:
        return act()
    except Rejected as error:
        refused = error
    except LuotError as error:
        log.warning("hit refused", extra={"door": door, "why": str(error), "in": name})
        refused = Rejected(Reason.STORAGE, status=503)
    metrics.rejected.labels(door, refused.reason).inc()
    return refused


def door_response(door: str, act: Callable[[], Answer], extra: dict[str, str]) -> Response:
    """
    The response of a door whose refusals are short JSON.
    """
    said = refusing(door, request.path, act)
    answer = refusal(said) if isinstance(said, Rejected) else said
    response = respond(answer)
    response.headers.update(extra)
    return response
