import pytest

from service.intake import rates
from service.intake.rates import Rates
from tests.conftest import NOON, SetClock

ADDRESS, OTHER = "203.0.113.7", "198.51.100.1"


def allowed(limit: Rates, times: int, address: str | None = ADDRESS) -> int:
    return sum(limit.allow(address) for _ in range(times))


@pytest.fixture
def noon() -> SetClock:
    clock = SetClock()
    clock.set(NOON)
    return clock


def test_an_address_may_send_a_burst_and_then_so_many_a_second(noon: SetClock) -> None:
    limit = Rates(noon, per_second=10, burst=25)

    assert allowed(limit, 100) == 25
    noon.forward(0.5)
    assert allowed(limit, 100) == 5
    noon.forward(3600)
    assert allowed(limit, 100) == 25


def test_each_address_has_a_bucket_of_its_own(noon: SetClock) -> None:
    limit = Rates(noon, per_second=1, burst=1)

    assert (allowed(limit, 2), allowed(limit, 2, OTHER)) == (1, 1)


@pytest.mark.parametrize("address", [None, "127.0.0.1", "10.1.2.3", "::1", "fe80::1"])
def test_private_addresses_may_be_everybody_and_have_no_rate(
    noon: SetClock, address: str | None
) -> None:
    assert allowed(Rates(noon, per_second=1, burst=1), 50, address) == 50


def test_a_rate_of_0_is_none(noon: SetClock) -> None:
    assert allowed(Rates(noon, per_second=0, burst=1), 50) == 50


def test_a_clock_that_goes_back_empties_no_bucket(noon: SetClock) -> None:
    limit = Rates(noon, per_second=1, burst=2)
    assert allowed(limit, 1) == 1
    noon.forward(-3600)

    assert allowed(limit, 5) == 1


def test_only_so_many_addresses_are_remembered(
    noon: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rates, "REMEMBERED", 2)
    limit = Rates(noon, per_second=1, burst=1)

    assert allowed(limit, 2) == 1
    assert [allowed(limit, 1, f"198.51.100.{n}") for n in range(3)] == [1, 1, 1]
    assert allowed(limit, 2) == 1
