"""
The words of busuanzi and vercount: a page's address, and numbers by their names.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote_to_bytes

import msgspec

from service.errors import Reason, Rejected
from service.hosts import http_url
from service.intake.foreign import Foreign
from service.intake.paths import PathRules, page_path
from service.intake.payloads import decoded
from service.intake.queries import query_value

#: What a callback may be called: a name, also of a member, and never code.
CALLBACK = re.compile(r"[A-Za-z_$][\w$]{0,63}(?:\.[A-Za-z_$][\w$]{0,63}){0,4}\Z", re.ASCII)

#: Bytes of a path at vercount, which cuts there.
VERCOUNT_PATH = 200

_UNSAFE = re.compile(r"[%?#\\\x00-\x20]")
_INDEX = re.compile(r"/index(?:\.html?)?/?\Z")


class Log(msgspec.Struct, kw_only=True):
    """
    The body of vercount's script.
    """

    url: str | None = None


_log_decoder = msgspec.json.Decoder(Log)
_page_decoder = msgspec.json.Decoder(Foreign)


def callback(query: bytes, *names: str) -> str:
    """
    The name of the function that wants the numbers.

    :raises Rejected: malformed, for whatever could be more than a name
    """
    for name in names:
        found = query_value(query, name)
        if found is not None:
            if not CALLBACK.match(found):
                raise Rejected(Reason.MALFORMED, name)
            return found
    raise Rejected(Reason.MALFORMED, names[0])


def called(function: str, told: Mapping[str, object]) -> bytes:
    """
    A script that hands numbers to a function, if there is one.
    """
    # The comment in front keeps the first bytes out of a stranger's hands.
    return b"/**/try{%s(%s);}catch(e){}" % (function.encode(), msgspec.json.encode(told))


def logged_url(body: bytes) -> str:
    """
    The address in a body of vercount's script.

    :raises Rejected: malformed
    """
    url = (decoded(_log_decoder, body).url or "").strip()
    if not url:
        raise Rejected(Reason.MALFORMED, "url")
    return url


def vercount_page(url: str) -> str | None:
    """
    An address as vercount writes it: no index file, no query; ``None`` when it can use none.
    """
    parts = http_url(url)
    if parts is None:
        return None
    path = re.split(r"[?#]", parts.rest, maxsplit=1)[0] or "/"
    try:
        page_path(path, PathRules())
    except Rejected:
        return None
    short = _INDEX.sub("/", path)
    if len(decoded_path := unquote_to_bytes(short)) > VERCOUNT_PATH:
        # It is the letters that are cut there, and not their escapes.
        letters = decoded_path[:VERCOUNT_PATH].decode("utf-8", "ignore")
        short = _UNSAFE.sub(lambda found: quote(found[0]), letters)
    return f"https://{parts.host}{short.rstrip('/') or '/'}"


def page_payload(body: bytes) -> Foreign:
    """
    The body of Luot's own script for such pages: that of ``/hit`` without a site.

    :raises Rejected: malformed
    """
    told = decoded(_page_decoder, body)
    if not told.url:
        raise Rejected(Reason.MALFORMED, "url")
    # Whatever else is said is for trusted senders, and nobody is here.
    return Foreign(**{name: getattr(told, name) for name in _PAGE_WORDS})


#: What the page may say of itself.
_PAGE_WORDS = ("url", "id", "referrer", "title", "width", "language", "timezone")


def page_numbers(body: Mapping[str, Any], path: str) -> dict[str, Any]:
    """
    The four numbers by their names there; ``""`` for one that is not shown.

    :param body: that of ``/counters``
    :param path: as it was asked
    """
    page = body["pages"][path]
    return {
        "site_pv": body["views"]["total"],
        "site_uv": body["visits"]["total"],
        "page_pv": "" if page is None else page["views"],
        "page_uv": "" if page is None else page["visits"],
    }
