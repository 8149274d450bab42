"""
Half a surrogate pair in JSON: what is left of a character when a script cut a text inside it.

A code unit such as D83D alone is no text, so it can be kept nowhere; but whoever was shown the page
was shown it. The half becomes U+FFFD, as browsers do where they have to send one. In what says
which page or site is meant it is refused: nobody is on a page whose address is no text.
"""

import re
from typing import Any

#: Names under which doors are told a page, a site, or an id.
ADDRESSES = frozenset({"site", "url", "path", "id", "view", "u", "d", "domain", "website"})

#: Escapes, one after the other: a whole pair, a half, or any other.
_ESCAPES = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)

#: The same in UTF-8, as percent-escapes bring it.
_RAW = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")


def without_halves(body: bytes, instead: bytes = rb"\ufffd") -> bytes:
    """
    JSON in which each half of a pair is replaced; as long as before if the replacement has 6 bytes.
    """
    return _ESCAPES.sub(lambda found: instead if found[1] else found[0], body)


def without_raw_halves(text: bytes) -> bytes:
    """
    UTF-8 in which each half of a pair, which no UTF-8 may hold, is replaced.
    """
    return _RAW.sub("\ufffd".encode(), text)


def broken_address(marked: Any) -> str:
    """
    The name of an address that holds a half, where halves were replaced by NUL; empty if none does.
    """
    outer = marked if isinstance(marked, dict) else {}
    inner = outer.get("payload")
    told = [*outer.items(), *(inner.items() if isinstance(inner, dict) else ())]
    broken = (name for name, text in told if name in ADDRESSES and "\0" in str(text))
    return next(broken, "")
