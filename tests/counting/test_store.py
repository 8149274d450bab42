"""
Redis' own refusals, in words of Luot's.
"""

import pytest

from service.counting.store import Store, library_source
from service.errors import StoreUnavailable, StoreUnfit
from tests import servers


def test_a_wrong_password_is_told_as_such_and_not_shown() -> None:
    with servers.valkey("--requirepass", "right") as server:
        url = f"unix://:wrong-one@{server.socket}"
        with pytest.raises(
            StoreUnfit, match="look at the user and password in redis_url"
        ) as caught:
            Store(url).check_fitness()

    assert "wrong-one" not in str(caught.value)


def test_a_replica_is_no_place_to_count() -> None:
    with servers.valkey() as primary, servers.valkey() as replica:
        replica.client.replicaof("127.0.0.1", "1")

        with pytest.raises(StoreUnfit, match="redis_url must name its primary"):
            Store(replica.url).check_fitness()
        assert primary.answers()


def test_a_redis_that_is_full_can_be_asked_again() -> None:
    with servers.valkey("--maxmemory", "1mb", "--maxmemory-policy", "noeviction") as server:
        store = Store(server.url)
        with pytest.raises(StoreUnavailable, match="Redis refuses to write"):
            store.call("salt", ["luot:{s1}:salt:2026-11-22"], ["ab", 1000])


def test_the_library_is_loaded_once_and_not_again(valkey: servers.Valkey) -> None:
    store = Store(valkey.url)
    store.load_library()
    before = valkey.client.info("commandstats")["cmdstat_function|load"]["calls"]
    store.load_library()

    after = valkey.client.info("commandstats")["cmdstat_function|load"]["calls"]
    assert before == after
    assert library_source().startswith("#!lua name=luot_v1\n")
