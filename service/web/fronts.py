"""
How Flask brings requests to the doors and sends their answers.
"""

import logging
from collections.abc import Callable

from flask import Response, current_app, request

from service import metrics
from service.errors import LuotError, Reason, Rejected
from service.hosts import http_url
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


def door_request() -> Request:
    """
    The present request, its body still unread.
    """
    headers = {name.lower(): value for name, value in request.headers}
    target = http_url(request.environ.get("RAW_URI", ""))
    if target is not None:
        # A request line with a whole URL says itself whom it calls (RFC 9112, section 3.2.2).
        headers["host"] = target.host
    return Request(headers, request.query_string, b"", request.remote_addr or "")


def read_body(largest: int) -> bytes:
    """
    The body of the present request, up to a byte more than the door takes.

    :raises Rejected: malformed, when it ends before its announced end or its chunks are none
    """
    body = b""
    try:
        while len(body) <= largest and (part := request.stream.read(largest + 1 - len(body))):
            body += part
    except Exception:  # noqa: BLE001 - each server has errors of its own for a body that is none
        raise Rejected(Reason.MALFORMED) from None
    # A connection that was cut may leave what looks like a whole body behind.
    if len(body) < min(request.content_length or 0, largest + 1):
        raise Rejected(Reason.MALFORMED)
    return body


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
    except LuotError as error:
        return refused(door, name, error)


def refused(door: str, name: str, error: LuotError) -> Rejected:
    """
    The refusal that an error is; the metrics and, when it is not the client's, the log know it.
    """
    if not isinstance(error, Rejected):
        log.warning("hit refused", extra={"door": door, "why": str(error), "in": name})
        error = Rejected(Reason.STORAGE, status=503)
    metrics.rejected.labels(door, error.reason).inc()
    return error


def door_response(door: str, act: Callable[[], Answer], extra: dict[str, str]) -> Response:
    """
    The response of a door whose refusals are short JSON.
    """
    metrics.asked_for(door)
    said = refusing(door, request.path, act)
    answer = refusal(said) if isinstance(said, Rejected) else said
    response = respond(answer)
    response.headers.update(extra)
    return response
