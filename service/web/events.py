"""
Numbers as server-sent events: what one looks like on the wire, whichever front sends it.
"""

from collections.abc import Mapping

import msgspec

#: Time until a page whose stream ended comes back, in ms.
RETRY_MS = 5_000

#: What keeps proxies from closing a stream in which nothing changes.
HEARTBEAT = b":\n\n"

#: No proxy shall store a stream, or hold it back until it is worth sending.
HEADERS: Mapping[str, str] = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
}


def opening() -> bytes:
    """
    The first line of a stream.
    """
    return b"retry: %d\n" % RETRY_MS


def event(numbers: Mapping[str, object]) -> bytes:
    """
    The body of ``/counters`` as one event, named by when a number last changed.
    """
    # JSON has no line break outside its strings and none unescaped inside, so one line holds it.
    told = msgspec.json.encode(numbers)
    return b"id: %s\ndata: %s\n\n" % (str(numbers["as_of"]).encode(), told)
