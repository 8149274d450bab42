"""
Who is there now, what they read, and what the last minutes had.
"""

import pytest

from tests.conftest import Luot, MakeLuot


def minutes(luot: Luot) -> list[int]:
    return [row["views"] for row in luot.report("realtime")["minutes"]]


def test_each_minute_has_its_views_and_no_other(luot: Luot) -> None:
    for views in (3, 1, 0, 2):
        for _ in range(views):
            luot.hit()
        luot.clock.forward(60)
    luot.hit(event="play")
    luot.hit(headers={"DNT": "1"})

    assert [0] * 25 + [3, 1, 0, 2, 0] == minutes(luot)
    told = luot.report("realtime")["minutes"]
    assert ("2026-11-22T11:35:00Z", "2026-11-22T12:04:00Z") == (
        told[0]["begins"],
        told[-1]["begins"],
    )


def test_an_hour_later_a_minute_is_empty_again(luot: Luot) -> None:
    luot.hit()
    luot.clock.forward(3600)
    assert [0] * 30 == minutes(luot)
    luot.hit()

    assert [0] * 29 + [1] == minutes(luot)


def test_those_who_are_online_are_at_the_page_that_they_viewed_last(luot: Luot) -> None:
    luot.hit("/a", referrer="https://www.google.com/", title="First")
    luot.snapshot()
    luot.clock.forward(60)
    luot.hit("/b")
    for person in (8, 9):
        luot.hit("/a", address=f"203.0.113.{person}")
    told = luot.report("realtime")

    assert (3, 3) == (told["online"], told["online_looked_up"])
    assert [
        {"path": "/a", "title": "First", "online": 2},
        {"path": "/b", "title": None, "online": 1},
    ] == told["pages"]
    assert [
        {"source": "(direct)", "channel": "direct", "online": 2},
        {"source": "Google", "channel": "search", "online": 1},
    ] == told["sources"]


def test_after_the_online_minutes_nobody_is_there(luot: Luot) -> None:
    luot.hit()
    luot.clock.forward(301)
    told = luot.report("realtime")

    assert (0, [], []) == (told["online"], told["pages"], told["sources"])


def test_a_reader_stays_at_their_page_over_midnight(make_luot: MakeLuot) -> None:
    luot = make_luot(online_minutes=30)
    luot.clock.set("2026-11-22T23:59:00Z")
    luot.hit("/a", referrer="https://www.google.com/")
    luot.clock.forward(120)
    assert luot.report("realtime")["pages"] == [{"path": "/a", "title": None, "online": 1}]
    luot.hit("/b")

    told = luot.report("realtime")
    assert told["online"] == 1
    assert told["pages"] == [{"path": "/b", "title": None, "online": 1}]
    assert told["sources"] == [{"source": "Google", "channel": "search", "online": 1}]


def test_old_hits_are_of_no_minute(luot: Luot) -> None:
    bearer = {"Authorization": f"Bearer {luot.token}"}
    hits = [
        {"site": "s1", "path": "/a", "time": f"2026-11-22T{at}:00Z", "ip": "203.0.113.9"}
        for at in ("09:00", "11:29", "11:45", "12:00")
    ]
    assert luot.http.post("/api/v1/hits", json=hits, headers=bearer).status_code == 200

    assert [0] * 14 + [1] + [0] * 14 + [1] == minutes(luot)


@pytest.mark.parametrize("crowd", [600])
def test_a_crowd_is_looked_up_in_parts(luot: Luot, crowd: int) -> None:
    bearer = {"Authorization": f"Bearer {luot.token}"}
    for first in range(0, crowd, 300):
        hits = [
            {"site": "s1", "path": f"/{n % 3}", "ip": f"10.{n // 250}.{n % 250}.1"}
            for n in range(first, first + 300)
        ]
        assert luot.http.post("/api/v1/hits", json=hits, headers=bearer).status_code == 200
    told = luot.report("realtime")

    assert (crowd, crowd) == (told["online"], told["online_looked_up"])
    assert [crowd // 3] * 3 == [page["online"] for page in told["pages"]]


def test_a_closed_site_has_nothing_live_to_tell(luot: Luot) -> None:
    luot.hit()
    luot.runtime.store.commands.hset("luot:{s1}:state", "phase", "count")
    answer = luot.http.get(
        "/api/v1/sites/s1/realtime", headers={"Authorization": f"Bearer {luot.token}"}
    )

    assert (503, "storage") == (answer.status_code, answer.get_json()["code"])


def test_snapshots_say_how_far_behind_reports_are(luot: Luot) -> None:
    luot.hit()
    assert luot.report("snapshots")["last_added"] is None
    luot.snapshot()
    luot.clock.forward(90)
    told = luot.report("snapshots")

    assert ("2026-11-22T12:00:00Z", 90, 1) == (
        told["last_added"],
        told["age_seconds"],
        told["number"],
    )
    assert (True, 0, 1, 1) == (
        told["is_open"],
        told["waiting_deltas"],
        told["added_last_hour"],
        told["added_last_day"],
    )
