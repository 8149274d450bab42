"""
Where a view came from: the campaign in its page's address, and the place before it.

A campaign's word wins over the referrer, the referrer's own name over its host. Of a referrer
only host and path are kept, since what stands behind may be anybody's secret. What is not a
browser's address is not guessed at: it is ``(invalid)``, and the view counts all the same.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import unquote_plus

import msgspec

from service.hosts import http_url
from service.intake.referrers import (
    Channel,
    Place,
    place_of_app,
    place_of_host,
)
from service.intake.text import is_printable, printable

__all__ = ["Campaign", "Channel", "Source", "campaign", "source"]

#: Characters of each part of a campaign.
CAMPAIGN_LENGTH = 128

#: Bytes of a referrer page.
PAGE_BYTES = 512

#: Characters of an Android app's id, which is the name of a directory there.
APP_LENGTH = 255

#: Characters of a referrer without query that is remembered; few are longer.
REMEMBERED_CHARACTERS = 512

#: Parameters of a page's address that name a campaign, and the parts that they give.
PARAMETERS = {
    "utm_source": "source",
    "utm_medium": "medium",
    "utm_campaign": "name",
    "utm_term": "term",
    "utm_content": "content",
}

_APP = re.compile(
    r"android-app://([a-z0-9_]++(?:\.[a-z0-9_]++)*+)(?:[/?#].*+)?", re.IGNORECASE | re.DOTALL
)
# What stands before query and fragment.
_BARE = re.compile(r"[^?#]*+")
# Without it no parameter names a campaign.
_MAY_NAME = re.compile(r"utm|%", re.IGNORECASE)


class Campaign(msgspec.Struct, frozen=True):
    """
    What a page's address says about how it was advertised; ``""`` where it says nothing.
    """

    source: str = ""
    medium: str = ""
    name: str = ""
    term: str = ""
    content: str = ""
    #: Whether a part was longer than is kept.
    truncated: bool = False


class Source(msgspec.Struct, frozen=True):
    """
    The place that a view came from.
    """

    name: str
    channel: Channel
    #: Host and path of the referrer, or the id of an app.
    page: str
    #: Whether that is a page of the same site, so that the visit keeps the source it has.
    internal: bool


class _Told(msgspec.Struct, frozen=True):
    """
    What a referrer says to every site.
    """

    #: Empty when it is no web page.
    host: str
    source: Source


NO_CAMPAIGN = Campaign()
DIRECT = Source("(direct)", Channel.DIRECT, "(direct)", internal=False)
INTERNAL = Source("(internal)", Channel.INTERNAL, "(internal)", internal=True)
INVALID = Source("(invalid)", Channel.UNKNOWN, "(invalid)", internal=False)


def campaign(query: str) -> Campaign:
    """
    The campaign that a query string names; of a repeated parameter the first value.
    """
    if not _MAY_NAME.search(query):
        return NO_CAMPAIGN
    parts: dict[str, str] = {}
    for pair in query.removeprefix("?").partition("#")[0].split("&"):
        key, _, value = pair.partition("=")
        # Links copied out of a page's source carry "&amp;" where "&" was meant.
        part = PARAMETERS.get(unquote_plus(key).lower().removeprefix("amp;"))
        if part is not None and part not in parts:
            parts[part] = _word(unquote_plus(value))
    cut = {part: word[:CAMPAIGN_LENGTH] for part, word in parts.items()}
    return Campaign(**cut, truncated=cut != parts)


def source(referrer: str, utm_source: str, is_own_host: Callable[[str], bool]) -> Source:
    """
    The source of a view with this referrer, on a page whose address names this campaign source.

    :param referrer: the address of the page before it; ``""`` when there is none
    :param is_own_host: whether a host, in lower-case punycode, is one of the site's
    """
    before = _before(referrer, is_own_host)
    word = _word(utm_source)[:CAMPAIGN_LENGTH] if utm_source else ""
    if not word:
        return before
    return Source(word, Channel.CAMPAIGN, before.page, internal=False)


def _before(referrer: str, is_own_host: Callable[[str], bool]) -> Source:
    told = referrer.strip(" ")
    if not told:
        return DIRECT
    if not is_printable(told):
        return INVALID
    match = _BARE.match(told)
    bare = match[0] if match else ""
    # Neither query nor password, which may be anybody's secret, is remembered.
    forget = len(bare) > REMEMBERED_CHARACTERS or "@" in bare
    found = _told(bare) if forget else _remembered(bare)
    return INTERNAL if found.host and is_own_host(found.host) else found.source


def _told(referrer: str) -> _Told:
    app = _APP.fullmatch(referrer)
    if app is not None:
        name = app[1].lower()[:APP_LENGTH]
        return _Told("", _came_from(place_of_app(name), name, name))
    url = http_url(referrer)
    if url is None:
        return _Told("", INVALID)
    host = url.host.removeprefix("www.")
    return _Told(url.host, _came_from(place_of_host(host), host, host + (url.rest or "/")))


_remembered = lru_cache(maxsize=1024)(_told)


def _came_from(place: Place | None, otherwise: str, page: str) -> Source:
    kept = page.encode()[:PAGE_BYTES].decode(errors="ignore")
    if place is None:
        return Source(otherwise, Channel.REFERRAL, kept, internal=False)
    return Source(place.name, place.channel, kept, internal=False)


def _word(text: str) -> str:
    """
    A part of a campaign, fit to be kept; round brackets around it are left to Luot's own words.
    """
    word = printable(text)
    return word.strip("() ") if word.startswith("(") and word.endswith(")") else word
