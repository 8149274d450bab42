"""
The box: its words, its look, who may frame it, and what it says when numbers are missing.
"""

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from service.hosts import HostSet
from service.web.boxes import policy
from tests import servers
from tests.conftest import Luot, MakeLuot, SetClock

FRONTS = ("wsgi", "asgi")

DASH = "\N{EN DASH}"


class Rows(HTMLParser):
    """
    The terms and numbers of a box.
    """

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._is_in = False

    def handle_starttag(self, tag: str, _attributes: list[tuple[str, str | None]]) -> None:
        self._is_in = tag in {"dt", "dd"} or (self._is_in and tag == "span")

    def handle_data(self, data: str) -> None:
        if self._is_in:
            self.found.append(data)
            self._is_in = False


def rows(answer: TestResponse) -> dict[str, str]:
    reader = Rows()
    reader.feed(answer.get_data(as_text=True))
    return dict(zip(reader.found[::2], reader.found[1::2], strict=True))


def box(luot: Luot, query: str = "") -> TestResponse:
    return luot.http.get(f"/box/s1{query}")


def filled(luot: Luot) -> None:
    """
    Two views of one visit today and one of another yesterday, in a week that began before.
    """
    luot.clock.set("2026-11-21T12:00:00Z")
    luot.hit("/a", address="203.0.113.9")
    luot.clock.set("2026-11-22T12:00:00Z")
    luot.hit("/a")
    luot.hit("/b")


def test_the_box_speaks_the_language_of_its_site(make_luot: MakeLuot) -> None:
    luot = make_luot(site={"locale": "vi"})
    filled(luot)
    answer = box(luot)

    assert '<html lang="vi">' in answer.get_data(as_text=True)
    assert "Thống kê truy cập" in answer.get_data(as_text=True)
    assert rows(answer) == {
        "Đang truy cập": "1",
        "Hôm nay": "2",
        "Hôm qua": "1",
        "Tuần này": "3",
        "Tháng này": "3",
        "Tổng": "3",
    }


def test_the_box_speaks_english_and_of_visits_where_it_is_asked_to(luot: Luot) -> None:
    filled(luot)

    assert rows(box(luot, "?lang=en&metric=visits")) == {
        "Online now": "1",
        "Today": "1",
        "Yesterday": "1",
        "This week": "2",
        "This month": "2",
        "Total": "2",
    }


def test_the_box_holds_nothing_but_its_own_style(luot: Luot) -> None:
    for query in ("", "?theme=dark&accent=ff0000&background=white", "?theme=light"):
        answer = box(luot, query)
        html = answer.get_data(as_text=True)
        style = re.search(r"<style>(.*)</style>", html, re.DOTALL)
        assert style is not None
        digest = b64encode(sha256(style[1].encode()).digest()).decode()

        said = answer.headers["Content-Security-Policy"]
        assert said.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
        assert "unsafe" not in said
        assert not re.search(r"style=|src=|href=|<script|url\(|@import", html)
    assert "--luot-accent:#ff0000;--luot-background:#ffffff;" in box(
        luot, "?accent=%23f00&background=white"
    ).get_data(as_text=True)


@pytest.mark.parametrize(
    ("hosts", "expected"),
    [
        (
            ["a.example"],
            {"'self'", *(f"{s}://{w}a.example:*" for s in ("http", "https") for w in ("", "www."))},
        ),
        (["*.a.example"], {"'self'", "http://*.a.example:*", "https://*.a.example:*"}),
        (["*"], {"'self'", "*"}),
        (["[::1]"], {"'self'"}),
    ],
)
def test_any_host_of_the_site_may_frame_it_and_nobody_else(
    hosts: list[str], expected: set[str]
) -> None:
    told = policy("", HostSet.of(hosts))
    found = re.search(r"frame-ancestors ([^;]*)", told)

    assert found is not None
    assert set(found[1].split()) == expected


def test_a_server_may_put_the_box_into_its_own_page(luot: Luot) -> None:
    html = box(luot, "?part=1").get_data(as_text=True)

    assert html.startswith('<section class="luot-box"')
    assert html.rstrip().endswith("</section>")
    assert "<style" not in html


def test_the_box_is_shown_again_and_not_sent_again(luot: Luot) -> None:
    answer = box(luot)
    again = luot.http.get("/box/s1", headers={"If-None-Match": answer.headers["ETag"]})

    assert answer.headers["Cache-Control"] == "public, max-age=30"
    assert again.status_code == 304


def test_numbers_that_are_old_or_missing_are_never_shown_as_nothing(
    tmp_path_factory: pytest.TempPathFactory, clock: SetClock, front: str
) -> None:
    folder: Path = tmp_path_factory.mktemp("luot")
    with servers.valkey() as valkey:
        make = MakeLuot(folder, valkey.url, clock, front)
        luot, blank = make(), make(data_dir=tmp_path_factory.mktemp("blank"))
        luot.hit("/a")
        box(luot)
        valkey.kill()
        # Another day begins while Redis is away, of which nobody knows anything.
        clock.forward(86_400)
        old, none = box(luot), box(blank)
        badges = [
            luot.http.get("/badge/s1.svg?metric=views.today"),
            blank.http.get("/badge/s1.svg"),
        ]
        make.close()

    assert rows(old) == {
        "Online now": DASH,
        "Today": DASH,
        "Yesterday": "1",
        "This week": DASH,
        "This month": "1",
        "Total": "1",
    }
    assert "As of 12:00, 22/11/2026" in old.get_data(as_text=True)
    assert set(rows(none).values()) == {DASH}
    assert (none.status_code, none.headers["Cache-Control"]) == (503, "no-store")
    assert [badge.status_code for badge in badges] == [200, 503]
    assert all(f">{DASH}</text>" in badge.get_data(as_text=True) for badge in badges)
