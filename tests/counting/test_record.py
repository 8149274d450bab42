"""
The function ``record`` itself: producers, epochs, phases, servers, caps, and what stays untouched.
"""

import secrets
from typing import Any

import msgspec
import pytest

from service.counting.keys import SiteKeys
from service.counting.wire import Limits, batch
from service.errors import SiteNotOpen, StoreError
from service.intake.hits import Filter, Filtered
from tests.conftest import Luot, MakeLuot
from tests.servers import Valkey


class Producer:
    """
    Sends batches by hand.
    """

    def __init__(self, luot: Luot) -> None:
        self.luot = luot
        self.epoch = luot.runtime.open_site("s1")
        self.name = secrets.token_hex(16)
        site = luot.runtime.sites["s1"]
        moment = site.moment(luot.clock.ms)
        items = [Filtered("s1", Filter.BOT, moment)]
        self.batch = batch(site, items, Limits.of(luot.runtime.settings), luot.clock.ms)

    def send(self, seq: int, **other: Any) -> Any:
        told = {
            "epoch": self.epoch,
            "producer": self.name,
            "seq": seq,
            "now": self.luot.clock.ms,
            "packed": self.batch.packed,
            "keys": self.batch.keys,
            **other,
        }
        args = [told[name] for name in ("epoch", "producer", "seq", "now", "packed")]
        return self.luot.runtime.store.call("record", told["keys"], [*args, "", "", 0])


@pytest.fixture
def producer(luot: Luot) -> Producer:
    return Producer(luot)


@pytest.fixture
def raw(valkey: Valkey) -> Any:
    import redis  # noqa: PLC0415 - values of any bytes are only compared here

    return redis.Redis(unix_socket_path=str(valkey.socket))


def test_a_batch_is_applied_once_and_known_afterwards(producer: Producer) -> None:
    replies = [producer.send(seq) for seq in (1, 2, 2, 1)]

    assert [
        ["applied", ["filtered"], None],
        ["applied", ["filtered"], None],
        ["known", "2"],
        ["known", "2"],
    ] == replies


def test_a_batch_before_which_one_is_missing_changes_nothing(producer: Producer, raw: Any) -> None:
    producer.send(1)
    before = {key: raw.dump(key) for key in raw.scan_iter()}

    assert ["gap", "1"] == producer.send(3)
    assert before == {key: raw.dump(key) for key in raw.scan_iter()}


@pytest.mark.parametrize(
    ("field", "value"), [("epoch", "7"), ("server", "another"), ("phase", "load")]
)
def test_another_epoch_server_or_phase_is_refused(
    producer: Producer, raw: Any, field: str, value: str
) -> None:
    raw.hset("luot:{s1}:state", field, value)
    before = {key: raw.dump(key) for key in raw.scan_iter()}

    with pytest.raises(SiteNotOpen):
        producer.send(1)
    assert before == {key: raw.dump(key) for key in raw.scan_iter()}


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"\xc1",
        msgspec.msgpack.encode([1]),
        msgspec.msgpack.encode([2]),
        msgspec.msgpack.encode([2, [], [], [], [], [], [], [], [], [], [[0]]]),
        msgspec.msgpack.encode("text"),
    ],
)
def test_what_is_no_batch_changes_nothing(producer: Producer, raw: Any, packed: bytes) -> None:
    before = {key: raw.dump(key) for key in raw.scan_iter()}

    with pytest.raises(StoreError):
        producer.send(1, packed=packed)
    assert before == {key: raw.dump(key) for key in raw.scan_iter()}


def test_a_batch_with_an_item_that_cannot_be_read_is_refused_whole(
    producer: Producer, raw: Any
) -> None:
    told = msgspec.msgpack.decode(producer.batch.packed)
    told[10] += [[1, "no time", 2, 0, 1]]
    before = {key: raw.dump(key) for key in raw.scan_iter()}

    with pytest.raises(StoreError):
        producer.send(1, packed=msgspec.msgpack.encode(told))
    assert before == {key: raw.dump(key) for key in raw.scan_iter()}


def test_more_than_three_hundred_hits_a_minute_of_one_visitor_are_a_flood(luot: Luot) -> None:
    results = [luot.hit(id=f"{n:016d}").headers["Luot-Result"] for n in range(302)]
    luot.clock.forward(60)
    results.append(luot.hit().headers["Luot-Result"])

    assert [*300 * ["counted"], *2 * ["filtered; reason=flood"], "counted"] == results
    assert "duplicate" == luot.hit(id=f"{301:016d}").headers["Luot-Result"]


def test_past_the_cap_new_pages_count_as_other_and_known_ones_keep_their_name(
    make_luot: MakeLuot,
) -> None:
    luot = make_luot(pages_per_day=3)
    for number in (0, 1, 2, 3, 4, 1):
        luot.hit(f"/{number}", address=f"203.0.113.{number}")
    luot.snapshot()

    pages = luot.report("pages", period="today")["pages"]
    expected = {"/0": (1, 1), "/1": (2, 1), "/2": (1, 1), "(other)": (2, 2)}
    assert expected == {page["path"]: (page["views"], page["visitors"]) for page in pages}
    shown = luot.counters("/1", "/4")
    assert (2, None) == (shown["pages"]["/1"]["views"], shown["pages"]["/4"])
    assert 6 == shown["views"]["total"]


def test_a_page_that_may_be_under_other_is_never_shown_as_0(make_luot: MakeLuot) -> None:
    luot = make_luot(pages_per_day=1)
    luot.hit("/a")
    before = luot.counters("/never")["pages"]["/never"]
    luot.hit("/b")
    luot.clock.forward(86_400)

    assert before is None
    assert luot.counters("/b")["pages"]["/b"] is None


def test_the_cap_of_all_pages_holds_for_events_too(make_luot: MakeLuot) -> None:
    luot = make_luot(pages_total=2)
    for number in range(4):
        luot.hit(f"/{number}", event="play")
    luot.snapshot()

    assert {"/0", "/1", "(other)"} == set(_paths(luot))


def _paths(luot: Luot) -> list[str]:
    with luot.runtime.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT path FROM page WHERE path != ''").all()
    return [row[0] for row in rows]


def test_past_the_cap_new_values_count_as_other_and_sums_stay_exact(make_luot: MakeLuot) -> None:
    luot = make_luot(values_per_site=4, values_per_page=2)
    for number in range(8):
        luot.hit("/a", referrer=f"https://r{number}.example/", address=f"203.0.113.{number}")
    luot.hit("/a", referrer="https://r0.example/")
    luot.hit("/a")
    luot.snapshot()

    site = _values(luot, luot.report("breakdown/source", period="today"))
    page = _values(luot, luot.report("breakdown/source", period="today", path="/a"))
    assert {"r0.example": 2, "(direct)": 1, "(other)": 4} == {
        name: site[name] for name in ("r0.example", "(direct)", "(other)")
    }
    assert {"r0.example": 2, "r1.example": 1, "(direct)": 1, "(other)": 6} == page
    assert 10 == sum(site.values()) == sum(page.values())


def _values(luot: Luot, report: dict[str, Any]) -> dict[str, int]:
    assert luot.site == report["site"]
    return {row["value"]: row["views"] for row in report["values"]}


def test_a_view_from_the_site_itself_has_the_source_of_its_visit(luot: Luot) -> None:
    luot.hit("/a", referrer="https://www.google.com/")
    luot.hit("/b", referrer="https://s1.example/a")
    luot.hit("/b", referrer="https://s1.example/a", address="198.51.100.1")
    luot.snapshot()

    rows = luot.report("breakdown/source", period="today")["values"]
    assert {("Google", 2, 1, 1), ("(internal)", 1, 1, 1)} == {
        (row["value"], row["views"], row["visits"], row["visitors"]) for row in rows
    }


def test_entry_and_exit_pages_follow_the_visit(luot: Luot) -> None:
    for path in ("/a", "/b", "/c", "/a"):
        luot.hit(path)
        luot.clock.forward(60)
        luot.snapshot()
    luot.hit("/b", address="198.51.100.1")
    luot.snapshot()

    entries = luot.report("breakdown/entry_page", period="today")["values"]
    exits = luot.report("breakdown/exit_page", period="today")["values"]
    assert {("/a", 1), ("/b", 1)} == {(row["value"], row["visits"]) for row in entries}
    assert {("/a", 1), ("/b", 1)} == {(row["value"], row["visits"]) for row in exits}


def test_attention_is_added_up_and_begins_nothing(luot: Luot) -> None:
    luot.hit("/a", event="engagement", seconds=30)
    luot.hit("/a")
    luot.clock.forward(1200)
    luot.hit("/a", event="engagement", seconds=45, scroll=50)
    luot.clock.forward(1200)
    luot.hit("/a")
    luot.snapshot()

    found = luot.report("totals", period="today")
    assert (2, 1, 1, 75, 0) == tuple(
        found[name] for name in ("views", "visits", "visitors", "engaged_seconds", "events")
    )


def test_a_live_hit_of_a_closed_day_is_a_late_view_and_no_more(luot: Luot) -> None:
    # Given a hit that was taken in on Sunday and reaches Redis on Tuesday
    from tests.counting.builders import a_hit  # noqa: PLC0415 - beside its only user

    hit = a_hit(luot, "/a")
    luot.clock.forward(2 * 86_400)
    site = luot.runtime.sites["s1"]
    results = luot.runtime.recorder.record(site, [hit]).results

    assert ("counted",) == results
    assert (1, 0, 0) == luot.totals("2026-11-22")
    found = luot.report("filtered", **{"from": "2026-11-22", "to": "2026-11-22"})
    assert {"late": 1} == found["filtered"]


def test_online_are_those_of_the_last_minutes(luot: Luot) -> None:
    luot.hit(address="203.0.113.1")
    luot.clock.forward(200)
    luot.hit(address="203.0.113.2")
    both = luot.counters()["online"]
    luot.clock.forward(101)

    assert (2, 1) == (both, luot.counters()["online"])


def test_a_visitor_is_online_once_around_midnight(luot: Luot) -> None:
    luot.clock.set("2026-11-22T23:59:00Z")
    luot.hit()
    luot.clock.forward(120)
    luot.hit()

    assert 1 == luot.counters()["online"]


def test_only_the_newest_sixty_two_days_stay(luot: Luot, valkey: Valkey) -> None:
    for _ in range(70):
        luot.hit()
        luot.clock.forward(86_400)

    days = sorted(map(str, valkey.client.hkeys(SiteKeys("s1").days)))
    assert (62, "2027-01-30") == (len(days), days[-1])
    assert 70 == luot.counters()["views"]["total"]


def test_a_late_hit_of_a_visit_that_went_over_midnight_belongs_to_it(luot: Luot) -> None:
    def views_at(moment: str, path: str) -> None:
        item = {"site": "s1", "path": path, "time": f"2026-11-{moment}Z", "ip": "203.0.113.7"}
        headers = {"Authorization": f"Bearer {luot.token}"}
        sent = luot.http.post("/api/v1/hits", json=[item], headers=headers)
        assert sent.get_json()["results"] == [{"result": "counted"}]

    # Given a visit that goes on after midnight, where it views /b and ends on /c
    luot.clock.set("2026-11-23T02:00:00Z")
    for moment, path in (("22T23:50:00", "/a"), ("23T00:05:00", "/b"), ("23T00:10:00", "/c")):
        views_at(moment, path)
    # When views from before midnight come late
    for path in ("/b", "/d"):
        views_at("22T23:55:00", path)
    luot.snapshot()

    # Then the visit still ended on /c, and viewed /b once and /d once
    exits = luot.report("breakdown/exit_page", **{"from": "2026-11-22", "to": "2026-11-23"})
    assert {row["value"]: row["visits"] for row in exits["values"] if row["visits"]} == {"/c": 1}
    shown = luot.counters("/a", "/b", "/c", "/d")["pages"]
    assert {path: page["visits"] for path, page in shown.items()} == dict.fromkeys(shown, 1)
    assert luot.totals("2026-11-22", "2026-11-23") == (5, 1, 2)


def test_all_that_is_known_of_a_day_has_an_end_whatever_came_first(
    luot: Luot, valkey: Valkey
) -> None:
    luot.hit("/a", event="play")
    after_event = lives(valkey)
    luot.hit("/a")
    luot.hit("/b", address="198.51.100.1")

    assert set(after_event) == {"salt", "views", "visitors"}
    assert set(lives(valkey).values()) == set(after_event.values()) == {36}


def lives(valkey: Valkey) -> dict[str, int]:
    """
    Hours that the keys of the tests' day have to live.
    """
    keys = [str(key) for key in valkey.client.scan_iter("luot:{s1}:*:2026-11-22")]
    return {key.split(":")[2]: round(int(valkey.client.ttl(key)) / 3600) for key in keys}


def test_a_clock_that_is_years_ahead_for_a_moment_takes_no_days_away(
    luot: Luot, valkey: Valkey
) -> None:
    luot.hit("/a")
    luot.clock.set("2036-11-22T12:00:00Z")
    luot.hit("/a")
    luot.clock.set("2026-11-22T12:00:01Z")

    assert ["2026-11-22", "2036-11-22"] == sorted(valkey.client.hkeys("luot:{s1}:days"))
    assert 1 == luot.counters()["views"]["today"]
