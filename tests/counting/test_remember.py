"""
The function ``remember``: after who was seen is lost, later hits count as if it had not been.
"""

import secrets
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from service.counting.deltas import parse_delta
from service.counting.keys import SiteKeys
from service.counting.wire import Batch, Item, Limits, batch
from service.errors import SiteNotOpen
from service.intake.beacons import Arrival, Sender
from service.intake.hits import Filter, Filtered, Hit
from service.intake.payloads import Payload
from tests.conftest import CHROME, Luot, MakeLuot

#: In seconds.
MINUTE, HALF_HOUR = 60, 1_800

#: At which second of a visit which page was viewed.
VIEWS = [(0, 0), (300, 2), (600, 0)]


@dataclass(frozen=True)
class Seen:
    """
    A hit of a reader at a second of the day.
    """

    second: int
    reader: int
    page: int
    id: int | None
    event: bool
    internal: bool


@dataclass
class Sending:
    """
    One site's hits, sent by one producer.
    """

    luot: Luot
    site: str
    #: The moment from which seconds are counted.
    begin_ms: int
    seq: int = 0
    producer: str = field(default_factory=lambda: secrets.token_hex(16))

    def __post_init__(self) -> None:
        self.epoch = self.luot.runtime.open_site(self.site)

    def hit(self, seen: Seen) -> Hit:
        runtime = self.luot.runtime
        now = self.begin_ms + seen.second * 1000
        payload = Payload(
            path=f"/{seen.page}",
            id=None if seen.id is None else f"id-{seen.id:016d}",
            event="play" if seen.event else None,
            referrer=f"https://{self.site}.example/" if seen.internal else "https://zalo.me/",
        )
        sender = Sender(f"203.0.113.{seen.reader}", CHROME)
        item = runtime.intake.take(
            payload, runtime.sites[self.site], sender, Arrival(now, now)
        ).item
        assert isinstance(item, Hit)
        return item

    def batch(self, items: list[Item]) -> Batch:
        runtime = self.luot.runtime
        limits = Limits.of(runtime.settings)
        return batch(runtime.sites[self.site], items, limits, self.luot.clock.ms)

    def record(self, told: Batch) -> list[str]:
        self.seq += 1
        args = [self.epoch, self.producer, self.seq, self.luot.clock.ms, told.packed, "", "", 0]
        word, results, _ = self.luot.runtime.store.call("record", told.keys, args)
        assert word == "applied"
        assert isinstance(results, list)
        return results

    def remember(self, told: Batch) -> int:
        args = [self.epoch, self.luot.clock.ms, told.packed]
        return int(self.luot.runtime.store.call("remember", told.keys, args))

    def forget_seen(self) -> None:
        redis = self.luot.runtime.store.commands
        for name in ("visitors", "views", "ids", "online", "batch"):
            for key in redis.scan_iter(f"luot:{{{self.site}}}:{name}*"):
                redis.delete(key)

    def numbers(self) -> dict[str, dict[str, str]]:
        """
        All numbers of the site, without who sent them.
        """
        redis, keys = self.luot.runtime.store.commands, SiteKeys(self.site)
        told = {
            name: dict(redis.hgetall(key))
            for name, key in (
                ("delta", keys.delta),
                ("pages", keys.pages),
                ("days", keys.days),
                ("state", keys.state),
            )
        }
        numbers = {
            name: {
                str(f): str(value)
                for f, value in rows.items()
                if not str(f).startswith(("p:", "p\t", "n\t", "r\t", "tip", "phase"))
            }
            for name, rows in told.items()
        }
        return {**numbers, "together": together(told["delta"])}


def together(delta: dict[Any, Any]) -> dict[str, str]:
    """
    Readers of each pair of pages, in a delta that is still open.
    """
    mark = {f"m\t{name}": "0" for name in ("token", "number", "parent", "epoch")}
    rows = {str(f): str(value) for f, value in delta.items() if str(f).startswith("r\t")}
    return {" ".join(pair): str(n) for pair, n in parse_delta({**mark, **rows}).together.items()}


def hits_of(visits: list[Any], first_id: int) -> list[Seen]:
    """
    Visits of each reader, one after the other, none longer than the gap that ends one.
    """
    found: list[Seen] = []
    at = dict.fromkeys(range(3), 0)
    for reader, gap, hits in visits:
        second = at[reader] + gap
        for step, page, has_id, event, internal in hits:
            second += step
            number = first_id + len(found) if has_id else None
            found.append(Seen(second, reader, page, number, event, internal))
        at[reader] = second
    return sorted(found, key=lambda hit: (hit.second, hit.reader))


_hit = st.tuples(
    st.integers(1, 5 * MINUTE),
    st.integers(0, 3),
    st.booleans(),
    st.sampled_from([False, False, True]),
    st.booleans(),
)
_visit = st.tuples(
    st.integers(0, 2),
    st.sampled_from([HALF_HOUR, HALF_HOUR + 7, 2 * HALF_HOUR]),
    st.lists(_hit, min_size=1, max_size=5),
)
_later = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from([MINUTE, HALF_HOUR - MINUTE * 30, HALF_HOUR, 2 * HALF_HOUR]),
        st.lists(_hit, min_size=1, max_size=4),
    ),
    min_size=1,
    max_size=4,
)


@pytest.fixture
def two_sites(make_luot: MakeLuot) -> Luot:
    return make_luot(sites={"s2": {"name": "Two", "hosts": ["s2.example"], "timezone": "UTC"}})


@given(
    st.lists(_visit, min_size=1, max_size=6),
    _later,
    st.integers(1, 4),
    st.randoms(use_true_random=False),
)
@settings(
    max_examples=60,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_later_hits_count_as_if_nobody_had_been_forgotten(
    two_sites: Luot, visits: list[Any], later: list[Any], size: int, chance: Any
) -> None:
    # Given two sites with the same hits, of which one has lost who was seen
    luot = two_sites
    luot.runtime.store.commands.flushall()
    luot.clock.set("2026-11-22T00:00:00Z")
    lost, kept = (Sending(luot, site, luot.clock.ms) for site in ("s1", "s2"))
    before = hits_of(visits, 0)
    end = max(hit.second for hit in before)
    luot.clock.forward(end)
    batches = {}
    for sending in (lost, kept):
        parts = [before[n : n + size] for n in range(0, len(before), size)]
        batches[sending.site] = [sending.batch(list(map(sending.hit, part))) for part in parts]
        for told in batches[sending.site]:
            sending.record(told)
    assert lost.numbers() == kept.numbers()
    numbers = lost.numbers()
    lost.forget_seen()

    # When its batches are remembered, in any order and some of them twice
    again = batches["s1"] + batches["s1"][::2]
    chance.shuffle(again)
    luot.runtime.store.commands.hset(SiteKeys("s1").state, "phase", "remember")
    for told in again:
        lost.remember(told)
    luot.runtime.store.commands.hset(SiteKeys("s1").state, "phase", "open")
    assert lost.numbers() == numbers

    # Then later hits, and late copies of those before, give both sites the same numbers
    after = [
        Seen(hit.second + end, hit.reader, hit.page, hit.id, hit.event, hit.internal)
        for hit in hits_of(later, 1_000)
    ]
    after += [hit for hit in before if hit.id is not None]
    for hit in after:
        assert lost.record(lost.batch([lost.hit(hit)])) == kept.record(kept.batch([kept.hit(hit)]))
    assert lost.numbers() == kept.numbers()


@pytest.fixture
def sending(luot: Luot) -> Sending:
    return Sending(luot, "s1", luot.clock.ms)


def a_view(second: int = 0, number: int | None = 1) -> Seen:
    return Seen(second, 1, 1, number, event=False, internal=False)


def test_the_last_page_of_a_visit_is_known_whatever_is_remembered_first(sending: Sending) -> None:
    # Given a visit of /0, /2, /0 without ids, and an event after it
    views = [Seen(second, 1, page, None, event=False, internal=True) for second, page in VIEWS]
    event = Seen(900, 1, 3, None, event=True, internal=True)
    told = [sending.batch(list(map(sending.hit, part))) for part in (views, [event])]
    for batch_ in told:
        sending.record(batch_)
    sending.forget_seen()

    # When the event is remembered first, and all of it twice
    for batch_ in (told[1], told[0], told[1], told[0]):
        sending.remember(batch_)

    # Then a view of another page comes after /0
    later = Seen(1_000, 1, 2, None, event=False, internal=True)
    sending.record(sending.batch([sending.hit(later)]))
    delta = sending.luot.runtime.store.commands.hgetall(SiteKeys("s1").delta)
    assert [str(n) for row, n in delta.items() if str(row).endswith("\t2\t/0\t/2")] == ["1"]


@pytest.mark.parametrize("phase", ["remember", "count", "open"])
def test_it_is_allowed_until_the_site_is_open_and_after(sending: Sending, phase: str) -> None:
    told = sending.batch([sending.hit(a_view())])
    sending.luot.runtime.store.commands.hset(SiteKeys("s1").state, "phase", phase)

    assert sending.remember(told) == 1


@pytest.mark.parametrize(("field_", "value"), [("phase", "load"), ("epoch", "9"), ("server", "x")])
def test_another_phase_epoch_or_server_is_refused(
    sending: Sending, field_: str, value: str
) -> None:
    told = sending.batch([sending.hit(a_view())])
    redis = sending.luot.runtime.store.commands
    redis.hset(SiteKeys("s1").state, field_, value)

    with pytest.raises(SiteNotOpen):
        sending.remember(told)


def test_filtered_requests_and_hits_of_closed_days_are_left_out(sending: Sending) -> None:
    moment = sending.luot.runtime.sites["s1"].moment(sending.luot.clock.ms)
    told = sending.batch([Filtered("s1", Filter.BOT, moment), sending.hit(a_view())])
    redis = sending.luot.runtime.store.commands
    keys = set(redis.scan_iter())
    sending.luot.clock.forward(2 * 86_400)

    assert sending.remember(told) == 0
    assert set(redis.scan_iter()) == keys


def test_what_it_puts_back_lives_as_long_as_what_was_counted(sending: Sending) -> None:
    told = sending.batch([sending.hit(a_view())])
    redis = sending.luot.runtime.store.commands
    sending.record(told)
    lives = {key: redis.ttl(key) for key in redis.scan_iter()}
    sending.forget_seen()
    sending.remember(told)

    again = {key: redis.ttl(key) for key in redis.scan_iter()}
    assert set(again) == set(lives)
    assert all(abs(again[key] - lives[key]) <= 5 for key in lives)


def test_a_named_batch_that_was_remembered_is_known(luot: Luot) -> None:
    headers = {"Authorization": f"Bearer {luot.token}", "Idempotency-Key": "night-1"}
    body = [{"site": "s1", "path": "/a"}]
    sent = luot.http.post("/api/v1/hits", json=body, headers=headers)
    redis = luot.runtime.store.commands
    names = list(redis.scan_iter("luot:{s1}:batch:*"))

    assert sent.status_code == 200
    assert len(names) == 1
