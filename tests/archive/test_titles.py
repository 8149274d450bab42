from dataclasses import replace
from typing import Any

import pytest

from service.archive.titles import Names, pin_title, renamed
from service.reporting.lists import names
from tests.conftest import Luot

HOUR = 3_600_000


def shown(luot: Luot, path: str = "/a") -> str:
    """
    What strangers are told that a page is called.
    """
    luot.snapshot()
    return names(luot.runtime.database, luot.runtime.sites["s1"], [path])[path].title


def view(luot: Luot, reader: int, title: str, **more: Any) -> None:
    told = luot.hit("/a", address=f"203.0.113.{reader}", title=title, **more)
    assert told.headers["Luot-Result"] == "counted"


def test_one_visitor_names_nothing_however_often_they_come(luot: Luot) -> None:
    for _ in range(3):
        view(luot, 1, "Forged")

    assert shown(luot) == "/a"
    view(luot, 1, "Forged")
    assert shown(luot) == "/a"


def test_a_second_visitor_may_come_in_another_minute(luot: Luot) -> None:
    view(luot, 1, "Bài một")
    before = shown(luot)
    luot.clock.forward(600)
    view(luot, 2, "Bài một")

    assert (before, shown(luot)) == ("/a", "Bài một")


def test_one_forged_title_does_not_take_the_place_of_a_shown_one(luot: Luot) -> None:
    view(luot, 1, "Bài một")
    view(luot, 2, "Bài một")
    before = shown(luot)
    luot.clock.forward(7200)
    view(luot, 3, "Forged")

    assert (before, shown(luot)) == ("Bài một", "Bài một")
    # Reports, too, call the page as two visitors do.
    assert luot.report("pages")["pages"][0]["title"] == "Bài một"


def test_a_shown_title_changes_once_an_hour(luot: Luot) -> None:
    told = []
    readers = iter(range(1, 20))
    for title, seconds in (("One", 0), ("Two", 60), ("Two", 3600), ("Three", 60)):
        luot.clock.forward(seconds)
        view(luot, next(readers), title)
        view(luot, next(readers), title)
        told.append(shown(luot))

    assert told == ["One", "One", "Two", "Two"]


NEW = Names("A", 9 * HOUR, candidate="A", candidate_visitors=1)
SHOWN = Names("A", 9 * HOUR, "A", "", 9 * HOUR)


@pytest.mark.parametrize(
    ("known", "newest", "sent", "expected"),
    [
        (Names(), "A", {"A": 1}, NEW),
        (NEW, "A", {"A": 0}, NEW),
        (NEW, "A", {"A": 1}, SHOWN),
        # Somebody who writes another title between two readers does not keep them apart.
        (NEW, "B", {"B": 1, "A": 1}, SHOWN),
        (NEW, "B", {"B": 1, "A": 0}, replace(NEW, candidate="B")),
        (SHOWN, "B", {"B": 5}, replace(SHOWN, candidate="B", candidate_visitors=5)),
        # What two have sent within the hour is shown by its next view after it.
        (
            Names("A", 8 * HOUR, "A", "", 8 * HOUR, "B", 5),
            "B",
            {"B": 0},
            Names("B", 9 * HOUR, "B", "", 9 * HOUR),
        ),
        (Names("A", 1, "A", "", 1), "A", {"A": 9}, Names("A", 1, "A", "", 1)),
        (Names(), "A\tb.example", {"A\tb.example": 2}, replace(SHOWN, shown_host="b.example")),
    ],
)
def test_what_is_known_of_a_title_follows_from_what_was_sent(
    known: Names, newest: str, sent: dict[str, int], expected: Names
) -> None:
    assert renamed(known, newest, sent, 9 * HOUR) == expected


def test_a_page_on_another_host_of_the_site_is_listed_there(make_luot: Any) -> None:
    luot = make_luot(site={"hosts": ["s1.example", "*.s1.example"]})
    for reader in (1, 2):
        for page in ("https://tin.s1.example/a", "https://www.s1.example/b"):
            luot.hit(None, url=page, address=f"203.0.113.{reader}", title="T")
    luot.snapshot()

    pages = luot.http.get("/popular?site=s1").get_json()["pages"]
    assert sorted(page["url"] for page in pages) == [
        "https://s1.example/b",
        "https://tin.s1.example/a",
    ]


def test_a_pinned_title_stands_above_all_others_until_it_is_taken_back(luot: Luot) -> None:
    view(luot, 1, "One")
    view(luot, 2, "One")
    shown(luot)
    database = luot.runtime.database
    pinned = pin_title(database, "s1", "/a", "Ghim", luot.clock.ms, "test")
    told = shown(luot)
    pin_title(database, "s1", "/a", None, luot.clock.ms, "test")

    assert (pinned, told, shown(luot)) == (True, "Ghim", "One")


@pytest.mark.parametrize(("site", "path"), [("s1", "/none"), ("s2", "/a"), ("s1", "")])
def test_only_a_page_that_is_there_can_be_pinned(luot: Luot, site: str, path: str) -> None:
    view(luot, 1, "One")
    luot.snapshot()

    assert not pin_title(luot.runtime.database, site, path, "T", luot.clock.ms, "test")
