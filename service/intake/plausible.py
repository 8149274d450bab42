"""
Plausible's words: the body of ``/api/event``.
"""

from typing import Any

import msgspec

from service.errors import Reason, Rejected
from service.intake.foreign import EVENT_CHARACTERS, Foreign, event_name, width
from service.intake.payloads import ENGAGEMENT, decoded

#: Longest name and address; more is refused there, too.
LONGEST_NAME, LONGEST_URL = 120, 2_000

#: Sites that one event may be for.
LARGEST_FAN = 10

#: Most properties, and the depth that means: not known.
LARGEST_PROPS, UNKNOWN_DEPTH = 30, 255

#: Longest attention that one report may claim, in seconds.
LONGEST_ATTENTION = 1_800

_SCALARS = str | int | float | bool | None


class Event(msgspec.Struct, kw_only=True):
    """
    The body, under the short and the long names of its parts.
    """

    n: str | None = None
    name: str | None = None
    u: str | None = None
    url: str | None = None
    d: str | None = None
    domain: str | None = None
    r: str | None = None
    referrer: str | None = None
    w: float | None = None
    h: int | bool | None = None
    hash_mode: int | bool | None = msgspec.field(default=None, name="hashMode")
    m: Any = None
    meta: Any = None
    p: Any = None
    props: Any = None
    sd: float | None = None
    e: float | None = None


class Told(msgspec.Struct, frozen=True):
    """
    An event, and what it is about.
    """

    payload: Foreign
    #: Names of sites; empty when the address alone says whose page it is.
    domains: tuple[str, ...]
    #: Whether the part behind ``#`` belongs to the path.
    by_hash: bool


_decoder = msgspec.json.Decoder(Event)
_any_decoder = msgspec.json.Decoder()


def event(body: bytes) -> Told:
    """
    What ``/api/event`` is asked.

    :raises Rejected: malformed, with the long name of the part that is wrong
    """
    told = decoded(_decoder, body)
    name, url = told.n or told.name, told.u or told.url
    if not name or len(name) > LONGEST_NAME:
        raise Rejected(Reason.MALFORMED, "event_name")
    if not url or len(url) > LONGEST_URL or url.lower().startswith("data:"):
        raise Rejected(Reason.MALFORMED, "url")
    _check_props(told)
    payload = Foreign(
        url=url,
        referrer=(told.r or told.referrer or "")[:LONGEST_URL] or None,
        width=width(str(told.w or "")),
        event=_event(name),
    )
    if payload.event == ENGAGEMENT:
        payload.seconds = int(min(max((told.e or 0) / 1000, 0), LONGEST_ATTENTION))
        payload.scroll = _depth(told.sd)
    return Told(payload, _domains(told), bool(told.h or told.hash_mode))


def _event(name: str) -> str | None:
    if name == "pageview":
        return None
    return event_name(name[:EVENT_CHARACTERS], "event_name")


def _domains(told: Event) -> tuple[str, ...]:
    text = told.d or told.domain or ""
    if text.count(",") > 2 * LARGEST_FAN:
        raise Rejected(Reason.MALFORMED, "domain")
    names = tuple(dict.fromkeys(name for part in text.split(",") if (name := part.strip())))
    if len(names) > LARGEST_FAN:
        raise Rejected(Reason.MALFORMED, "domain")
    return names


def _depth(percent: float | None) -> int | None:
    if percent is None or percent == UNKNOWN_DEPTH or not 0 <= percent <= 100:
        return None
    return int(percent // 25 * 25)


def _check_props(told: Event) -> None:
    """
    Properties are taken and dropped; what cannot be any is refused all the same.
    """
    for props in (told.m, told.meta, told.p, told.props):
        found = props
        if isinstance(props, str) and props:
            try:
                found = decoded(_any_decoder, props.encode("utf-8", "replace"))
            except Rejected:
                raise Rejected(Reason.MALFORMED, "props") from None
        if not found:
            continue
        if not isinstance(found, dict) or len(found) > LARGEST_PROPS:
            raise Rejected(Reason.MALFORMED, "props")
        if not all(isinstance(value, _SCALARS) for value in found.values()):
            raise Rejected(Reason.MALFORMED, "props")
