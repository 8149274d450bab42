"""
Who a visitor is: a keyed hash that nobody can turn back, good for one site and one day.

The key is the site-day's salt, random and gone a day later, so the same person is another
visitor tomorrow and on another site, and no list of addresses can be tried against it.
"""

from binascii import b2a_base64
from functools import lru_cache
from hashlib import blake2b

#: Bytes of a user agent that are hashed; what stands behind is padding of in-app browsers.
USER_AGENT_BYTES = 512

#: Characters of a visitor: 96 bits, six to a character.
VISITOR_LENGTH = 16

#: Bytes of a salt: 256 bits, twice what is needed and the natural key of the hash.
SALT_BYTES = 32

# The two characters that base64 and base64url write otherwise.
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


def visitor(salt: bytes, site: str, network: bytes, user_agent: str) -> str:
    """
    The visitor of one site-day, as 16 characters.

    :param network: the address cut to /32 or /64, packed; empty when there is none
    """
    agent = user_agent.encode("utf-8", "replace")[:USER_AGENT_BYTES]
    told = b"\0".join((site.encode(), network.hex().encode(), agent))
    return _digest(told, 12, salt)


@lru_cache(maxsize=1024)
def page_digest(path: str) -> str:
    """
    A path as 8 characters: enough to tell apart the pages that one visitor reads in a day.
    """
    return _digest(path.encode(), 6)


@lru_cache(maxsize=1024)
def title_digest(title: str) -> str:
    """
    A title as 8 characters: enough to see that two readers have sent a page with the same.
    """
    return _digest(title.encode(), 6)


def id_digest(text: str) -> str:
    """
    The id of a hit or the key of a batch as 16 characters.
    """
    return _digest(text.encode(), 12)


def _digest(told: bytes, size: int, key: bytes = b"") -> str:
    digest = blake2b(told, digest_size=size, key=key).digest()
    return b2a_base64(digest, newline=False).translate(_URL_SAFE).decode()
