"""
What happens when Redis was restarted, emptied, or is not the one that SQL knows.

Here nothing but Redis keeps the hits; ``test_restoring`` has the same with journals.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.errors import ArchiveBehind, RestoreNeeded, StoreUnavailable
from tests import servers
from tests.agreement import assert_agreement
from tests.conftest import Luot, MakeLuot, SetClock


@pytest.fixture(params=["kept", "not kept"])
def own_valkey(request: pytest.FixtureRequest) -> Iterator[servers.Valkey]:
    """
    A Valkey of the test's own, with or without an append-only file.
    """
    kept = "yes" if request.param == "kept" else "no"
    with servers.valkey("--appendonly", kept, "--appendfsync", "always") as server:
        yield server


@pytest.fixture
def luot(own_valkey: servers.Valkey, tmp_path: Path, clock: SetClock) -> Iterator[Luot]:
    make = MakeLuot(tmp_path, own_valkey.url, clock)
    yield make(durability="redis")
    make.close()


kept = pytest.mark.parametrize("own_valkey", ["kept"], indirect=True)
emptied = pytest.mark.parametrize("own_valkey", ["not kept"], indirect=True)


@kept
@pytest.mark.parametrize("ends", ["stop", "kill"])
def test_a_restart_of_redis_changes_no_number(
    luot: Luot, own_valkey: servers.Valkey, ends: str
) -> None:
    for number in range(10):
        luot.hit(f"/{number % 3}", id=f"{number:016d}")
    before = luot.counters("/0", "/1")
    getattr(own_valkey, ends)()
    own_valkey.start()

    assert before == luot.counters("/0", "/1")
    assert luot.hit("/0", id=f"{0:016d}").headers["Luot-Result"] == "duplicate"
    luot.hit("/0")
    luot.snapshot()
    assert_agreement(luot)
    assert luot.counters()["views"]["total"] == 11


@kept
def test_while_redis_is_away_hits_are_refused_and_numbers_are_stale(
    luot: Luot, own_valkey: servers.Valkey
) -> None:
    for _ in range(3):
        luot.hit("/a")
    before = luot.counters("/a")
    own_valkey.stop()
    refused = luot.hit("/a")
    filtered = luot.hit("/a", headers={"DNT": "1"})
    pixel = luot.http.get(
        "/hit.gif?site=s1&path=/a", headers={"User-Agent": "Mozilla/5.0 Firefox/140.0"}
    )

    assert (
        refused.status_code,
        refused.headers["Luot-Result"],
    ) == (503, "rejected; reason=storage")
    assert "Retry-After" in refused.headers
    assert (
        filtered.status_code,
        filtered.headers["Luot-Result"],
    ) == (204, "filtered; reason=optout")
    assert (pixel.status_code, pixel.data[:3]) == (503, b"GIF")
    assert {**before, "stale": True} == luot.counters("/a")
    assert luot.counters("/never-asked")["pages"] == {"/never-asked": None}


@kept
def test_a_process_that_saw_no_number_shows_those_of_sql(
    luot: Luot, own_valkey: servers.Valkey, tmp_path: Path, clock: SetClock
) -> None:
    for _ in range(3):
        luot.hit("/a")
    fresh = luot.counters("/a")
    luot.snapshot()
    own_valkey.stop()
    make = MakeLuot(tmp_path, own_valkey.url, clock)
    stale = make().counters("/a")
    make.close()

    assert {**fresh, "stale": True, "online": None, "as_of": stale["as_of"]} == stale


@kept
def test_without_any_numbers_there_is_no_zero_but_a_503(
    own_valkey: servers.Valkey, tmp_path: Path, clock: SetClock
) -> None:
    own_valkey.stop()
    make = MakeLuot(tmp_path, own_valkey.url, clock)
    answer = make().http.get("/counters?site=s1&path=/a")
    make.close()

    assert answer.status_code == 503
    assert answer.get_json() == {"error": "storage"}


@emptied
def test_an_emptied_redis_is_given_what_sql_holds(luot: Luot, own_valkey: servers.Valkey) -> None:
    for _ in range(3):
        luot.hit("/a")
    luot.snapshot()
    own_valkey.kill()
    own_valkey.start()

    assert luot.hit("/a").status_code == 204
    shown = luot.counters("/a")
    assert (shown["stale"], shown["views"]["total"]) == (False, 4)
    luot.snapshot()
    assert_agreement(luot)


@emptied
def test_a_site_that_sql_has_no_number_of_begins_anew(
    luot: Luot, own_valkey: servers.Valkey
) -> None:
    luot.hit("/a")
    own_valkey.kill()
    own_valkey.start()

    assert luot.hit("/a").status_code == 204
    luot.snapshot()
    assert_agreement(luot)


@kept
def test_a_redis_that_was_put_back_to_an_older_state_is_noticed(
    luot: Luot, own_valkey: servers.Valkey
) -> None:
    luot.hit("/a")
    luot.snapshot()
    older = own_valkey.client.hgetall("luot:{s1}:state")
    luot.hit("/a")
    luot.snapshot()
    older["server"] = "the process before"
    own_valkey.client.hset("luot:{s1}:state", mapping={str(k): str(v) for k, v in older.items()})

    with pytest.raises(RestoreNeeded, match="it is at snapshot 1 of epoch 1, SQL at 2 of 1"):
        luot.runtime.open_site("s1")
    ready = luot.http.get("/readyz")
    assert ready.status_code == 503
    assert "Redis has lost its numbers" in ready.get_json()["reasons"][0]


@kept
def test_a_database_that_was_put_back_to_an_older_state_is_noticed(
    luot: Luot, own_valkey: servers.Valkey
) -> None:
    luot.hit("/a")
    luot.snapshot()
    with luot.runtime.database.write() as connection:
        connection.exec_driver_sql("UPDATE site SET head = 'older', number = 0")
    own_valkey.client.hset("luot:{s1}:state", "server", "the process before")

    with pytest.raises(ArchiveBehind, match="Put back the newer database"):
        luot.runtime.open_site("s1")


@kept
def test_the_library_is_loaded_again_when_it_is_missing(
    luot: Luot, own_valkey: servers.Valkey
) -> None:
    luot.hit("/a")
    own_valkey.client.function_flush()

    assert luot.hit("/a").status_code == 204
    assert luot.counters()["views"]["total"] == 2


@kept
def test_a_redis_that_may_throw_keys_away_is_not_ready(
    luot: Luot, own_valkey: servers.Valkey
) -> None:
    own_valkey.client.config_set("maxmemory-policy", "allkeys-lru")
    answer = luot.http.get("/readyz")

    assert answer.status_code == 503
    assert "maxmemory-policy allkeys-lru" in answer.get_json()["reasons"][0]


@kept
def test_a_lost_reply_is_asked_for_again_under_the_same_number(
    luot: Luot, own_valkey: servers.Valkey
) -> None:
    # Redis is too busy to answer the first try in time, and has counted it all the same.
    luot.hit("/a")
    luot.runtime.store.commands.connection_pool.disconnect()
    own_valkey.client.client_pause(1500, all=False)

    assert luot.hit("/a").headers["Luot-Result"] == "counted"
    assert luot.counters()["views"]["total"] == 2


def test_errors_of_the_client_library_do_not_come_through(
    luot: Luot, own_valkey: servers.Valkey
) -> None:
    own_valkey.stop()

    with pytest.raises(StoreUnavailable, match="Redis: ConnectionError"):
        luot.runtime.store.status("s1")
