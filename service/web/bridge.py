"""
What the asynchronous front does not answer itself: Flask, in threads.

A thread is taken only for a request that has come whole, so that slow clients hold none.
"""

from collections.abc import Awaitable, Callable
from typing import Any, cast
from urllib.parse import quote

from a2wsgi import WSGIMiddleware
from flask import Flask

from service.errors import Reason, Rejected
from service.web.batches import LARGEST_BODY as LARGEST_BATCH
from service.web.bodies import Message, Receive, read_body

Scope = dict[str, Any]
Send = Callable[[Message], Awaitable[None]]

#: Largest body of a door that takes one hit, in bytes.
LARGEST_BODY = 65_536

#: The doors that take many at once.
MANY = frozenset({"/api/v1/hits", "/api/v0/count", "/api/batch", "/matomo.php", "/piwik.php"})

#: Seconds that a body may take.
SECONDS = 20.0

#: Bytes of bodies that one process holds; above it new ones are told to come back.
LARGEST_HELD = 64 * 1024 * 1024

#: What a query string may hold as it is; everything else is percent-encoded.
_ASCII = "".join(map(chr, range(0x21, 0x7F)))


class Bridge:
    """
    A Flask application that can be called by an ASGI server.
    """

    def __init__(self, flask: Flask, threads: int) -> None:
        self._wsgi = cast("Any", WSGIMiddleware(cast("Any", flask.wsgi_app), workers=threads))
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """
        Flask has answered.

        :raises Rejected: the body cannot be had, or there is no room for it
        :raises ClientGone: nothing is to be answered
        """
        headers = dict(scope["headers"])
        if not (b"content-length" in headers or b"transfer-encoding" in headers):
            await self._wsgi(_told(scope, None), _sent(b""), send)
            return
        largest = LARGEST_BATCH if scope["path"] in MANY else LARGEST_BODY
        if self._held + largest > LARGEST_HELD:
            raise Rejected(Reason.STORAGE, status=503)
        self._held += largest
        try:
            announced = headers.get(b"content-length", b"").decode("latin-1")
            body = await read_body(receive, largest, SECONDS, announced)
            await self._wsgi(_told(scope, len(body)), _sent(body), send)
        finally:
            self._held -= largest


def _told(scope: Scope, length: int | None) -> Scope:
    """
    The request as WSGI can say it: with the length that was read, and no two names in one.

    ``X_Forwarded_For`` and ``X-Forwarded-For`` would be one variable, and anybody may send either.
    """
    framing = {b"content-length", b"transfer-encoding"}
    headers = [
        (name, value)
        for name, value in scope["headers"]
        if b"_" not in name and name not in framing
    ]
    if length is not None:
        headers.append((b"content-length", b"%d" % length))
    query = quote(scope["query_string"], safe=_ASCII).encode()
    return {**scope, "headers": headers, "query_string": query}


def _sent(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
