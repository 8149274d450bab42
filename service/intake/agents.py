"""
What a user agent says: whether a machine sent it, which browser, on which system and device.

Bots are known by is-bot's patterns and one rule of our own: browsers have called themselves
``Mozilla/`` or ``Opera/`` for thirty years, so whatever does not is no browser. Names are those
of ua-parser without versions, and the many names of one browser are brought together, because
the device tells the rest. An iPad that says it is a Macintosh is counted as one.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache

from is_bot import Bots
from ua_parser import Parser
from ua_parser.loaders import load_builtins
from ua_parser.regex import Resolver

from service.dimensions import UNKNOWN

#: Bytes of a user agent that are looked at; patterns cost up to 20 ms on 8 KB of junk.
READ_BYTES = 512

#: Characters of a browser's or a system's name; some patterns copy theirs from the user agent.
NAME_LENGTH = 64

#: Marks of in-app browsers that the parser takes for the system's own, most telling first.
IN_APP = (
    ("Zalo", "Zalo"),
    ("musical_ly", "TikTok"),
    ("trill_", "TikTok"),
    ("BytedanceWebview", "TikTok"),
    ("MicroMessenger", "WeChat"),
    ("Orca-Android", "Messenger"),
    ("FBAN/Messenger", "Messenger"),
    ("FBAN/", "Facebook"),
    ("FB_IAB/", "Facebook"),
    ("FBAV/", "Facebook"),
    ("Barcelona ", "Threads"),
    ("Instagram", "Instagram"),
    ("LinkedInApp", "LinkedIn"),
    (" Line/", "LINE"),
    ("KAKAOTALK", "KakaoTalk"),
    ("Viber/", "Viber"),
    ("Telegram-Android", "Telegram"),
    ("Snapchat/", "Snapchat"),
    ("[Pinterest/", "Pinterest"),
    ("coc_coc_browser", "Coc Coc"),
    ("CocCocBrowser", "Coc Coc"),
)

#: Families of the parser that are one browser to a reader of the numbers.
BROWSERS = {
    "Android": "Android Browser",
    "Chrome Mobile": "Chrome",
    "Chrome Mobile WebView": "Android WebView",
    "Chrome Mobile iOS": "Chrome",
    "DuckDuckGo Mobile": "DuckDuckGo",
    "Ecosia Android": "Ecosia",
    "Ecosia iOS": "Ecosia",
    "Edge Mobile": "Edge",
    "Facebook Messenger": "Messenger",
    "Firefox Alpha": "Firefox",
    "Firefox Beta": "Firefox",
    "Firefox Mobile": "Firefox",
    "Firefox iOS": "Firefox",
    "Google": "Google App",
    "IE Large Screen": "IE",
    "IE Mobile": "IE",
    "MiuiBrowser": "Mi Browser",
    "Mobile Safari": "Safari",
    "Mobile Safari UI/WKWebView": "iOS WebView",
    "Opera Mobile": "Opera",
    "Opera Tablet": "Opera",
    "PaleMoon": "Pale Moon",
    "QQ Browser Mini": "QQ Browser",
    "QQ Browser Mobile": "QQ Browser",
    "Twitter": "X",
    "VivoBrowser": "Vivo Browser",
    "WeChat Browser": "WeChat",
}

#: Systems that their makers write otherwise than the parser does.
SYSTEMS = {"ATV OS X": "tvOS", "Mac OS X": "macOS", "WatchOS": "watchOS", "Web0S": "webOS"}

# A maker of phones whose name is-bot tells from a bot's only after a blank.
_CUBOT = re.compile(r"(?<![a-z])cubot(?![a-z])", re.IGNORECASE)

# Internet Explorer on a desktop with a pen lists "Tablet PC" among its parts.
_TABLET = re.compile(r"iPad|Tablet(?! PC)")
_MOBILE = re.compile(r"Mobi|iPhone|iPod|Opera Mini")


class Device(StrEnum):
    """
    The kind of thing in a reader's hands.
    """

    DESKTOP = "desktop"
    MOBILE = "mobile"
    TABLET = "tablet"


@dataclass(frozen=True, slots=True)
class Agent:
    """
    What a user agent says; a bot's browser and system are not looked up.
    """

    bot: bool
    browser: str
    system: str
    #: One of ``Device``.
    device: str


#: What no user agent says.
UNTOLD = Agent(False, UNKNOWN, UNKNOWN, UNKNOWN)


def agent(user_agent: str) -> Agent:
    """
    What this user agent says, by its first 512 bytes; any text has an answer.

    The first call of a process costs a quarter of a second, to read the patterns.
    """
    if len(user_agent) <= READ_BYTES and user_agent.isascii():
        return _agent(user_agent)
    read = user_agent[:READ_BYTES].encode("utf-8", "replace")[:READ_BYTES]
    return _agent(read.decode("utf-8", "ignore"))


@lru_cache(maxsize=4096)
def _agent(user_agent: str) -> Agent:
    told = _CUBOT.sub("phone", user_agent)
    if not told.startswith(("Mozilla/", "Opera/")) or _bots().is_bot(told):
        return Agent(True, UNKNOWN, UNKNOWN, _device(told))
    return Agent(False, _browser(told), _system(told), _device(told))


def _browser(told: str) -> str:
    for mark, name in IN_APP:
        if mark in told:
            return name
    found = _parser().parse_user_agent(told)
    return _name(found.family, BROWSERS) if found else UNKNOWN


def _system(told: str) -> str:
    found = _parser().parse_os(told)
    return _name(found.family, SYSTEMS) if found else UNKNOWN


def _device(told: str) -> Device:
    if _TABLET.search(told):
        return Device.TABLET
    if _MOBILE.search(told):
        return Device.MOBILE
    # Android says "Mobile" on phones only.
    return Device.TABLET if "Android" in told else Device.DESKTOP


def _name(family: str, known: dict[str, str]) -> str:
    if family in known:
        return known[family]
    # Some patterns name an app by all that stands before its version, even a whole user agent.
    plain = "" if "/" in family else "".join(filter(str.isprintable, family)).strip()
    return plain[:NAME_LENGTH] or UNKNOWN


@cache
def _bots() -> Bots:
    bots = Bots()
    # A bar alone makes nobody a bot; what bots write beside it is found without it.
    bots.exclude([r"\|"])
    return bots


@cache
def _parser() -> Parser:
    # The patterns for device models are most of the cost and would tell nothing that is counted.
    browsers, systems, _ = load_builtins()
    return Parser(Resolver((browsers, systems, [])))
