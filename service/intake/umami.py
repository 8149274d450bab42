"""
Umami's words: the body of ``/api/send`` and one item of ``/api/batch``.
"""

from typing import Any

import msgspec

from service.errors import Reason, Rejected
from service.intake.foreign import Foreign, event_name, moment, width
from service.intake.payloads import ENGAGEMENT, decoded

#: Longest host, language, screen and name, in characters.
LONGEST = {"hostname": 100, "language": 35, "screen": 11, "name": 50, "tag": 50}

#: What a message is about. Only the first is a view or an event; the others tell about a visitor
#: who is there already, so they keep a visit going and add nothing.
TYPES = frozenset({"event", "identify", "performance"})


class Body(msgspec.Struct, kw_only=True):
    """
    The payload, as it is sent.
    """

    website: str | None = None
    link: str | None = None
    pixel: str | None = None
    url: str | None = None
    referrer: str | None = None
    hostname: str | None = None
    language: str | None = None
    screen: str | None = None
    title: str | None = None
    name: str | None = None
    tag: str | None = None
    id: str | None = None
    ip: str | None = None
    user_agent: str | None = msgspec.field(default=None, name="userAgent")
    timestamp: float | str | None = None
    # They change nothing, and are refused when they are not what they have to be.
    data: dict[str, Any] | list[Any] | None = None
    browser: str | None = None
    os: str | None = None
    device: str | None = None
    lcp: float | None = None
    inp: float | None = None
    cls: float | None = None
    fcp: float | None = None
    ttfb: float | None = None


class Message(msgspec.Struct, kw_only=True):
    """
    The whole body.
    """

    type: str
    payload: Body


class Sent(msgspec.Struct, frozen=True):
    """
    A message and the site that it names.
    """

    website: str
    #: Host of the page, when the message names it apart.
    host: str
    payload: Foreign


_decoder = msgspec.json.Decoder(Message)


def message(body: bytes) -> Sent:
    """
    What ``/api/send`` is asked.

    :raises Rejected: malformed
    """
    told = decoded(_decoder, body)
    if told.type not in TYPES:
        raise Rejected(Reason.MALFORMED, "type")
    inner = told.payload
    if [inner.website, inner.link, inner.pixel].count(None) != 2:
        raise Rejected(Reason.MALFORMED, "website")
    for field, longest in LONGEST.items():
        if len(getattr(inner, field) or "") > longest:
            raise Rejected(Reason.MALFORMED, field)
    payload = Foreign(
        title=inner.title,
        language=inner.language or None,
        width=width(inner.screen or ""),
        referrer=_referrer(inner),
        event=event_name(inner.name, "name") if inner.name else None,
        ip=inner.ip,
        user_agent=inner.user_agent,
        reader=inner.id,
        time=None if inner.timestamp is None else moment(_seconds(inner.timestamp)),
    )
    if told.type != "event":
        payload.event, payload.seconds = ENGAGEMENT, 0
    _name_page(payload, inner.url or "/")
    return Sent((inner.website or "").lower(), inner.hostname or "", payload)


def _seconds(told: float | str) -> float:
    # Its own schema takes a number that is written as text for one.
    try:
        return float(told if isinstance(told, float | int) or told.isascii() else "?")
    except ValueError:
        raise Rejected(Reason.MALFORMED, "timestamp") from None


def _name_page(payload: Foreign, url: str) -> None:
    if url.lower().startswith(("http://", "https://")):
        payload.url = url
    else:
        payload.path = url


def _referrer(inner: Body) -> str | None:
    referrer = inner.referrer or ""
    if referrer.startswith("/") and inner.hostname:
        return f"https://{inner.hostname}{referrer}"
    return referrer or None
