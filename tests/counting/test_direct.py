"""
What a recorder without a journal does when a reply is lost: it asks again, and never counts again.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Luot, MakeLuot, SetClock
from tests.proxies import LosingProxy, losing_proxy
from tests.servers import Valkey


@pytest.fixture
def proxy(tmp_path: Path, valkey: Valkey) -> Iterator[LosingProxy]:
    with losing_proxy(tmp_path, valkey.socket) as proxy:
        yield proxy


@pytest.fixture
def luot(proxy: LosingProxy, tmp_path: Path, clock: SetClock) -> Iterator[Luot]:
    make = MakeLuot(tmp_path, proxy.url, clock)
    yield make(durability="redis")
    make.close()


def test_a_hit_whose_reply_was_lost_is_counted_once(luot: Luot, proxy: LosingProxy) -> None:
    for _ in range(5):
        luot.hit()
        proxy.lose_next(lambda: None)

        assert luot.hit().headers["Luot-Result"] == "counted"
    assert proxy.lost == 5
    assert luot.counters()["views"]["total"] == 10


def test_it_is_counted_once_also_when_redis_has_to_be_confirmed_before_the_second_try(
    luot: Luot, proxy: LosingProxy, valkey: Valkey
) -> None:
    # Given a hit that was counted, and a Redis that was started anew before its reply came
    luot.hit()
    proxy.lose_next(lambda: valkey.client.hset("luot:{s1}:state", "server", "the one before"))
    again = luot.hit()

    # Then the site was confirmed, and the hit was recognised by the number of its batch
    assert again.headers["Luot-Result"] == "counted"
    assert proxy.lost == 1
    assert luot.counters()["views"]["total"] == 2


def test_a_redis_that_lost_its_last_moments_gets_the_next_hit_under_a_new_producer(
    luot: Luot, valkey: Valkey
) -> None:
    luot.hit()
    luot.hit()
    producer = next(f for f in valkey.client.hkeys("luot:{s1}:state") if str(f).startswith("p:"))
    valkey.client.hset("luot:{s1}:state", str(producer), "1 0")

    assert luot.hit().headers["Luot-Result"] == "counted"
    assert luot.counters()["views"]["total"] == 3
