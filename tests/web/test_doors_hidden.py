"""
A number that is not shown elsewhere is not shown by another tracker's door either.
"""

import pytest

from tests.conftest import CHROME, MakeLuot
from tests.doors import EVERY, ORIGIN

#: Both answer the same.
FRONTS = ("wsgi", "asgi")


@pytest.fixture
def usual() -> dict[str, str]:
    return {"User-Agent": CHROME, "Origin": ORIGIN, "x-bsz-referer": f"{ORIGIN}/a"}


def test_a_page_below_the_floor_has_no_number(make_luot: MakeLuot, usual: dict[str, str]) -> None:
    luot = make_luot(site={"doors": EVERY, "floor": 10})
    answer = luot.http.post("/api", headers=usual)
    assert answer.get_json()["data"]["page_pv"] == ""
    assert answer.get_json()["data"]["site_pv"] == 1

    answer = luot.http.get("/counter/a.json", headers=usual)
    assert (answer.status_code, answer.get_json()["count"]) == (404, "")
    answer = luot.http.get("/counter/a.json?start=2026-11-01", headers=usual)
    assert (answer.status_code, answer.get_json()["count"]) == (404, "")


def test_a_page_past_the_cap_has_no_number(make_luot: MakeLuot, usual: dict[str, str]) -> None:
    luot = make_luot(site={"doors": EVERY}, pages_total=1)
    luot.http.post("/api", headers=usual)
    other = {**usual, "x-bsz-referer": f"{ORIGIN}/b"}

    assert luot.http.post("/api", headers=other).get_json()["data"]["page_pv"] == ""
    assert luot.http.get("/counter/b.json", headers=usual).get_json()["count"] == ""


def test_a_site_that_is_not_public_shows_nothing(
    make_luot: MakeLuot, usual: dict[str, str]
) -> None:
    luot = make_luot(site={"doors": EVERY, "public": False})
    assert luot.http.post("/count?p=/a", headers=usual).headers["Luot-Result"] == "counted"

    assert luot.http.get("/counter/a.json", headers=usual).status_code == 403
    assert luot.http.post("/api", headers=usual).get_json()["success"] is False
    told = {**usual, "Referer": f"{ORIGIN}/a"}
    assert luot.http.get("/busuanzi?jsonpCallback=f", headers=told).status_code == 404
    assert luot.http.post("/log", json={"url": f"{ORIGIN}/a"}, headers=usual).status_code == 404
