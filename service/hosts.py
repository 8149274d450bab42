"""
Whose pages may send hits: hosts, written in one way, and the patterns they are held against.

A host is lower-case punycode without port, user info or final dot, an IPv4 address as four
decimal numbers, or an IPv6 address in brackets. Only whole hosts and whole labels are compared,
so neither ``evilgood.example`` nor ``good.example.evil.com`` is a page of ``good.example``.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address

import msgspec

#: The longest name that DNS can hold, in characters as text (RFC 1035).
NAME_CHARACTERS = 253

#: Longer texts, with brackets and port, cannot hold a host.
_READ_CHARACTERS = NAME_CHARACTERS + 10

#: Labels under which a country's registry hands out names, so that anybody may own one there.
_REGISTRY_LABELS = frozenset(
    "ac biz co com edu gov health info int name net or org".split()  # noqa: SIM905 - a word list
)

# A backslash is left out because browsers read it as a slash and others do not.
_HTTP_URL = re.compile(r"https?://([^/?#\\\s]*+)((?:[/?#].*)?)", re.IGNORECASE | re.DOTALL)
_HOST_AND_PORT = re.compile(r"(\[[^\]]*+\]|[^:\[\]]*+)(?::([0-9]{0,5}))?")
_NAME = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*+")
_NUMBER = re.compile(r"[0-9]++|0x[0-9a-f]*+")


class HttpUrl(msgspec.Struct, frozen=True):
    """
    An absolute http(s) URL, in two parts.
    """

    host: str
    #: Path, query and fragment as they were given; may be empty.
    rest: str


@dataclass(frozen=True, slots=True)
class HostSet:
    """
    The hosts that some patterns stand for; made by ``HostSet.of``.
    """

    names: frozenset[str]
    #: What a host may end with, each with its dot in front; the empty one lets every host in.
    suffixes: tuple[str, ...]

    @classmethod
    def of(cls, patterns: Iterable[str]) -> "HostSet":
        """
        The set for patterns of ``host_pattern``, and for ``*``, which stands for every host.

        A name stands for itself with and without ``www.`` in front. ``*.example.vn`` stands for
        everything below example.vn, at any depth, and not for example.vn itself.
        :raises ValueError: as ``host_pattern`` does
        """
        names: set[str] = set()
        suffixes: set[str] = set()
        for text in patterns:
            pattern = text if text == "*" else host_pattern(text)
            if pattern.startswith("*"):
                suffixes.add(pattern[1:])
            else:
                bare = pattern.removeprefix("www.")
                names |= {pattern, bare, f"www.{bare}"}
        return cls(frozenset(names), tuple(sorted(suffixes)))

    def matches(self, host: str) -> bool:
        """
        Whether the host is in the set; letter case and port make no difference.
        """
        if host in self.names:
            return True
        name = host_header(host)
        return name is not None and (name in self.names or name.endswith(self.suffixes))


def host_pattern(text: str) -> str:
    """
    A host, or ``*.`` and a host, in the form in which it is compared.

    :raises ValueError: with a sentence that wants the setting's name in front
    """
    if text == "*":
        raise ValueError("must name a host: * alone would let every page in the world send hits")
    if "://" in text:
        raise ValueError("must be a host without scheme, such as example.vn")
    if re.search(r"[/?#\\]", text):
        raise ValueError("must be a host without path, such as example.vn")
    if re.search(r"[^:]:[0-9]*\Z", text.rpartition("]")[2]) or "]:" in text:
        raise ValueError("must be a host without port, such as example.vn")
    wildcard = "*." if text.startswith("*.") else ""
    name = _written(text.removeprefix("*."))
    if name is None:
        raise ValueError("is no host, such as example.vn or *.example.vn")
    if wildcard and _is_registry(name):
        raise ValueError("has a * over names of different owners: put one more name behind the *.")
    return wildcard + name


def host_of(text: str) -> str | None:
    """
    The host of an ``Origin`` or ``Referer``; none when it is ``null`` or no http(s) URL.
    """
    return _host_of(text) if len(text) <= _READ_CHARACTERS else _read_host(text)


def _read_host(text: str) -> str | None:
    url = http_url(text)
    return url.host if url else None


_host_of = lru_cache(maxsize=1024)(_read_host)


def host_header(text: str) -> str | None:
    """
    The host of a ``Host`` header, which has no scheme; none when it is no host.
    """
    # What is remembered is bounded in number and in length, since strangers write it.
    return _remembered(text) if len(text) <= _READ_CHARACTERS else None


@lru_cache(maxsize=1024)
def _remembered(text: str) -> str | None:
    match = _HOST_AND_PORT.fullmatch(text)
    if match is None or int(match[2] or 0) > 65535:
        return None
    return _written(match[1])


def http_url(text: str) -> HttpUrl | None:
    """
    The parts of an absolute http(s) URL; none for every other text.
    """
    match = _HTTP_URL.fullmatch(text)
    if match is None:
        return None
    host = host_header(match[1].rpartition("@")[2])
    return HttpUrl(host, match[2]) if host else None


def _written(text: str) -> str | None:
    if len(text) > NAME_CHARACTERS + 1:
        return None
    if text.startswith("[") or text.count(":") > 1:
        return _ipv6(text.removeprefix("[").removesuffix("]"))
    name = (text if text.isascii() else _punycode(text)).removesuffix(".").lower()
    if len(name) > NAME_CHARACTERS or not _NAME.fullmatch(name):
        return None
    # Browsers read a name that ends in a number as an IPv4 address, or not at all.
    return _ipv4(name) if _NUMBER.fullmatch(name.rpartition(".")[2]) else name


def _punycode(name: str) -> str:
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError:
        return ""


def _ipv4(text: str) -> str | None:
    try:
        return str(IPv4Address(text))
    except AddressValueError:
        return None


def _ipv6(text: str) -> str | None:
    try:
        address = IPv6Address(text)
    except AddressValueError:
        return None
    # A zone belongs to one machine's interface; it is no part of a page's host.
    return None if address.scope_id is not None else f"[{address.compressed}]"


def _is_registry(name: str) -> bool:
    labels = name.split(".")
    if name.startswith("[") or _NUMBER.fullmatch(labels[-1]):
        return True
    second_level = len(labels) == 2 and len(labels[1]) == 2 and labels[0] in _REGISTRY_LABELS
    return len(labels) < 2 or second_level
