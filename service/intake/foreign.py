"""
What another tracker says, in Luot's words; each protocol's own module turns its words into these.

Whoever it is that asks, address, user agent, time and reader are told here as they were sent.
Whether they are believed is decided where tokens are known.
"""

import re
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode

from service.errors import Reason, Rejected
from service.intake.payloads import BatchItem
from service.intake.text import is_printable

#: Characters of an event's name; other trackers allow more, and what is longer is cut.
EVENT_CHARACTERS = 64

#: Parameters that other trackers read a campaign from, besides ``utm_…``.
SOURCES, CAMPAIGNS = ("ref", "src", "source"), ("campaign",)

_WIDTH = re.compile(r"([0-9]{1,6})(?:\.[0-9]*+)?(?:[x,].*+)?\Z", re.ASCII | re.DOTALL)


class Foreign(BatchItem, kw_only=True):
    """
    A hit as another tracker tells it.
    """

    #: What a server calls the reader.
    reader: str | None = None
    #: Whether the page itself knows that a machine looks at it.
    is_bot: bool = False


def event_name(text: str, field: str) -> str:
    """
    The name of an event, cut to what Luot keeps.

    :raises Rejected: malformed, when nothing can be shown under that name
    """
    name = text.strip()[:EVENT_CHARACTERS].strip()
    if not name or not is_printable(name):
        raise Rejected(Reason.MALFORMED, field)
    return name


def width(text: str) -> int | None:
    """
    The width in a screen's size such as ``1920x1080``; ``None`` when there is none.
    """
    match = _WIDTH.match(text)
    number = int(match[1]) if match else 0
    return number if 1 <= number <= 16_384 else None


def language(text: str) -> str | None:
    """
    The first language of a list, when it can be one.
    """
    first = text.partition(",")[0].partition(";")[0].strip()
    return first if 0 < len(first) <= 35 else None


def with_campaign(path: str, query: str) -> str:
    """
    A path whose query says what another tracker would read from a page's query string.
    """
    told = dict(reversed(parse_qsl(query.removeprefix("?")[:4096], errors="replace")))
    wanted = {
        "utm_source": _first(told, ("utm_source", *SOURCES)),
        "utm_campaign": _first(told, ("utm_campaign", *CAMPAIGNS)),
        **{name: told.get(name, "") for name in ("utm_medium", "utm_term", "utm_content")},
    }
    extra = urlencode({name: value for name, value in wanted.items() if value})
    if not extra:
        return path
    address, mark, fragment = path.partition("#")
    return f"{address}{'&' if '?' in address else '?'}{extra}{mark}{fragment}"


def moment(seconds: float) -> str:
    """
    Seconds since 1970 as a time of RFC 3339.

    :raises Rejected: malformed, when no calendar has that time
    """
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError, OSError):
        raise Rejected(Reason.MALFORMED, "time") from None


def _first(told: dict[str, str], names: tuple[str, ...]) -> str:
    return next((told[name] for name in names if told.get(name)), "")
