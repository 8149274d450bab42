"""
Lines of access logs, in the common and the combined format, and which of them are no views.

Apache and nginx write both formats; fields behind the user agent are passed over.
Nothing here looks at who asked: robots and excluded addresses are told apart elsewhere.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from service.hosts import http_url

#: The longest line that is read, in characters. Servers refuse far shorter requests.
LINE_CHARACTERS = 16_384

#: Endings of files that are parts of a page, downloads or data for programs: no pages to read.
ASSETS = frozenset(
    """
    avif bmp cur eot gif ico jpeg jpg otf png svg tif tiff ttf webp woff woff2
    css js json map mjs txt wasm webmanifest xml xsl
    aac avi flv m3u8 m4a m4v mov mp3 mp4 mpeg mpg oga ogg ogv swf ts wav webm wmv
    csv doc docx epub odp ods odt pdf pps ppt pptx ps rtf xls xlsx
    7z apk bin bz2 deb dmg exe gz iso jar msi rar rpm sig tar tgz xz zip
    """.split()  # noqa: SIM905 - a table of words
)

#: Names of path segments and endings of files under which blogs and portals serve their feeds.
FEEDS = frozenset({"feed", "feeds", "rss", "rss2", "rss20", "atom", "rdf"})

_MONTHS = {
    "Jan": "01",
    "Feb": "02",
    "Mar": "03",
    "Apr": "04",
    "May": "05",
    "Jun": "06",
    "Jul": "07",
    "Aug": "08",
    "Sep": "09",
    "Oct": "10",
    "Nov": "11",
    "Dec": "12",
}
# Possessive throughout, so that no line takes longer than once through.
_QUOTED = r'"([^"\\]*+(?:\\.[^"\\]*+)*+)"'
# Not host:port in front: such a log mixes the requests of several sites.
_LINE = re.compile(
    r"(?![^\s:]++:[0-9]++ )(\S++) \S++ [^\[]*+"
    r"\[([0-9]{2})/([A-Z][a-z]{2})/([0-9]{4}):([0-9:]{8}) ([+-][0-9]{4})\] "
    + _QUOTED
    + r" ([0-9]{3}) (?:[0-9]++|-)"
    + rf'(?: {_QUOTED} {_QUOTED}(?: .*+)?| [^"].*+)?',
    re.DOTALL,
)
_LOCAL = re.compile(r"([0-9]{2})/([A-Z][a-z]{2})/([0-9]{4}):([0-9:]{8}) ([+-][0-9]{4})")
_ESCAPED = re.compile(r'(?:\\x[0-9A-Fa-f]{2})+|\\["\\nrtbfv]')
_ESCAPES = {'"': '"', "\\": "\\", "n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v"}
_FEED_QUERY = re.compile(
    r"(?:^|&)(?:feed=[^&]|(?:alt|flav|format|type)=(?:atom|feed|rdf|rss))", re.IGNORECASE
)


class Skip(StrEnum):
    """
    Why a line of a log is no view.
    """

    UNPARSED = "unparsed"
    METHOD = "method"
    STATUS = "status"
    ASSET = "asset"
    FEED = "feed"
    BOT = "bot"
    EXCLUDED = "excluded"


@dataclass(frozen=True, slots=True)
class LogLine:
    """
    One request as the log tells it; a field that the log leaves out is empty.
    """

    #: As it was written: it may also be a host name.
    address: str
    #: In UTC, to the second.
    time: datetime
    method: str
    #: Path and query; whatever stood there when the request was no HTTP.
    target: str
    status: int
    referrer: str
    #: ``None`` in the common format, which has none; empty when the client sent none.
    user_agent: str | None


def log_line(text: str) -> LogLine | None:
    """
    The request that a line tells of; none when the line is in neither format or too long.
    """
    if len(text) > LINE_CHARACTERS:
        return None
    match = _LINE.fullmatch(text.rstrip("\r\n"))
    time = _time(*match.group(2, 3, 4, 5, 6)) if match else None
    if match is None or time is None:
        return None
    address, request, status, referrer, user_agent = match.group(1, 7, 8, 9, 10)
    return line_of(address, time, request, int(status), referrer, user_agent)


def line_of(
    address: str,
    time: datetime,
    request: str,
    status: int,
    referrer: str | None,
    user_agent: str | None,
) -> LogLine:
    """
    The line of these fields as a server wrote them, with its escapes.
    """
    method, target = _request(_field(request))
    return LogLine(
        address=_field(address),
        time=time,
        method=method,
        target=target,
        status=status,
        referrer=_field(referrer),
        user_agent=None if user_agent is None else _field(user_agent),
    )


def local_time(text: str) -> datetime | None:
    """
    The moment of a time in the common format, without brackets.
    """
    match = _LOCAL.fullmatch(text)
    return _time(*match.groups()) if match else None


def skip(line: LogLine) -> Skip | None:
    """
    Why the request is no view of a page, as far as method, status and target tell.
    """
    if line.method != "GET":
        return Skip.METHOD
    # 304: the reader's browser had the page already and showed it again.
    if line.status not in {200, 304}:
        return Skip.STATUS
    path, _, query = line.target.partition("?")
    segments = path.lower().split("/")
    _, dot, ending = segments[-1].rpartition(".")
    if dot and ending in ASSETS:
        return Skip.ASSET
    if ending in FEEDS or not FEEDS.isdisjoint(segments) or _FEED_QUERY.search(query):
        return Skip.FEED
    return None


def _time(day: str, month: str, year: str, clock: str, offset: str) -> datetime | None:
    # Not by strptime: the names that it knows are those of the machine's language.
    try:
        local = datetime.fromisoformat(f"{year}-{_MONTHS[month]}-{day}T{clock}{offset}")
        return local.astimezone(UTC)
    except (KeyError, ValueError, OverflowError):
        return None


def _request(line: str) -> tuple[str, str]:
    method, *words = line.split(" ")
    # The oldest HTTP names no version, and some servers write blanks of the target as they came.
    if words and words[-1].startswith("HTTP/"):
        words.pop()
    target = " ".join(words)
    url = http_url(target)
    return method, (url.rest or "/") if url else target


def _field(text: str | None) -> str:
    if text is None or text == "-":
        return ""
    return _ESCAPED.sub(_unescaped, text) if "\\" in text else text


def _unescaped(match: re.Match[str]) -> str:
    escape = match[0]
    if escape[1] != "x":
        return _ESCAPES[escape[1]]
    return bytes.fromhex(escape.replace("\\x", "")).decode("utf-8", "replace")
