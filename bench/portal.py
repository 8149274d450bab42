"""
The readers of a provincial portal, as they may have been: for pictures, and to look at by hand.

They come by the real doors, the last 31 days as a batch and the 31 before as an access log, always
the same ones. Weekdays have more of them than Sundays, offices read in the morning, and now and
then an article is passed around.
"""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from service.demo_articles import ARTICLES

#: What the portal reads like besides the demo's articles: path, title, section, author.
MORE = (
    ("/thu-tuc/dang-ky-sang-kien", "Thủ tục đăng ký sáng kiến cấp tỉnh", "Thủ tục", "Ban biên tập"),
    ("/van-ban/nghi-quyet-57", "Nghị quyết 57 và việc cần làm ngay", "Văn bản", "Minh Châu"),
    ("/tin/ha-lam-khoi-nghiep", "Ngày hội khởi nghiệp Hà Lâm 2026", "Tin hoạt động", "Thu Hằng"),
    (
        "/tin/mau-giong-khoai-moi",
        "Khoai mới cho đất đồi",
        "Nghiên cứu, ứng dụng",
        "Bích Ngọc",
    ),
    (
        "/tin/do-luong-cho-phien",
        "Cân đối chứng về chợ phiên",
        "Tiêu chuẩn, đo lường",
        "Hải Nam",
    ),
    (
        "/tin/ai-cho-can-bo-xa",
        "Trợ lý AI cho cán bộ xã",
        "Chuyển đổi số",
        "Minh Châu",
    ),
    ("/tin/ma-qr-nong-san", "Mã QR theo quả mận ra siêu thị", "Chuyển đổi số", "Quang Huy"),
    (
        "/tin/hoi-thi-sang-tao-tre",
        "Học sinh làm máy báo lũ quét",
        "Tin hoạt động",
        "Thu Hằng",
    ),
    (
        "/tin/nhan-hieu-che-shan",
        "Chè Shan có nhãn hiệu tập thể",
        "Sở hữu trí tuệ",
        "Thanh Tùng",
    ),
    ("/lien-he", "Liên hệ", "Giới thiệu", "Ban biên tập"),
)

_SOURCES = (
    (30, "https://www.google.com/", ""),
    (17, "https://m.facebook.com/", ""),
    (12, "", "?utm_source=zalo&utm_medium=social&utm_campaign=ban-tin-tuan"),
    (6, "https://coccoc.com/search?query=ha+lam", ""),
    (4, "https://chatgpt.com/", ""),
    (4, "https://halam.gov.example/chuyen-trang", ""),
    (3, "https://www.bing.com/", ""),
    (3, "https://baohalam.example/tin-trong-tinh", ""),
    (2, "", "?utm_source=email&utm_medium=mail&utm_campaign=thu-moi-hoi-thao"),
    (19, "", ""),
)

_WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
_ANDROID = "Mozilla/5.0 (Linux; Android 14; SM-A546E) AppleWebKit/537.36 (KHTML, like Gecko) "
_IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, "
_AGENTS = (
    (34, _ANDROID + "Chrome/142.0.0.0 Mobile Safari/537.36", 412),
    (26, _WINDOWS + "Chrome/142.0.0.0 Safari/537.36", 1920),
    (15, _IPHONE + "like Gecko) Version/18.1 Mobile/15E148 Safari/604.1", 390),
    (9, _WINDOWS + "coc_coc_browser/134.0.0 Chrome/136.0.0.0 Safari/537.36", 1536),
    (7, _WINDOWS + "Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0", 1366),
    (4, "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0", 1920),
    (5, "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", 0),
)

#: The first part of addresses, and the country that most of them are of.
_NETWORKS = ((80, "113.160"), (8, "14.161"), (5, "8.8"), (3, "81.2"), (2, "126.0"), (2, "1.128"))


@dataclass(frozen=True, slots=True)
class Reading:
    """
    One hit of a reader.
    """

    at: datetime
    address: str
    agent: str
    path: str
    query: str
    title: str
    section: str
    author: str
    referrer: str
    width: int
    event: str = ""

    def item(self, site: str, host: str, number: int) -> dict[str, Any]:
        """
        The hit as the batch door takes it.
        """
        told: dict[str, Any] = {
            "site": site,
            "id": f"portal-{number:012}",
            "time": self.at.isoformat(),
            "ip": self.address,
            "user_agent": self.agent,
            "url": f"https://{host}{self.path}{self.query}",
            "path": self.path,
            "title": self.title,
            "section": self.section,
            "author": self.author,
            "language": "vi-VN",
        }
        more = {"referrer": self.referrer, "width": self.width, "event": self.event}
        return {**told, **{name: value for name, value in more.items() if value}}

    def line(self) -> str:
        """
        The hit as a line of an access log in the combined format.
        """
        at = self.at.astimezone(UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")
        referrer = self.referrer or "-"
        request = f'"GET {self.path}{self.query} HTTP/1.1" 200 1'
        return f'{self.address} - - [{at}] {request} "{referrer}" "{self.agent}"\n'


def readings(first: datetime, last: datetime, a_day: int, seed: int = 7) -> Iterator[Reading]:
    """
    What was read between two moments, in order.

    :param a_day: how many visits a usual weekday has
    """
    chance = random.Random(seed)
    pages = _pages()
    day = first.replace(hour=0, minute=0, second=0, microsecond=0)
    while day <= last:
        passed_around = chance.choice(pages) if chance.random() < 0.14 else None
        found: list[Reading] = []
        busy = (1.0, 1.04, 1.08, 1.0, 0.94, 0.62, 0.55)[day.weekday()]
        grown = 1 + 0.25 * (day - first).days / 31
        visits = round(a_day * busy * grown * chance.uniform(0.9, 1.1))
        for _ in range(round(visits * (1.7 if passed_around else 1))):
            found += _visit(chance, day, pages, passed_around)
        yield from sorted((r for r in found if first <= r.at <= last), key=lambda r: r.at)
        day += timedelta(days=1)


def _pages() -> list[tuple[str, str, str, str]]:
    known = [(f"/demo/{a.slug}".rstrip("/"), a.title, a.section, a.author) for a in ARTICLES]
    return [*known, *MORE]


def _visit(
    chance: random.Random,
    day: datetime,
    pages: list[tuple[str, str, str, str]],
    passed_around: tuple[str, str, str, str] | None,
) -> list[Reading]:
    _, referrer, query = chance.choices(_SOURCES, [row[0] for row in _SOURCES])[0]
    _, agent, width = chance.choices(_AGENTS, [row[0] for row in _AGENTS])[0]
    _, network = chance.choices(_NETWORKS, [row[0] for row in _NETWORKS])[0]
    address = f"{network}.{chance.randrange(1, 250)}.{chance.randrange(1, 250)}"
    at = day + timedelta(hours=_hour(chance), seconds=chance.randrange(3600))
    weights = [1 / (2 + place) for place in range(len(pages))]
    found = []
    for number in range(1 + min(int(chance.expovariate(0.9)), 7)):
        page = chance.choices(pages, weights)[0]
        if passed_around and number == 0 and chance.random() < 0.7:
            page = passed_around
        came = (referrer, query) if number == 0 else ("https://localhost/demo/", "")
        found.append(Reading(at, address, agent, page[0], came[1], *page[1:], came[0], width))
        if chance.random() < 0.03:
            found.append(
                Reading(at, address, agent, page[0], "", *page[1:], "", width, "tải văn bản")
            )
        at += timedelta(seconds=round(chance.uniform(15, 260)))
    return found


def _hour(chance: random.Random) -> int:
    weights = [
        0.4 + math.exp(-(((h - 9) / 2.6) ** 2)) * 3 + math.exp(-(((h - 20) / 2.4) ** 2)) * 2.2
        for h in range(24)
    ]
    return chance.choices(range(24), weights)[0]


def _near(hour: int, middle: float, width: float) -> float:
    return math.exp(-(((hour - middle) / width) ** 2))
