"""
Lists of pages: what is in them, in which order, and under which names.
"""

from typing import Any

from werkzeug.test import TestResponse

from tests.conftest import Luot

FRONTS = ("wsgi", "asgi")


def read(luot: Luot, path: str, *readers: int, **body: Any) -> None:
    """
    Each of these readers views a page once.
    """
    for reader in readers:
        answer = luot.hit(path, address=f"203.0.113.{reader}", **body)
        assert answer.headers["Luot-Result"] == "counted"


def get(luot: Luot, door: str, query: str = "", **headers: str) -> TestResponse:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return luot.http.get(f"/{door}?site=s1{query}", headers=told)


def listed(luot: Luot, door: str, query: str = "") -> list[dict[str, Any]]:
    answer = get(luot, door, query)
    assert answer.status_code == 200, answer.data
    pages: list[dict[str, Any]] = answer.get_json()["pages"]
    return pages


def test_the_most_read_pages_of_a_day_stand_in_order(luot: Luot) -> None:
    read(luot, "/a", 1)
    read(luot, "/b", 1, 2, 3)
    read(luot, "/tin/bài", 1, 2)
    luot.snapshot()

    answer = get(luot, "popular").get_json()
    assert answer == {
        "site": "s1",
        "as_of": "2026-11-22T12:00:00Z",
        "stale": False,
        "period": "day",
        "from": "2026-11-22",
        "to": "2026-11-22",
        "pages": [
            {"path": "/b", "url": "https://s1.example/b", "title": "/b", "views": 3},
            {
                "path": "/tin/bài",
                "url": "https://s1.example/tin/b%C3%A0i",
                "title": "/tin/bài",
                "views": 2,
            },
            {"path": "/a", "url": "https://s1.example/a", "title": "/a", "views": 1},
        ],
    }


def test_what_is_read_now_outdoes_what_was_read_more_long_ago(luot: Luot) -> None:
    read(luot, "/old", 1, 2, 3, 4)
    luot.clock.forward(2 * 10_800)
    read(luot, "/new", 1, 2)

    rows = listed(luot, "trending")
    assert [(row["path"], row["score"]) for row in rows] == [("/new", 2.0), ("/old", 1.0)]


def test_what_is_read_with_a_page_needs_five_readers(luot: Luot) -> None:
    for path in ("/a", "/b", "/c"):
        read(luot, path, *range(1, 5))
    read(luot, "/a", 9)
    read(luot, "/b", 9)
    luot.snapshot()

    assert [row["path"] for row in listed(luot, "related", "&path=/a")] == ["/b"]
    assert [row["path"] for row in listed(luot, "related", "&path=/b")] == ["/a"]
    assert listed(luot, "related", "&path=/c") == []


def test_a_title_is_shown_when_two_visitors_have_sent_it(luot: Luot) -> None:
    read(luot, "/a", 1, 1, title="Forged")
    luot.snapshot()
    before = listed(luot, "popular")[0]["title"]
    read(luot, "/a", 2, 3, title="Bài một")
    luot.clock.forward(3600)
    luot.snapshot()

    assert (before, listed(luot, "popular")[0]["title"]) == ("/a", "Bài một")
