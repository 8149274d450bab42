"""
A site-day has one salt, whoever asks and whether Redis is there or not.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from service.archive.producers import watermarks
from service.counting.salts import derived
from service.errors import StoreUnavailable
from service.intake.days import day_before
from tests import servers
from tests.conftest import Luot, MakeLuot, SetClock
from tests.servers import until


@pytest.fixture
def own_valkey() -> Iterator[servers.Valkey]:
    with servers.valkey("--appendonly", "yes", "--appendfsync", "always") as server:
        yield server


class Hosts:
    """
    Hosts that share Redis and SQL; each has journals of its own.
    """

    def __init__(self, make: MakeLuot, folder: Path) -> None:
        self._make, self._folder = make, folder

    def __call__(self, name: str) -> Luot:
        luot = self._make()
        luot.runtime.journals.folder = self._folder / name
        return luot


@pytest.fixture
def host(tmp_path: Path, own_valkey: servers.Valkey, clock: SetClock) -> Iterator[Hosts]:
    make = MakeLuot(tmp_path, own_valkey.url, clock)
    yield Hosts(make, tmp_path)
    make.close()


def salt(luot: Luot) -> bytes:
    return luot.runtime.salts("s1", luot.runtime.sites["s1"].day(luot.clock.ms))


def midnight(clock: SetClock) -> None:
    clock.set("2026-11-23T00:10:00Z")


def test_two_processes_that_ask_at_once_get_one_salt(host: Hosts) -> None:
    processes = [host("a"), host("b")] * 4
    processes[0].runtime.open_site("s1")
    with ThreadPoolExecutor(8) as pool:
        assert 1 == len(set(pool.map(salt, processes)))


def test_a_redis_that_is_away_at_midnight_makes_nobody_new(
    host: Hosts, own_valkey: servers.Valkey, clock: SetClock
) -> None:
    # Given the salt of the day that comes, drawn by a scheduler, and a worker that counts
    worker, scheduler = host("a"), host("b")
    clock.set("2026-11-22T23:50:00Z")
    worker.hit("/a")
    worker.counters()
    day = scheduler.runtime.sites["s1"].day(clock.ms + 86_400_000)
    drawn = scheduler.runtime.salts("s1", day)
    # When the day begins without Redis
    own_valkey.stop()
    midnight(clock)
    queued = [worker.hit("/b"), worker.hit("/c", address="203.0.113.8")]
    known = salt(worker)
    own_valkey.start()
    until(lambda: not worker.counters()["stale"])
    clock.forward(60)
    for address in ("203.0.113.7", "203.0.113.8"):
        worker.hit("/d", address=address)

    assert {"queued"} == {answer.headers["Luot-Result"] for answer in queued}
    assert drawn == known == salt(worker)
    assert (4, 1, 2) == worker.totals("2026-11-23")


def test_hosts_that_know_no_drawn_salt_come_to_the_same(
    host: Hosts, own_valkey: servers.Valkey, clock: SetClock
) -> None:
    hosts = [host("a"), host("b")]
    before = {salt(luot) for luot in hosts}
    own_valkey.stop()
    clock.forward(86_400)
    clock.forward(86_400)
    for luot in hosts:
        # One day after the other: each is derived from the one before.
        site = luot.runtime.sites["s1"]
        luot.runtime.salts("s1", day_before(site.day(clock.ms), site.zone))

    assert 1 == len(before)
    assert 1 == len({salt(luot) for luot in hosts})


def test_a_drawn_salt_wins_over_a_derived_one(
    host: Hosts, own_valkey: servers.Valkey, clock: SetClock
) -> None:
    luot = host("a")
    today = salt(luot)
    own_valkey.client.delete("luot:{s1}:salt:2026-11-23")
    luot.runtime.salts.__init__(  # type: ignore[misc]
        luot.runtime.store,
        clock,
        luot.runtime.open_site,
        lambda _, day: {"2026-11-22": today}.get(day),
    )
    own_valkey.stop()
    midnight(clock)
    without = salt(luot)
    own_valkey.start()
    until(own_valkey.answers)
    own_valkey.client.set("luot:{s1}:salt:2026-11-23", "00" * 16)
    clock.forward(2)

    assert derived(today, "2026-11-23") == without
    assert bytes(16) == salt(luot)


def test_a_process_that_starts_without_redis_finds_the_salt_in_a_journal(
    host: Hosts, own_valkey: servers.Valkey
) -> None:
    before = host("a")
    before.hit("/a")
    known = salt(before)
    before.runtime.close()
    own_valkey.stop()
    after = host("a")

    assert known == salt(after)
    assert "queued" == after.hit("/a").headers["Luot-Result"]


def test_without_any_salt_a_hit_is_refused(host: Hosts, own_valkey: servers.Valkey) -> None:
    own_valkey.stop()
    luot = host("a")

    assert 503 == luot.hit("/a").status_code
    with pytest.raises(StoreUnavailable, match="no salt of 2026-11-22 can be had"):
        salt(luot)


@pytest.mark.parametrize("snapshots", [0, 1])
def test_an_emptied_redis_gets_its_salt_back_whoever_asks_first(
    host: Hosts, own_valkey: servers.Valkey, snapshots: int
) -> None:
    first = host("a")
    first.hit("/a")
    for _ in range(snapshots):
        first.snapshot()
    known = salt(first)
    until(lambda: watermarks(first.runtime.database, "s1"))
    own_valkey.client.flushall()
    other = host("b")
    # It knows no salt until the first host was heard, and refuses hits as long.
    until(lambda: other.hit("/a").status_code < 300)
    until(lambda: first.runtime.store.status("s1").is_open)
    first.clock.forward(3_601)
    first.hit("/a")
    other.hit("/a")

    assert [known, known] == [salt(first), salt(other)]
    assert (4, 2, 1) == first.totals("2026-11-22")
