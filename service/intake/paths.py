"""
What makes a page: a path as it was sent becomes the one path under which it is counted.

Many ways of writing one address must not become many pages, and two articles that differ only
in ``?id=`` must not become one. So everything is written in one way, and of the query only the
named parameters are kept. What is dropped is not judged: a search for ``50%`` is no mistake.
A path that has been through here comes out of here unchanged.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from operator import itemgetter
from unicodedata import normalize
from urllib.parse import unquote

import msgspec

from service.errors import Reason, Rejected
from service.hosts import http_url

#: The longest path, in bytes of UTF-8; what goes beyond is cut.
PATH_BYTES = 2048

#: The longest value of a parameter that may make a page, in characters.
VALUE_CHARACTERS = 128

#: ASCII characters that mean the same with and without escape (RFC 3986, section 2.3).
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")

# Printable ASCII without escapes, query or fragment, in which no segment is empty or begins with a
# dot: written in its one form already, but for letter case. Most paths are such.
_PLAIN = re.compile(r'/|(?:/[ -"$&-\-0->@-~][ -"$&-.0->@-~]*+)++')

# What stands before query and fragment.
_BARE = re.compile(r"[^?#]*+")

_ESCAPES = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_ESCAPE = re.compile(r"(%[0-9A-F]{2})")
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_HALF_ESCAPE = re.compile(r"%[0-9A-F]?\Z")
# What a cut may leave of the last segment and what would then mean another page.
_LAID_BARE = re.compile(r"/\.{0,2}\Z")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
# The line and paragraph separators U+2028 and U+2029 break lines just as control characters do.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]|%[01][0-9A-Fa-f]|%7[Ff]")


@dataclass(frozen=True, slots=True)
class PathRules:
    """
    What a site may choose about its pages.
    """

    #: Names of query parameters that make a page, compared without case.
    query: tuple[str, ...] = ("id", "p", "itemid", "newsid", "articleid")
    #: False: ``/a/`` is ``/a``. True: they are two pages.
    trailing_slash: bool = False
    #: Whether ``/A`` is ``/a``. Values of parameters keep their case: they are names, not paths.
    lower_case: bool = False
    #: Whether the part behind ``#`` makes a page.
    hash_routing: bool = False


class PagePath(msgspec.Struct, frozen=True):
    """
    The path of a page, and whether something of it was cut off.
    """

    path: str
    truncated: bool


class PageUrl(msgspec.Struct, frozen=True):
    """
    The parts of a page's address.
    """

    host: str
    #: Path, query and fragment as they were given, for ``page_path``.
    target: str
    #: What stands between ``?`` and ``#`` as it was given; it may hold any character.
    query: str


def page_path(target: str, rules: PathRules, field: str = "path") -> PagePath:
    """
    The page that a path with optional query and fragment stands for.

    :raises Rejected: malformed, for control characters, lone surrogates, broken escapes and
        escapes that are no UTF-8, in whatever is kept
    """
    if len(target) <= PATH_BYTES and not rules.lower_case and _PLAIN.fullmatch(target):
        return PagePath(target, truncated=False)
    if not target.isascii() and _SURROGATE.search(target):
        raise Rejected(Reason.MALFORMED, field)
    try:
        address, _, fragment = target.partition("#")
        path, _, query = address.partition("?")
        path = _path(path, rules)
        parameters = _parameters(query, rules)
        fragment = _cased(_written(fragment), rules) if rules.hash_routing else ""
    except ValueError:
        raise Rejected(Reason.MALFORMED, field) from None
    whole = path + "".join(parameters) + (f"#{fragment}" if fragment else "")
    if len(whole) <= PATH_BYTES and (whole.isascii() or len(whole.encode()) <= PATH_BYTES):
        return PagePath(whole, truncated=False)
    return PagePath(_shortened(path, parameters, fragment), truncated=True)


def page_url(url: str, field: str = "url") -> PageUrl:
    """
    The parts of an absolute http(s) URL.

    :raises Rejected: malformed, for anything else
    """
    parts = http_url(url)
    # The query is left alone: what a campaign link carries is cleaned, it does not cost the hit.
    if parts is None or not (_is_plain(url) or _is_clean(url)):
        raise Rejected(Reason.MALFORMED, field)
    query = parts.rest.partition("#")[0].partition("?")[2]
    return PageUrl(parts.host, parts.rest, query)


def cut(text: str, limit_bytes: int) -> str:
    """
    As much of the text as fits into so many bytes of UTF-8; lone surrogates are left out.
    """
    if len(text) <= limit_bytes and text.isascii():
        return text
    return text.encode("utf-8", "ignore")[:limit_bytes].decode("utf-8", "ignore")


def _path(text: str, rules: PathRules) -> str:
    if _PLAIN.fullmatch(text):
        return text.lower() if rules.lower_case else text
    return _resolved(_cased(_written(text), rules), rules)


def _is_plain(url: str) -> bool:
    return url.isascii() and url.isprintable() and "%" not in url


def _is_clean(url: str) -> bool:
    bare = _BARE.match(url)
    return not _SURROGATE.search(url) and not (bare and _CONTROL.search(bare[0]))


def _written(text: str) -> str:
    """
    The text with every character in its one form; raises ``ValueError``.
    """
    if "%" in text:
        if _BROKEN_ESCAPE.search(text):
            raise ValueError("an escape without two hexadecimal digits")
        text = _ESCAPES.sub(_decoded, text)
    if _CONTROL.search(text):
        raise ValueError("a control character")
    return _between_escapes(text, partial(normalize, "NFC"))


def _cased(text: str, rules: PathRules) -> str:
    if not rules.lower_case:
        return text
    return _between_escapes(text, lambda part: normalize("NFC", part.lower()))


def _between_escapes(text: str, change: Callable[[str], str]) -> str:
    # Not across them: the F of %2F would melt with an accent behind it.
    parts = _ESCAPE.split(text)
    return "".join(part if part.startswith("%") else change(part) for part in parts)


def _decoded(escapes: re.Match[str]) -> str:
    text = bytes.fromhex(escapes[0].replace("%", "")).decode("utf-8")
    return "".join(
        character
        if character in _UNRESERVED or not character.isascii()
        else f"%{ord(character):02X}"
        for character in text
    )


def _resolved(path: str, rules: PathRules) -> str:
    segments: list[str] = []
    segment = ""
    for segment in path.lstrip("/").split("/"):
        if segment == "..":
            del segments[-1:]
        elif segment != ".":
            segments.append(segment)
    names = [name for name in segments if name]
    closing = "/" if rules.trailing_slash and names and segment in {"", ".", ".."} else ""
    return "/" + "/".join(names) + closing


def _parameters(query: str, rules: PathRules) -> list[str]:
    """
    The parameters that make a page, sorted by name, each with ``?`` or ``&`` in front.
    """
    if not query:
        return []
    names = _lowered(rules.query)
    kept: list[tuple[str, str]] = []
    for parameter in query.split("&"):
        raw_name, _, raw_value = parameter.partition("=")
        name = (unquote(raw_name) if "%" in raw_name else raw_name).lower()
        if name not in names:
            continue
        value = _written(raw_value)
        if len(value) <= VALUE_CHARACTERS:
            kept.append((name, value))
    kept.sort(key=itemgetter(0))
    return [f"{'&' if n else '?'}{name}={value}" for n, (name, value) in enumerate(kept)]


@lru_cache(maxsize=256)
def _lowered(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(name.lower() for name in names)


def _shortened(path: str, parameters: list[str], fragment: str) -> str:
    """
    As much as fits: of path and fragment a part, of parameters only whole ones.
    """
    if len(path.encode()) > PATH_BYTES:
        return _LAID_BARE.sub("", _cut_between_escapes(path, PATH_BYTES))
    short = path
    for parameter in parameters:
        # Half an id would be the id of another article.
        if len((short + parameter).encode()) > PATH_BYTES:
            return short
        short += parameter
    room = PATH_BYTES - len(short.encode())
    end = _cut_between_escapes(f"#{fragment}", room)
    return short + end if len(end) > 1 else short


def _cut_between_escapes(text: str, limit_bytes: int) -> str:
    return _HALF_ESCAPE.sub("", cut(text, limit_bytes))
