"""
Query strings, decoded as strictly as bodies are.
"""

import re

from service.errors import Reason, Rejected
from service.intake.halves import without_raw_halves
from service.intake.payloads import Payload, checked

#: Parameters of the pixel; any other is passed over, as cache busters are.
PIXEL = ("site", "url", "path", "referrer", "title", "id")

#: Titles, referrers and events, as the doors name them: half a surrogate pair is replaced in these.
_TEXTS = frozenset({"title", "referrer", "t", "r", "action_name", "urlref", "e_c", "e_a", "e_n"})

_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


def query_names(query: bytes) -> set[str]:
    """
    The name of every parameter, as it was written.
    """
    parts = (part for part in query.split(b"&") if part)
    return {part.partition(b"=")[0].decode("latin-1") for part in parts}


def query_values(query: bytes, name: str) -> list[str]:
    """
    Every value of one parameter, in order.

    :raises Rejected: malformed, when one of them is not percent-encoded UTF-8
    """
    if not query:
        return []
    named, size = f"{name}=", len(name) + 1
    is_plain = b"%" not in query and b"+" not in query and query.isascii()
    parts = query.decode("ascii" if is_plain else "latin-1").split("&")
    found = [part[size:] for part in parts if part.startswith(named) or part == name]
    # Most queries hold nothing that has to be decoded.
    return found if is_plain else [_text(part.encode("latin-1"), name) for part in found]


def query_value(query: bytes, name: str) -> str | None:
    """
    The value of a parameter that may be given once; ``None`` when it is not.

    :raises Rejected: malformed, also when it is given twice
    """
    values = query_values(query, name)
    if len(values) > 1:
        raise Rejected(Reason.MALFORMED, name)
    return values[0] if values else None


def pixel_payload(query: bytes) -> Payload:
    """
    The payload of ``GET /hit.gif``.

    :raises Rejected: malformed
    """
    site, url, path, referrer, title, given = (query_value(query, name) for name in PIXEL)
    return checked(Payload(site=site, url=url, path=path, referrer=referrer, title=title, id=given))


def _text(raw: bytes, name: str) -> str:
    if _BAD_ESCAPE.search(raw):
        raise Rejected(Reason.MALFORMED, name)
    spaced = raw.replace(b"+", b" ")
    plain = re.sub(rb"%(..)", lambda escape: bytes.fromhex(escape[1].decode()), spaced)
    if name in _TEXTS and not plain.isascii():
        plain = without_raw_halves(plain)
    try:
        return plain.decode("utf-8")
    except UnicodeDecodeError:
        raise Rejected(Reason.MALFORMED, name) from None
