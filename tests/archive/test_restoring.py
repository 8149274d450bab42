"""
What a site has after Redis was emptied, put back or restarted, with journals.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from service.archive.restoring import restore
from service.errors import SiteNotOpen
from tests import servers
from tests.agreement import assert_agreement
from tests.conftest import Luot, MakeLuot, SetClock
from tests.servers import until


@pytest.fixture
def own_valkey() -> Iterator[servers.Valkey]:
    """
    A Valkey of the test's own that keeps nothing on disk.
    """
    with servers.valkey("--appendonly", "no") as server:
        yield server


@pytest.fixture
def make(own_valkey: servers.Valkey, tmp_path: Path, clock: SetClock) -> Iterator[MakeLuot]:
    make = MakeLuot(tmp_path, own_valkey.url, clock)
    yield make
    make.close()


@pytest.fixture
def luot(make: MakeLuot) -> Luot:
    return make()


def is_open(luot: Luot) -> bool:
    """
    Whether everything was heard and numbers are shown.
    """
    return luot.runtime.store.status("s1").is_open and not luot.counters()["stale"]


def empty(own_valkey: servers.Valkey) -> None:
    own_valkey.kill()
    own_valkey.start()


@pytest.mark.parametrize("how", ["a new server", "flushed"])
def test_an_emptied_redis_has_every_number_again(
    luot: Luot, own_valkey: servers.Valkey, how: str
) -> None:
    for number in range(10):
        luot.hit(f"/{number % 3}", id=f"{number:016d}", address=f"203.0.113.{number % 4}")
    luot.snapshot()
    for number in range(10, 20):
        luot.hit(f"/{number % 3}", id=f"{number:016d}", address=f"203.0.113.{number % 4}")
    before = luot.counters("/0", "/1", "/2")
    empty(own_valkey) if how == "a new server" else own_valkey.client.flushall()
    until(lambda: is_open(luot))

    assert before == luot.counters("/0", "/1", "/2")
    # A process that has not heard yet that all is well queues once more.
    until(lambda: luot.hit("/0", id=f"{0:016d}").status_code == 204)
    assert ["duplicate"] * 2 == [
        luot.hit("/0", id=f"{number:016d}").headers["Luot-Result"] for number in (0, 19)
    ]
    luot.snapshot()
    assert_agreement(luot)


def test_a_day_whose_redis_was_wiped_ends_as_if_it_had_not_been(
    make: MakeLuot, own_valkey: servers.Valkey, clock: SetClock
) -> None:
    luot = make()
    clock.set("2026-11-22T09:00:00Z")
    for hour in range(12):
        if clock.now_ms() > 0 and hour == 6:
            luot.snapshot()
            luot.hit("/after-the-snapshot", address="203.0.113.1")
            empty(own_valkey)
            until(lambda: is_open(luot))
        for reader in range(5):
            luot.hit(f"/{hour % 4}", address=f"203.0.113.{reader + hour // 3}")
            luot.hit(f"/{hour % 4}", address=f"203.0.113.{reader + hour // 3}")
        clock.forward(3_600)

    assert (121, 61, 8) == luot.totals("2026-11-22")
    assert_agreement(luot)


def test_while_redis_is_away_hits_are_queued_and_counted_when_it_is_back(
    luot: Luot, own_valkey: servers.Valkey
) -> None:
    luot.hit("/a")
    before = luot.counters("/a")
    own_valkey.stop()
    queued = [luot.hit("/a", query="?counters=1") for _ in range(5)]

    assert [(202, "queued")] * 5 == [(a.status_code, a.headers["Luot-Result"]) for a in queued]
    assert {**before, "stale": True} == queued[-1].get_json()
    own_valkey.start()
    until(lambda: is_open(luot))
    assert 6 == luot.counters("/a")["views"]["total"]
    luot.snapshot()
    assert_agreement(luot)


def test_a_visit_goes_on_over_a_wipe(
    luot: Luot, own_valkey: servers.Valkey, clock: SetClock
) -> None:
    luot.hit("/a")
    luot.snapshot()
    empty(own_valkey)
    until(lambda: is_open(luot))
    clock.forward(1_500)
    luot.hit("/b")

    assert (2, 1, 1) == luot.totals("2026-11-22")


def test_what_a_process_left_behind_is_sent_by_the_next_one(
    make: MakeLuot, own_valkey: servers.Valkey
) -> None:
    first = make()
    first.hit("/a")
    own_valkey.stop()
    first.hit("/a")
    first.runtime.close()
    own_valkey.start()
    second = make()
    second.hit("/b")
    until(lambda: is_open(second))

    assert 3 == second.counters()["views"]["total"]


def test_without_the_journals_of_another_host_a_restore_goes_on_after_a_while(
    make: MakeLuot, own_valkey: servers.Valkey, clock: SetClock
) -> None:
    luot = make()
    luot.hit("/a")
    luot.snapshot()
    with luot.runtime.database.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO producer (site_id, producer, seq, seen_ms) VALUES (1, 'far away', 7, 0)"
        )
    empty(own_valkey)
    until(lambda: luot.runtime.store.status("s1").phase == "remember")
    assert luot.counters("/a")["stale"]
    for phase in ("count", "open"):
        clock.forward(61)
        until(lambda phase=phase: luot.runtime.store.status("s1").phase == phase)

    assert 1 == luot.counters("/a")["views"]["total"]


@pytest.mark.parametrize("step", ["fenced", "cleared", "loaded", "finished"])
def test_a_restore_that_dies_at_a_step_is_done_by_the_next(
    luot: Luot, own_valkey: servers.Valkey, clock: SetClock, step: str
) -> None:
    class Dies(Exception):
        pass

    def at(reached: str) -> None:
        if reached == step:
            raise Dies

    for _ in range(3):
        luot.hit("/a")
    luot.snapshot()
    luot.hit("/a")
    runtime = luot.runtime
    own_valkey.client.flushall()
    with suppress(Dies, SiteNotOpen):
        restore(runtime.store, runtime.database, runtime.sites["s1"], clock.now_ms(), at)
    until(lambda: is_open(luot))

    assert (4, 1, 1) == luot.totals("2026-11-22")
    assert_agreement(luot)
