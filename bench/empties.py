"""
Applications that answer 204 at once: what a request costs when nothing is done.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

Message = dict[str, Any]


def wsgi(_environ: Message, start_response: Callable[..., object]) -> Iterable[bytes]:
    """
    The answer for servers with threads.
    """
    start_response("204 No Content", [])
    return ()


async def asgi(
    scope: Message,
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    """
    The answer for asynchronous servers.
    """
    if scope["type"] == "lifespan":
        for word in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{word}.complete"})
        return
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})
