"""
Readers as a news site has them: who they are, what they read, and where they come from.

Each reader sends four hits on three of 5,000 pages, all pages alike. That is harder on a counter
than a real site, where some pages are read again and again. The script for wrk is told the same
lists, so that both kinds of load have the same readers.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

SITE = "bench"
HOST = "bench.example"
PAGES = 5_000

#: Readers that are on the site at the same moment; their hits come in turns.
AT_ONCE = 200

#: Which of a reader's three pages each of the four hits is for.
VISIT = (0, 1, 2, 0)

#: First parts of addresses that belong to providers, so that a country is found.
NETWORKS = (1, 8, 14, 27, 42, 58, 81, 113, 115, 116, 118, 123, 171, 183, 203, 222)

#: One of them is sent with each reader's first hit; the empty one is a reader who typed.
REFERRERS = (
    "",
    "",
    "https://www.google.com/",
    "https://www.google.com.vn/",
    "https://coccoc.com/search?query=tin",
    "https://www.bing.com/search?q=tin",
    "https://m.facebook.com/",
    "https://l.facebook.com/l.php?u=x",
    "https://zalo.me/",
    "https://t.co/abcdef",
    "https://news.example.org/muc/khoa-hoc",
    f"https://{HOST}/",
)

_DESKTOPS = (
    "Windows NT 10.0; Win64; x64",
    "Macintosh; Intel Mac OS X 10_15_7",
    "X11; Linux x86_64",
)
_PHONES = (
    "Linux; Android 10; K",
    "Linux; Android 13; SM-A536E",
    "Linux; Android 14; CPH2577",
    "Linux; Android 12; M2101K6G",
)
_CHROME = "Mozilla/5.0 ({}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0"
_SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS {0}_{1} like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/{0}.{1} Mobile/15E148 Safari/604.1"
)


def agents() -> list[str]:
    """
    Some three hundred browsers.
    """
    newest = range(125, 143)
    return [
        *(f"{_CHROME.format(d, v)} Safari/537.36" for d, v in product(_DESKTOPS, newest)),
        *(f"{_CHROME.format(p, v)} Mobile Safari/537.36" for p, v in product(_PHONES, newest)),
        *(f"{_CHROME.format(d, v)} Safari/537.36 Edg/{v}.0.0.0" for d in _DESKTOPS for v in newest),
        *(
            f"Mozilla/5.0 ({d}; rv:{v}.0) Gecko/20100101 Firefox/{v}.0"
            for d, v in product(_DESKTOPS, newest)
        ),
        *(_SAFARI.format(major, minor) for major, minor in product(range(15, 19), range(7))),
    ]


@dataclass(frozen=True, slots=True)
class Hit:
    """
    One hit, before any door has given it a shape.
    """

    id: str
    page: int
    address: str
    agent: str
    referrer: str

    @property
    def path(self) -> str:
        """
        The page's path.
        """
        return path_of(self.page)

    @property
    def told(self) -> dict[str, object]:
        """
        What a page sends of it.
        """
        return {
            "site": SITE,
            "url": f"https://{HOST}{self.path}",
            "id": self.id,
            "referrer": self.referrer,
            "title": f"Bài viết số {self.page} của cổng thông tin",
            "width": 1280,
            "language": "vi-VN",
            "timezone": "Asia/Ho_Chi_Minh",
        }

    def request(self) -> bytes:
        """
        The request of ``POST /hit`` that carries it.
        """
        body = json.dumps(self.told, ensure_ascii=False).encode()
        head = (
            f"POST /hit HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: https://{HOST}\r\n"
            f"User-Agent: {self.agent}\r\nX-Forwarded-For: {self.address}\r\n"
            f"Content-Type: text/plain\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    @property
    def item(self) -> dict[str, object]:
        """
        The item of the batch door that carries it.
        """
        return {**self.told, "ip": self.address, "user_agent": self.agent}


def path_of(page: int) -> str:
    """
    The path of a page, as news sites write it.
    """
    return f"/tin-tuc/bai-viet-{page}.html"


@dataclass(slots=True)
class _Reader:
    address: str
    agent: str
    referrer: str
    pages: list[int]
    sent: int = 0


def hits(seed: int, pages: int = PAGES) -> Iterator[Hit]:
    """
    Hits without end, the same ones for the same seed.
    """
    chance, known = random.Random(seed), agents()
    prefix = f"{chance.getrandbits(64):016x}"
    there = [_reader(chance, known, pages) for _ in range(AT_ONCE)]
    number = 0
    while True:
        for place, reader in enumerate(there):
            number += 1
            page = reader.pages[VISIT[reader.sent]]
            referrer = f"https://{HOST}/" if reader.sent else reader.referrer
            yield Hit(f"{prefix}-{number:010}", page, reader.address, reader.agent, referrer)
            reader.sent += 1
            if reader.sent == len(VISIT):
                there[place] = _reader(chance, known, pages)


def _reader(chance: random.Random, known: list[str], pages: int) -> _Reader:
    rest = ".".join(str(chance.randint(1, 254)) for _ in range(3))
    return _Reader(
        f"{chance.choice(NETWORKS)}.{rest}",
        chance.choice(known),
        chance.choice(REFERRERS),
        [chance.randrange(pages) for _ in range(max(VISIT) + 1)],
    )


def lua_lists() -> str:
    """
    The same lists as a file that a script of wrk can read.
    """

    def listed(texts: object) -> str:
        # Strings of printable ASCII are written alike in JSON and in Lua.
        return json.dumps(texts).replace("[", "{").replace("]", "}")

    parts = {
        "agents": listed(agents()),
        "referrers": listed(REFERRERS),
        "networks": listed(NETWORKS),
        "visit": listed([place + 1 for place in VISIT]),
        "site": json.dumps(SITE),
        "host": json.dumps(HOST),
        "pages": str(PAGES),
        "at_once": str(AT_ONCE),
    }
    return "return {\n" + "".join(f"{name} = {text},\n" for name, text in parts.items()) + "}\n"
