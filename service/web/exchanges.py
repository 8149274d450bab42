"""
A request that has come whole, and an answer that is sent in one piece.

ASGI says both in messages, each of which is awaited, checked and put together anew. Nearly every
hit fits into one packet, and all answers of a door have the same few heads; so the connection lets
its application look at the body at once and write an answer with one call. What does not fit this
way, a body under way or a client that reads slowly, goes the way of the messages.
"""

from collections.abc import Mapping
from functools import lru_cache

from uvicorn.protocols.http.httptools_impl import (
    HEADER_RE,
    HEADER_VALUE_RE,
    STATUS_LINE,
    RequestResponseCycle,
)

from service.web.requests import Answer

#: Heads of answers that are held. A site makes a handful; each allowed origin makes its own.
HEADS = 2_048


class Exchange:
    """
    One request on a connection, and its answer.
    """

    __slots__ = ("_cycle",)

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = cycle

    def body(self) -> bytes | None:
        """
        The whole body, or ``None`` while some of it has not come.
        """
        cycle = self._cycle
        if cycle.more_body or cycle.disconnected or cycle.waiting_for_100_continue:
            return None
        return bytes(cycle.body)

    def answer(self, answer: Answer, common: Mapping[str, str]) -> bool:
        """
        Whether the answer is on its way; if not it can still be sent in messages.

        :param common: headers that every answer has unless it says otherwise itself
        """
        cycle = self._cycle
        if cycle.flow.write_paused or cycle.response_started or cycle.scope["method"] == "HEAD":
            return False
        if cycle.disconnected:
            return True
        headers = {**common, **answer.headers}
        tag = headers.pop("ETag", None)
        parts = [_head(answer.status, tuple(headers.items()))]
        # Each body has a tag of its own, so no head could be shown again with it.
        tags = [] if tag is None else [(b"etag", tag.encode("latin-1"))]
        for name, value in (*tags, *cycle.default_headers):
            parts += (name, b": ", value, b"\r\n")
        if "Connection" in answer.headers:
            cycle.keep_alive = False
        elif not cycle.keep_alive:
            parts.append(b"connection: close\r\n")
        if answer.status not in {204, 304}:
            parts.append(b"content-length: %d\r\n" % len(answer.body))
        parts += (b"\r\n", answer.body)
        cycle.transport.write(b"".join(parts))
        cycle.response_started = cycle.response_complete = True
        cycle.message_event.set()
        if not cycle.keep_alive:
            cycle.transport.close()
        cycle.on_response()
        return True


@lru_cache(maxsize=HEADS)
def _head(status: int, headers: tuple[tuple[str, str], ...]) -> bytes:
    """
    Status line and headers, without the empty line.

    :raises ValueError: a header that would be two
    """
    parts = [STATUS_LINE[status]]
    for name, value in headers:
        raw_name, raw_value = name.lower().encode("latin-1"), value.encode("latin-1")
        if HEADER_RE.search(raw_name) or HEADER_VALUE_RE.search(raw_value):
            raise ValueError(f"not a header: {name!r}")
        parts += (raw_name, b": ", raw_value, b"\r\n")
    return b"".join(parts)
