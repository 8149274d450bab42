import pytest

from service.counting.trends import Trends, read_trends
from service.settings import Settings
from tests.conftest import Luot, MakeLuot
from tests.counting.builders import a_hit

#: The usual half-life, in seconds.
HALF = 10_800


def read(luot: Luot, path: str, times: int = 1) -> None:
    for _ in range(times):
        luot.serial += 1
        luot.hit(path, address=f"10.{luot.serial // 200 % 200}.{luot.serial % 200}.7")


def trends(luot: Luot) -> Trends:
    return read_trends(luot.runtime.store, "s1")


def scores(luot: Luot) -> dict[str, float]:
    return {page.path: round(page.score, 6) for page in trends(luot).pages}


def test_a_view_is_worth_half_after_each_half_life(luot: Luot) -> None:
    read(luot, "/old", 8)
    luot.clock.forward(2 * HALF)
    read(luot, "/middle", 3)
    luot.clock.forward(HALF)
    read(luot, "/new")

    assert scores(luot) == {"/middle": 1.5, "/old": 1.0, "/new": 1.0}
    assert [page.views for page in trends(luot).pages if page.path == "/old"] == [8]


def test_scores_go_on_when_their_landmark_moves(luot: Luot) -> None:
    read(luot, "/a", 4)
    for _ in range(40):
        # Hours without a reader would leave nothing of any score.
        luot.clock.forward(6 * HALF)
        read(luot, "/b")
    luot.clock.forward(HALF)
    read(luot, "/c")
    landmark = luot.runtime.store.commands.hget("luot:{s1}:state", "trend")

    # 1 + 1/64 + 1/64² ..., and all of it half a half-life ago
    assert scores(luot) == {"/c": 1.0, "/b": round(0.5 * 64 / 63, 6)}
    assert int(str(landmark).split()[0]) > luot.clock.ms - 200 * HALF * 1000


def test_scores_are_the_same_under_a_new_half_life(make_luot: MakeLuot) -> None:
    luot = make_luot()
    read(luot, "/a", 4)
    luot.clock.forward(HALF)
    other = make_luot(trending_half_life_seconds=3600)
    read(other, "/b")

    assert scores(other) == {"/a": 2.0, "/b": 1.0}
    luot.clock.forward(3600)
    read(other, "/c")
    assert scores(other) == {"/a": 1.0, "/c": 1.0, "/b": 0.5}


def test_a_view_that_comes_late_is_worth_what_is_left_of_it(luot: Luot) -> None:
    luot.hit("/now")
    told = [
        {"site": "s1", "path": f"/{hours}", "time": f"2026-11-{day}T{12 - hours % 24:02}:00:00Z"}
        for hours, day in ((3, 22), (9, 22), (96, 18))
    ]
    headers = {"Authorization": f"Bearer {luot.token}"}
    assert luot.http.post("/api/v1/hits", json=told, headers=headers).status_code == 200

    assert scores(luot) == {"/now": 1.0, "/3": 0.5, "/9": 0.125}


def test_events_repeats_and_robots_are_no_views(luot: Luot) -> None:
    luot.hit("/a", id="0123456789abcdef")
    luot.hit("/a", id="0123456789abcdef")
    luot.hit("/a", event="play")
    luot.hit("/a", agent="Googlebot/2.1")

    assert scores(luot) == {"/a": 1.0}


def test_what_counts_under_other_has_no_score(make_luot: MakeLuot) -> None:
    luot = make_luot(pages_per_day=1)
    read(luot, "/a")
    read(luot, "/b", 5)

    assert scores(luot) == {"/a": 1.0}


def send(luot: Luot, paths: list[str]) -> None:
    """
    A view of each of these, in as few batches as can be.
    """
    here = luot.runtime
    for first in range(0, len(paths), 500):
        part = [a_hit(luot, path) for path in paths[first : first + 500]]
        told = here.direct.record(here.sites["s1"], part)
        assert set(told.results) == {"counted"}


def test_where_many_pages_are_read_every_eighth_view_stands_for_eight(
    make_luot: MakeLuot,
) -> None:
    luot = make_luot(flood_per_minute=0)
    read(luot, "/hot", 3)
    send(luot, [f"/{n}" for n in range(1_500)])
    many = luot.runtime.store.commands.zcard("luot:{s1}:trending")
    read(luot, "/late", 7)
    before = scores(luot)
    read(luot, "/late")

    assert many == 501
    assert (before["/hot"], before.get("/late"), scores(luot)["/late"]) == (3.0, None, 8.0)

    # When those pages are not read any more, a page that is new has its score at once.
    luot.clock.forward(5 * HALF)
    read(luot, "/new")
    assert scores(luot) == {"/new": 1.0, "/late": 0.25, "/hot": 0.09375}


def test_pages_are_bounded_and_those_that_are_read_most_stay(make_luot: MakeLuot) -> None:
    luot = make_luot(flood_per_minute=0)
    read(luot, "/hot", 16)
    send(luot, [f"/{n}" for n in range(500)])
    send(luot, [f"/more/{n // 8}" for n in range(520 * 8)])

    many = luot.runtime.store.commands.zcard("luot:{s1}:trending")
    assert 500 <= many <= 1_000
    assert trends(luot).pages[0].path == "/hot"


def test_a_half_life_has_bounds() -> None:
    for wrong in (0, 59, 2_592_001, "x"):
        with pytest.raises(ValueError, match="trending_half_life_seconds"):
            Settings(trending_half_life_seconds=wrong)
