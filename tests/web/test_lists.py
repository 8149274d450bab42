"""
Lists of pages: what is in them, in which order, and under which names.
"""

from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from service.intake.sites import Site
from service.reporting.lists import address
from service.settings import SiteSettings
from tests import servers
from tests.conftest import Luot, MakeLuot, SetClock

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


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ("day", ["/today"]),
        ("week", ["/monday", "/today"]),
        ("month", ["/first", "/monday", "/sunday", "/today"]),
    ],
)
def test_a_week_begins_on_monday_and_a_month_on_the_first(
    luot: Luot, period: str, expected: list[str]
) -> None:
    days = ("10-31", "/before"), ("11-01", "/first"), ("11-15", "/sunday"), ("11-16", "/monday")
    for day, path in (*days, ("11-22", "/today")):
        luot.clock.set(f"2026-{day}T12:00:00Z")
        read(luot, path, 1)
    luot.snapshot()

    rows = listed(luot, "popular", f"&period={period}")
    assert sorted(row["path"] for row in rows) == expected


def test_a_list_has_ten_pages_or_as_many_as_are_asked_for(luot: Luot) -> None:
    for number in range(12):
        read(luot, f"/{number}", 1)
    luot.snapshot()

    for door in ("popular", "trending"):
        assert len(listed(luot, door)) == 10
        assert len(listed(luot, door, "&limit=12")) == 12
        assert len(listed(luot, door, "&limit=1&cachebuster=7")) == 1


def test_what_is_below_the_floor_or_under_other_is_in_no_list(make_luot: MakeLuot) -> None:
    luot = make_luot(site={"floor": 3}, pages_per_day=2)
    read(luot, "/a", 1, 2, 3)
    read(luot, "/b", 1, 2)
    read(luot, "/c", *range(1, 9))
    luot.snapshot()

    for door in ("popular", "trending"):
        assert [row["path"] for row in listed(luot, door)] == ["/a"]


def test_a_list_may_be_shown_again_and_is_not_sent_again(luot: Luot) -> None:
    read(luot, "/a", 1)
    luot.snapshot()
    for door, more in (("popular", ""), ("trending", ""), ("related", "&path=/a")):
        answer = get(luot, door, more)
        again = get(luot, door, more, If_None_Match=answer.headers["ETag"])

        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Cache-Control"] == "public, max-age=30"
        assert (again.status_code, again.data) == (304, b"")
        assert get(luot, door, more, Cookie="a=b", DNT="1").data == answer.data


def test_a_page_is_asked_for_by_any_of_its_names(luot: Luot) -> None:
    for path in ("/tin/bài", "/b"):
        read(luot, path, *range(1, 6))
    luot.snapshot()

    for name in ("/tin/bài", "/tin//b%25C3%25A0i/", "tin/./bài?utm_source=x"):
        answer = get(luot, "related", f"&path={name}").get_json()
        assert [row["path"] for row in answer["pages"]] == ["/b"]


def test_a_restored_site_has_its_lists_but_for_what_is_read_now(luot: Luot) -> None:
    for path in ("/a", "/b"):
        read(luot, path, *range(1, 6), title=f"Page {path}")
    luot.snapshot()
    before = [get(luot, door, "&path=/a").data for door in ("popular", "related")]
    assert len(listed(luot, "trending")) == 2
    luot.runtime.store.commands.flushall()
    luot.clock.forward(5)
    servers.until(lambda: not luot.counters()["stale"])

    assert [get(luot, door, "&path=/a").data for door in ("popular", "related")] == before
    assert listed(luot, "trending") == []
    # Readers of before the loss are remembered, so they go on making pairs.
    read(luot, "/c", *range(1, 6))
    luot.snapshot()
    luot.clock.forward(5)
    assert {row["path"] for row in listed(luot, "related", "&path=/a")} == {"/b", "/c"}
    assert [row["path"] for row in listed(luot, "trending")] == ["/c"]


def test_what_cannot_be_asked_is_shown_as_it_was_or_not_at_all(
    tmp_path: Path, clock: SetClock, front: str
) -> None:
    with servers.valkey() as valkey:
        make = MakeLuot(tmp_path, valkey.url, clock, front)
        luot, fresh = make(), make()
        read(luot, "/a", 1)
        luot.snapshot()
        before = listed(luot, "trending")
        valkey.kill()
        clock.forward(60)
        known, unknown = get(luot, "trending"), get(fresh, "trending")
        popular = get(fresh, "popular").get_json()
        make.close()

    assert (known.get_json()["stale"], known.get_json()["pages"]) == (True, before)
    assert (unknown.status_code, unknown.get_json()) == (503, {"error": "storage"})
    assert (popular["stale"], popular["pages"][0]["views"]) == (False, 1)


def test_without_sql_the_pages_that_are_read_now_are_called_by_their_paths(luot: Luot) -> None:
    read(luot, "/a", 1, 2, title="One")
    luot.snapshot()
    with luot.runtime.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE page RENAME TO elsewhere")

    assert [row["title"] for row in listed(luot, "trending")] == ["/a"]
    assert get(luot, "popular").status_code == 503


@pytest.mark.parametrize(
    ("hosts", "page", "host", "expected"),
    [
        (["s1.example"], "/a", "", "https://s1.example/a"),
        (["*.s1.example", "s2.example"], "/a?id=1&p=x", "", "https://s2.example/a?id=1&p=x"),
        (["*.s1.example"], "/a", "b.s1.example", "https://b.s1.example/a"),
        (["*.s1.example"], "/tin/bài", "", "/tin/b%C3%A0i"),
        (["localhost"], "/demo", "", "/demo"),
        (["s1.example"], "/%2F<'\">", "", "https://s1.example/%2F%3C%27%22%3E"),
    ],
)
def test_a_page_has_an_address_that_can_be_linked(
    hosts: list[str], page: str, host: str, expected: str
) -> None:
    site = Site.of("s1", SiteSettings(name="One", hosts=tuple(hosts)))

    assert address(site, page, host) == expected
