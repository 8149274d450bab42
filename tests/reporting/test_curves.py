"""
How an article was read from its beginning on.
"""

import pytest

from tests.conftest import Luot, MakeLuot


@pytest.fixture
def luot(make_luot: MakeLuot) -> Luot:
    return make_luot(site={"timezone": "Europe/Berlin"})


def views(luot: Luot, *hours: int) -> None:
    for hour in hours:
        for person in range(hour % 3 + 1):
            luot.hit("/a", address=f"203.0.113.{person}")
        luot.clock.forward(3600)
    luot.snapshot()


def sums(told: dict[str, object]) -> tuple[object, ...]:
    return tuple(told[f"first_{name}_views"] for name in ("hour", "day", "week"))


def test_a_curve_begins_with_the_first_view_and_goes_on_over_the_change_of_clocks(
    luot: Luot,
) -> None:
    luot.clock.set("2026-10-24T14:20:00+02:00")
    views(luot, *range(30))
    told = luot.report("curve", path="/a")

    assert told["begins"] == "2026-10-24T14:00:00+02:00"
    assert [n % 3 + 1 for n in range(30)] == [step["views"] for step in told["hours"]][:30]
    assert list(range(1, 32)) == [step["hour"] for step in told["hours"]]
    assert "2026-10-25T02:00:00+01:00" in {step["begins"] for step in told["hours"]}
    assert sums(told) == (1, 48, None)
    assert told["hours"][-1]["views_so_far"] == 60


def test_a_curve_may_begin_with_the_publication(luot: Luot) -> None:
    luot.clock.set("2026-11-20T08:30:00+01:00")
    views(luot, 2, 2)
    told = luot.report("curve", path="/a", published="2026-11-20T09:10:00+01:00")

    assert told["begins"] == "2026-11-20T09:00:00+01:00"
    assert sums(told) == (3, None, None)


def test_a_week_is_the_end(luot: Luot) -> None:
    luot.clock.set("2026-11-01T00:00:00+01:00")
    views(luot, 0)
    luot.clock.forward(8 * 86_400)
    views(luot, 0)
    told = luot.report("curve", path="/a")

    assert (168, (1, 1, 1)) == (len(told["hours"]), sums(told))


def test_a_page_that_nobody_viewed_has_no_curve(luot: Luot) -> None:
    told = luot.report("curve", path="/none")

    assert (None, [], (None, None, None)) == (told["begins"], told["hours"], sums(told))


@pytest.mark.parametrize(
    "asked", ["", "?path=", "?path=/a&published=today", "?path=/a&published=2026-11-20T09:10:00"]
)
def test_a_question_without_page_or_offset_is_refused(luot: Luot, asked: str) -> None:
    answer = luot.http.get(
        f"/api/v1/sites/s1/curve{asked}", headers={"Authorization": f"Bearer {luot.token}"}
    )

    assert answer.status_code == 400
