"""
The words a page may send, decoded strictly: what is wrong is refused, what is too long is cut.

Decoding is msgspec's, with a type for each door; on top of it stand the rules that JSON has no
words for: lengths, control characters, and UTF-8 in the parts that nobody reads.
"""

import re
from typing import Any, TypeVar

import msgspec

from service.errors import Reason, Rejected
from service.intake.halves import broken_address, without_halves
from service.intake.text import is_printable

#: Largest body of ``/hit``, in bytes.
LARGEST_HIT = 8_192

#: An id that a page makes; the alphabet of base64url, long enough not to meet another.
ID = re.compile(r"[A-Za-z0-9_-]{16,64}\Z")

#: How far down a page was read, in percent.
SCROLLS = frozenset({0, 25, 50, 75, 100})

#: The event name that carries attention and is no event.
ENGAGEMENT = "engagement"

P = TypeVar("P", bound="Payload")
T = TypeVar("T")

_FIELD = re.compile(r"`\$\.?(\w*)")


class Payload(msgspec.Struct, kw_only=True):
    """
    A hit as a page tells it. ``None`` is absent; every text is as sent.
    """

    site: str | None = None
    url: str | None = None
    path: str | None = None
    id: str | None = None
    referrer: str | None = None
    title: str | None = None
    width: int | None = None
    language: str | None = None
    timezone: str | None = None
    event: str | None = None
    props: dict[str, str | int | float | bool | None] | None = None
    section: str | None = None
    author: str | None = None
    tags: list[str] | None = None
    view: str | None = None
    seconds: int | None = None
    scroll: int | None = None


class BatchItem(Payload, kw_only=True):
    """
    A hit as a server tells it, with what only a write token makes believable.
    """

    time: str | None = None
    ip: str | None = None
    user_agent: str | None = None


_hit_decoder = msgspec.json.Decoder(Payload)
_item_decoder = msgspec.json.Decoder(BatchItem)
_list_decoder = msgspec.json.Decoder(list[msgspec.Raw])
_any_decoder = msgspec.json.Decoder()


def hit_payload(body: bytes) -> Payload:
    """
    The payload of ``POST /hit``.

    :raises Rejected: malformed, or size above 8 KiB. The first character is looked at before the
        size, because what is not an object is malformed however long it is
    """
    if body.lstrip(b" \t\r\n")[:1] != b"{":
        raise Rejected(Reason.MALFORMED)
    if len(body) > LARGEST_HIT:
        raise Rejected(Reason.SIZE, status=413)
    return checked(decoded(_hit_decoder, body))


def item_payload(item: bytes) -> BatchItem:
    """
    The payload of one item of a batch.

    :raises Rejected: malformed, or size above the 8 KiB that a hit may have
    """
    if len(item) > LARGEST_HIT:
        raise Rejected(Reason.SIZE, status=413)
    payload = checked(decoded(_item_decoder, item))
    if payload.user_agent is not None and len(payload.user_agent) > LARGEST_HIT:
        raise Rejected(Reason.MALFORMED, "user_agent")
    return payload


def items(body: bytes) -> list[bytes]:
    """
    The items of a batch, each still to be decoded.

    :raises Rejected: when the body is no JSON list
    """
    found = [bytes(item) for item in decoded(_list_decoder, body)]
    mended, end = without_halves(body), 0
    if mended == body:
        return found
    # Each item as it was sent: what is wrong in it is its own matter, and no other item's.
    for place, item in enumerate(found):
        begin = mended.index(item, end)
        end = begin + len(item)
        found[place] = body[begin:end]
    return found


def decoded(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """
    JSON as strictly as every door takes it; half a surrogate pair is replaced.

    :raises Rejected: malformed, naming the part whose type is wrong, or the address that has a half
    """
    try:
        return _strictly(decoder, body)
    except Rejected:
        mended = without_halves(body)
        if mended == body:
            raise
    told = _strictly(decoder, mended)
    broken = broken_address(_strictly(_any_decoder, without_halves(body, rb"\u0000")))
    if broken:
        raise Rejected(Reason.MALFORMED, broken)
    return told


def _strictly(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    try:
        # msgspec passes over keys that it does not know without looking at their bytes.
        if not body.isascii():
            body.decode("utf-8")
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        field = _FIELD.search(str(error))
        raise Rejected(Reason.MALFORMED, field[1] or None if field else None) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Rejected(Reason.MALFORMED) from None


def checked(payload: P) -> P:
    """
    The payload, when every part that is refused rather than cut is within its bounds.

    :raises Rejected: malformed, naming the first part that is not
    """
    misfit = _misfit(payload)
    if misfit:
        raise Rejected(Reason.MALFORMED, misfit)
    return payload


def _misfit(payload: Payload) -> str:
    """
    The name of the first part that is out of bounds; empty when all fit.
    """
    return (
        (payload.id is not None and not ID.match(payload.id) and "id")
        or (payload.view is not None and not ID.match(payload.view) and "view")
        or (payload.event is not None and not _is_event(payload.event) and "event")
        or (payload.language is not None and len(payload.language) > 35 and "language")
        or (payload.timezone is not None and len(payload.timezone) > 64 and "timezone")
        or (payload.width is not None and not 1 <= payload.width <= 16_384 and "width")
        or (payload.seconds is not None and not 0 <= payload.seconds <= 1_800 and "seconds")
        or (payload.scroll is not None and payload.scroll not in SCROLLS and "scroll")
        or (payload.props is not None and not _are_props(payload.props) and "props")
        or ""
    )


def _is_event(name: str) -> bool:
    return 1 <= len(name) <= 64 and is_printable(name) and bool(name.strip())


def _are_props(props: dict[str, Any]) -> bool:
    return len(props) <= 30 and all(
        len(key) <= 64 and (not isinstance(value, str) or len(value) <= 256)
        for key, value in props.items()
    )
