"""
A clock that is not believed, and what is left alone until it is.
"""

import pytest

from service.archive.clocks import ClockGuard
from service.clock import SystemClock
from service.counting.keys import SiteKeys
from service.jobs.table import jobs, run_job
from tests.conftest import Luot
from tests.servers import Valkey

ROWS = {job.name: job for job in jobs(60)}


class Ahead(SystemClock):
    """
    This machine's clock, so many seconds ahead.
    """

    def __init__(self, seconds: int) -> None:
        self._seconds = seconds

    def now_ms(self) -> int:
        return super().now_ms() + self._seconds * 1000


def guard(luot: Luot, clock: SystemClock | None = None) -> ClockGuard:
    here = luot.runtime
    return ClockGuard(here.store, here.database, here.journals, clock or luot.clock)


@pytest.mark.parametrize(
    ("seconds", "is_doubted"), [(0, False), (240, False), (360, True), (-360, True)]
)
def test_a_clock_that_is_not_redis_clock_is_doubted(
    luot: Luot, seconds: int, is_doubted: bool
) -> None:
    doubt = guard(luot, Ahead(seconds)).doubt()

    assert is_doubted == ("Redis says" in doubt)


def test_a_fresh_luot_and_a_quiet_weekend_are_believed(luot: Luot) -> None:
    assert "" == guard(luot).doubt()
    guard(luot).note()
    for _ in range(70):
        luot.clock.forward(3_600)
        guard(luot).note()

    assert "" == guard(luot).doubt()


def test_a_jump_is_doubted_until_somebody_says_that_it_is_right(luot: Luot) -> None:
    luot.hit()
    guard(luot).note()
    luot.clock.forward(10 * 365 * 86_400)
    guard(luot).note()

    assert "luot check --accept-clock" in guard(luot).doubt()
    guard(luot).accept()
    assert "" == guard(luot).doubt()


def test_hits_that_went_on_speak_for_the_clock(luot: Luot) -> None:
    guard(luot).note()
    luot.clock.forward(2 * 86_400)
    luot.hit()

    assert "" == guard(luot).doubt()


def test_nothing_is_closed_trimmed_or_retired_in_doubt(luot: Luot, valkey: Valkey) -> None:
    luot.hit()
    luot.snapshot()
    run_job(ROWS["snapshot"], luot.runtime)
    for key in SiteKeys("s1").of_day("2026-11-22"):
        valkey.client.persist(key)
    luot.clock.forward(40 * 86_400)
    producers = "SELECT count(*) FROM producer"
    with luot.runtime.database.read() as connection:
        before = connection.exec_driver_sql(producers).scalar()
    for name in ("close_days", "tidy", "retention"):
        run_job(ROWS[name], luot.runtime)
    with luot.runtime.database.read() as connection:
        after = connection.exec_driver_sql(producers).scalar()
    told = luot.http.get("/readyz")

    assert before == after
    assert valkey.client.exists("luot:{s1}:visitors:2026-11-22")
    assert 200 == told.status_code
    assert "nothing is closed, trimmed or retired" in told.get_json()["warnings"][0]
    luot.runtime.guard.accept()
    run_job(ROWS["close_days"], luot.runtime)
    assert "warnings" not in luot.http.get("/readyz").get_json()
