"""
Redis as a lane meets it: every answer and every refusal, on a real server.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from service.counting.links import Call, Gap, RedisLink, Standing
from service.counting.wire import Limits, batch
from service.errors import SiteNotOpen, StoreUnavailable
from tests import servers
from tests.conftest import Luot, MakeLuot, SetClock
from tests.counting.builders import a_hit

Asked = Callable[[RedisLink], Coroutine[Any, Any, Any]]


@pytest.fixture
def own_valkey() -> Iterator[servers.Valkey]:
    with servers.valkey("--appendonly", "no") as server:
        yield server


@pytest.fixture
def luot(own_valkey: servers.Valkey, tmp_path: Any, clock: SetClock) -> Iterator[Luot]:
    make = MakeLuot(tmp_path, own_valkey.url, clock)
    luot = make()
    luot.runtime.open_site("s1")
    yield luot
    make.close()


def ask(luot: Luot, what: Asked) -> Any:
    async def asked() -> Any:
        site = luot.runtime.sites["s1"]
        url = luot.runtime.settings.redis_url
        link = RedisLink(url, lambda _: site.moment(luot.clock.ms), luot.runtime.open_site)
        try:
            return await what(link)
        finally:
            await link.close()

    return asyncio.run(asked())


def standing(luot: Luot, producer: str = "p1") -> Standing:
    (found,) = ask(luot, lambda link: link.standings("s1", [producer]))
    assert isinstance(found, Standing)
    return found


def a_call(luot: Luot, seq: int, producer: str = "p1") -> Call:
    site = luot.runtime.sites["s1"]
    limits = Limits.of(luot.runtime.settings)
    told = batch(site, [a_hit(luot, "/a")], limits, luot.clock.ms)
    return Call("s1", 1, producer, seq, told.packed, luot.clock.ms - 1_000)


def test_a_site_and_a_producer_stand_where_they_are(luot: Luot) -> None:
    luot.hit("/a")

    process = luot.runtime.store.status("s1").run_id
    assert Standing(True, 1, "open", f"2 {process}", 0, 0) == standing(luot)
    ask(luot, lambda link: link.record(a_call(luot, 1)))
    assert 1 == standing(luot).last
    assert [0, 1] == [s.last for s in ask(luot, lambda link: link.standings("s1", ["p0", "p1"]))]


def test_a_batch_is_counted_known_or_misses_the_one_before(luot: Luot) -> None:
    said = [ask(luot, partial(RedisLink.record, call=a_call(luot, n))) for n in (1, 1, 3)]

    assert ["applied", "known", "gap"] == [reply[0] for reply in said]
    assert (["counted"], "1", "1") == (said[0][1], said[1][1], said[2][1])
    assert 1 == luot.counters()["views"]["total"]


def test_an_older_life_is_refused(luot: Luot) -> None:
    with pytest.raises(SiteNotOpen, match="the site has epoch 1"):
        ask(luot, lambda link: link.record(replace(a_call(luot, 1), epoch=7)))


def test_what_is_lost_is_noted_once(luot: Luot) -> None:
    gap = Gap("s1", 1, "p1", 0, 4, hits=9, batches=2)
    for _ in range(2):
        ask(luot, lambda link: link.skip(gap))
    rows = luot.runtime.store.commands.hgetall("luot:{s1}:delta")

    assert 4 == standing(luot).last
    assert ["9", "2"] == [rows[f"f\t2026-11-22\t12\t{word}"] for word in ("lost", "lost_batches")]
    assert "applied" == ask(luot, lambda link: link.record(a_call(luot, 5)))[0]


def test_a_salt_is_put_where_there_is_none(luot: Luot) -> None:
    for salt in (b"one", b"two"):
        put = partial(RedisLink.put_salt, site="s1", day="2026-11-21", salt=salt)
        ask(luot, partial(put, end_ms=luot.clock.ms))

    assert b"one".hex() == luot.runtime.store.commands.get("luot:{s1}:salt:2026-11-21")


def test_the_functions_are_loaded_when_they_are_missing(
    luot: Luot, own_valkey: servers.Valkey
) -> None:
    own_valkey.client.function_flush()

    assert "open" == standing(luot).phase


@pytest.mark.parametrize("how", ["stopped", "paused"])
def test_a_redis_that_does_not_answer_in_time_is_away(
    luot: Luot, own_valkey: servers.Valkey, how: str
) -> None:
    if how == "stopped":
        own_valkey.stop()
    else:
        own_valkey.client.client_pause(2_000, all=True)

    with pytest.raises(StoreUnavailable, match="Redis: "):
        standing(luot)


def test_a_full_redis_is_away_for_writing_only(luot: Luot, own_valkey: servers.Valkey) -> None:
    call = a_call(luot, 1)
    own_valkey.client.config_set("maxmemory", "1mb")

    assert "open" == standing(luot).phase
    with pytest.raises(StoreUnavailable, match="refuses to write"):
        ask(luot, lambda link: link.record(call))


def test_arriving_counts_in_its_own_round(luot: Luot) -> None:
    now = standing(luot)
    number, _, process = now.round.partition(" ")
    ask(luot, lambda link: link.arrive("s1", "p1", replace(now, round=f"1 {process}")))
    ask(luot, lambda link: link.arrive("s1", "p2", now))
    rows = luot.runtime.store.commands.hgetall("luot:{s1}:state")

    assert ("2", None, now.round) == (number, rows.get("a:p1"), rows.get("a:p2"))


def test_a_round_does_not_come_again_after_a_file_lost_its_end(
    luot: Luot, own_valkey: servers.Valkey
) -> None:
    # Given a producer that has told a Redis of whose life nothing is left afterwards
    luot.hit("/a")
    luot.snapshot()
    commands, key = luot.runtime.store.commands, "luot:{s1}:state"
    lost = commands.hgetall(key)
    told = standing(luot)

    # When another process has the state of before, and begins a phase under the next number
    own_valkey.kill()
    own_valkey.start()
    commands.delete(key)
    first_round = f"0 {told.round.split()[1]}"
    for name, value in [*lost.items(), ("round", first_round)]:
        commands.hset(key, name, value)
    luot.runtime.open_site("s1")
    again = standing(luot)

    # Then it is another round, and who has told the lost one has not told this
    assert again.round.split()[1] != told.round.split()[1]
    ask(luot, lambda link: link.arrive("s1", "p1", replace(again, round=told.round)))
    late = f"0 {told.round.split()[1]}"
    ask(luot, lambda link: link.arrive("s1", "p1", replace(again, round=late)))
    assert "a:p1" not in commands.hgetall(key)
