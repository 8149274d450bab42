"""
The same journey on several machines: a cluster, Sentinels, two web hosts, a pool of PostgreSQL.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from service.errors import StoreUnavailable
from service.runtime import Runtime
from tests import machines
from tests.agreement import assert_agreement
from tests.conftest import Luot, MakeLuot, SetClock, settings_for
from tests.servers import Valkey, until

#: Sites that lie on different nodes of a cluster of three.
SITES = ("s1", "s2", "s3")


@pytest.fixture(scope="module")
def cluster() -> Iterator[machines.ClusterServers]:
    with machines.cluster() as servers:
        yield servers


@pytest.fixture
def watched() -> Iterator[machines.Watched]:
    with machines.watched() as servers:
        yield servers


def is_open(luot: Luot, site: str = "s1") -> bool:
    with suppress(StoreUnavailable):
        return luot.runtime.store.status(site).is_open
    return False


def journey(luot: Luot, lose: Callable[[], object]) -> None:
    """
    Hits are counted once, stand in SQL, and are there again after a loss.
    """
    for number in range(12):
        said = luot.hit(f"/{number % 3}", id=f"{number:016d}", address=f"203.0.113.{number % 4}")
        assert said.headers["Luot-Result"] in {"counted", "queued"}
    until(lambda: luot.counters()["views"]["total"] == 12)
    assert 1 <= luot.snapshot()
    luot.hit("/3", id="x" * 16)
    lose()
    luot.hit("/3", id="x" * 16)
    until(lambda: is_open(luot) and luot.counters()["views"]["total"] == 13)
    luot.snapshot()

    assert (13, 5, 5) == luot.totals("2026-11-22")
    assert 4 == luot.counters("/0")["pages"]["/0"]["views"]
    assert_agreement(luot)


def test_the_sites_of_a_cluster_lie_on_different_nodes(cluster: machines.ClusterServers) -> None:
    assert 3 == len({cluster.holder(site).port for site in SITES})


def test_a_cluster_counts_as_one_redis_does_and_gives_back_what_a_node_lost(
    cluster: machines.ClusterServers, tmp_path: Path, clock: SetClock
) -> None:
    make = MakeLuot(tmp_path, cluster.url, clock)
    luot = make(sites={s: {"name": s, "hosts": [f"{s}.example"]} for s in SITES[1:]})

    def lose() -> None:
        with cluster.holder("s1").client() as client:
            client.execute_command("FLUSHALL")

    journey(luot, lose)
    for site in SITES[1:]:
        said = luot.hit(site=site, headers={"Origin": f"https://{site}.example"})
        assert "counted" == said.headers["Luot-Result"]
    make.close()


def test_a_site_whose_slot_was_moved_goes_on_at_its_new_node(
    cluster: machines.ClusterServers, tmp_path: Path, clock: SetClock
) -> None:
    make = MakeLuot(tmp_path, cluster.url, clock)
    luot = make(sites={"moved": {"name": "M", "hosts": ["m.example"]}})
    luot.site = "moved"
    here = {"Origin": "https://m.example"}
    luot.hit("/a", id="a" * 16, headers=here)
    other = next(s for s in cluster.servers if s is not cluster.holder("moved"))
    cluster.move("moved", other)

    # The server is another one, so it is confirmed first; who was there is known, and the id too.
    until(lambda: luot.hit("/a", id="a" * 16, headers=here).headers["Luot-Result"] == "duplicate")
    until(lambda: luot.counters()["views"]["total"] == 1 and not luot.counters()["stale"])
    make.close()


def test_a_fail_over_that_sentinel_decides_loses_nothing(
    watched: machines.Watched, tmp_path: Path, clock: SetClock
) -> None:
    make = MakeLuot(tmp_path, watched.url, clock)
    luot = make()

    def lose() -> None:
        before = watched.leader()
        watched.primary.kill()
        until(lambda: watched.leader() != before)

    journey(luot, lose)
    make.close()


def test_two_web_hosts_with_one_redis_count_together(
    valkey: Valkey, tmp_path: Path, clock: SetClock, postgresql_url: str
) -> None:
    makes = [MakeLuot(tmp_path / name, valkey.url, clock) for name in ("one", "two")]
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    hosts = [make(database_url=postgresql_url) for make in makes]
    for number in range(10):
        for host in hosts:
            # Each id comes to both, as when a balancer sends a second copy elsewhere.
            host.hit("/a", id=f"{number:016d}", address=f"203.0.113.{number}")

    assert 10 == hosts[0].counters()["views"]["total"]
    assert 10 == hosts[1].counters()["visits"]["total"]
    until(lambda: hosts[0].snapshot() >= 0 and hosts[1].totals("2026-11-22") == (10, 10, 10))
    for make in makes:
        make.close()


def test_no_more_connections_to_postgresql_than_are_allowed(
    valkey: Valkey, tmp_path: Path, postgresql_url: str
) -> None:
    told = settings_for(tmp_path, valkey.url, database_url=postgresql_url, database_connections=2)
    runtime = Runtime(told)
    with runtime.database.read(), runtime.database.read():
        engine = runtime.database._engine

        assert (2, 0) == (engine.pool.checkedout(), engine.pool._max_overflow)  # type: ignore[attr-defined]
    runtime.close()
