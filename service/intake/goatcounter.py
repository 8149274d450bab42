"""
GoatCounter's words: the query of ``/count``, and a hit of its API.
"""

from urllib.parse import urlsplit

import msgspec

from service.errors import Reason, Rejected
from service.intake.foreign import Foreign, event_name, language, width, with_campaign
from service.intake.payloads import decoded
from service.intake.queries import query_value

#: Longest path and referrer, in bytes, and longest title.
LONGEST_PATH, LONGEST_TITLE = 2_048, 1_024

#: From here on ``b`` tells what kind of machine the script has seen; what lies between is none.
FIRST_BOT, LAST_BOT = 150, 2_147_483_647

#: What a script writes for yes and for no.
_YES, _NO = (
    frozenset({"1", "t", "true", "on", "yes"}),
    frozenset({"", "0", "f", "false", "off", "no"}),
)


class ApiHit(msgspec.Struct, kw_only=True):
    """
    A hit as a server tells it.
    """

    path: str
    title: str | None = None
    event: bool | int | str = False
    ref: str | None = None
    size: list[float] | float | str | None = None
    query: str | None = None
    bot: int = 0
    user_agent: str | None = None
    location: str | None = None
    language: str | None = None
    ip: str | None = None
    created_at: str | None = None
    session: str | None = None


class ApiCall(msgspec.Struct, kw_only=True):
    """
    The body of ``POST /api/v0/count``.
    """

    no_sessions: bool = False
    #: Empty to count excluded addresses, too.
    filter: list[str] | None = None
    hits: list[msgspec.Raw] = []


_call_decoder = msgspec.json.Decoder(ApiCall)
_hit_decoder = msgspec.json.Decoder(ApiHit)


def count_payload(query: bytes, page: str) -> Foreign:
    """
    What ``/count`` is asked.

    :param page: the address of the page that asks, as its headers tell; events have no other
    :raises Rejected: malformed
    """
    path, title, referrer, size, campaign = (query_value(query, n) or "" for n in "ptrsq")
    _check(path, title, referrer)
    told = Foreign(
        path=path,
        title=title or None,
        referrer=referrer or None,
        width=_width(size),
        is_bot=_is_bot(query_value(query, "b") or "0"),
    )
    if _is_event(query_value(query, "e") or "", "e"):
        told.event, told.path = event_name(path, "p"), _path_of(page)
    told.path = with_campaign(told.path or "/", campaign)
    return told


def api_call(body: bytes) -> ApiCall:
    """
    The body of the API.

    :raises Rejected: malformed
    """
    call = decoded(_call_decoder, body)
    if set(call.filter or ()) - {"ip"}:
        raise Rejected(Reason.MALFORMED, "filter")
    return call


def api_payload(raw: bytes, *, needs_session: bool) -> Foreign:
    """
    One hit of the API.

    :param needs_session: whether it has to say who its reader is
    :raises Rejected: malformed
    """
    hit = decoded(_hit_decoder, raw)
    _check(hit.path, hit.title or "", hit.ref or "")
    if needs_session and not (hit.session or (hit.user_agent and hit.ip)):
        raise Rejected(Reason.MALFORMED, "session")
    sizes = hit.size if isinstance(hit.size, list) else [hit.size or ""]
    size = ",".join(map(str, sizes))
    event = event_name(hit.path, "path") if _is_event(str(hit.event), "event") else None
    return Foreign(
        path=with_campaign("/" if event else hit.path, hit.query or ""),
        event=event,
        title=hit.title,
        referrer=hit.ref,
        width=width(size),
        language=language(hit.language or ""),
        time=hit.created_at,
        ip=hit.ip or None,
        user_agent=hit.user_agent,
        reader=hit.session,
        is_bot=_is_known_bot(hit.bot),
    )


def _check(path: str, title: str, referrer: str) -> None:
    if not path.strip():
        raise Rejected(Reason.MALFORMED, "path")
    for text, name in ((path, "path"), (referrer, "ref")):
        if len(text.encode("utf-8", "replace")) > LONGEST_PATH:
            raise Rejected(Reason.MALFORMED, name)
    if len(title) > LONGEST_TITLE:
        raise Rejected(Reason.MALFORMED, "title")


def _width(size: str) -> int | None:
    if not size:
        return None
    first = size.partition(",")[0]
    try:
        float(first if first.isascii() else "?")
    except ValueError:
        raise Rejected(Reason.MALFORMED, "s") from None
    return width(first)


def _is_event(text: str, field: str) -> bool:
    if text.lower() not in _YES | _NO:
        raise Rejected(Reason.MALFORMED, field)
    return text.lower() in _YES


def _is_bot(text: str) -> bool:
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        raise Rejected(Reason.MALFORMED, "b")
    number = int(text)
    if number and not FIRST_BOT <= number <= LAST_BOT:
        raise Rejected(Reason.MALFORMED, "b")
    return number > 0


def _is_known_bot(number: int) -> bool:
    # A server may also tell the kinds below, which a script cannot see.
    if not 0 <= number <= LAST_BOT:
        raise Rejected(Reason.MALFORMED, "bot")
    return number > 0


def _path_of(page: str) -> str:
    try:
        return urlsplit(page).path or "/"
    except ValueError:
        return "/"
