"""
The body of an ASGI request, read up to a cap in bytes and in time.

A body that takes long holds a connection and never a thread, and what was not read whole counts
nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from service.errors import Reason, Rejected

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

#: Bytes and seconds of a body over its cap that are thrown away before the refusal is sent. A
#: connection that is closed while its client still writes may lose what it was told.
DRAINED, DRAIN_SECONDS = 262_144, 1.0


class ClientGone(Exception):
    """
    The client left before it had sent its whole request; nobody waits for an answer.
    """


async def read_body(receive: Receive, largest: int, seconds: float, announced: str = "") -> bytes:
    """
    The whole body, or its first ``largest + 1`` bytes when it is longer.

    :param seconds: that it may take altogether
    :param announced: the value of ``Content-Length``, if there was one
    :raises Rejected: malformed, with 408 when it takes too long, when it is shorter than announced
    :raises ClientGone: nothing of it is to be believed
    """
    try:
        async with asyncio.timeout(seconds):
            body, is_whole = await _read(receive, largest)
    except TimeoutError:
        raise Rejected(Reason.MALFORMED, status=408) from None
    if not is_whole:
        await _drain(receive)
        return body
    # Some servers take what came before a connection was cut for the whole.
    if announced.isascii() and announced.isdigit() and len(body) < min(int(announced), largest + 1):
        raise Rejected(Reason.MALFORMED)
    return body


async def _read(receive: Receive, largest: int) -> tuple[bytes, bool]:
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        body += message.get("body", b"")
        if len(body) > largest:
            return body[: largest + 1], False
        if not message.get("more_body", False):
            return body, True


async def _drain(receive: Receive) -> None:
    left = DRAINED
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            while left > 0:
                message = await receive()
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return
                left -= len(message.get("body", b""))
    except TimeoutError:
        return
