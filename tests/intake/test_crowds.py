"""
One address that nearly all hits come from is noticed when it is a private one.
"""

import pytest

from service.intake.crowds import Crowd
from tests.conftest import NOON, SetClock


def crowd() -> tuple[Crowd, SetClock]:
    clock = SetClock()
    clock.set(NOON)
    return Crowd(clock), clock


@pytest.mark.parametrize(
    ("private", "public", "verdict"),
    [
        *(("10.0.0.1", 10, True), ("127.0.0.1", 10, True), ("::1", 10, True)),
        *(("10.0.0.1", 11, False), ("203.0.113.7", 0, False), (None, 10, True)),
    ],
)
def test_nine_of_ten_hits_are_a_proxy(private: str | None, public: int, *, verdict: bool) -> None:
    found, _ = crowd()
    told = [found.note(f"198.51.100.{n}" if n < public else private) for n in range(100)]

    assert [None] * 99 + [verdict] == told


def test_many_private_addresses_are_readers() -> None:
    found, _ = crowd()

    assert [False] == [v for n in range(100) if (v := found.note(f"10.0.0.{n}")) is not None]


@pytest.mark.parametrize(("hits", "verdict"), [(9, None), (10, True)])
def test_an_hour_that_is_over_is_judged_by_a_few_hits(hits: int, verdict: bool | None) -> None:
    found, clock = crowd()
    assert {None} == {found.note("127.0.0.1") for _ in range(hits)}
    clock.forward(3_600)

    assert found.note("203.0.113.7") is verdict
    assert found.note("203.0.113.7") is None
