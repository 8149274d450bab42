"""
The counting rules, each by its example, through the real door and on the answers of SQL.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from service.counting.wire import Result
from service.intake.beacons import Arrival, Sender
from service.intake.payloads import Payload
from service.settings import LARGEST
from tests.conftest import CHROME, Luot, MakeLuot
from tests.servers import Valkey

#: Both answer the same.
FRONTS = ("wsgi", "asgi")

DAY = "2026-11-22"
NEXT_DAY = "2026-11-23"

CUBOT = (
    "Mozilla/5.0 (Linux; Android 11; CUBOT X30) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/96.0.4664.45 Mobile Safari/537.36"
)
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
HEADLESS = CHROME.replace("Chrome/", "HeadlessChrome/")
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:14{}.0) Gecko/20100101 Firefox/14{}.0"


def an_id(number: int) -> str:
    return f"id-{number:016d}"


def batch(luot: Luot, *items: dict[str, Any], key: str = "") -> list[dict[str, str]]:
    told = [{"site": luot.site, "user_agent": CHROME, "ip": "203.0.113.7", **i} for i in items]
    headers = {"Authorization": f"Bearer {luot.token}"}
    if key:
        headers["Idempotency-Key"] = key
    answer = luot.http.post("/api/v1/hits", json=told, headers=headers)
    assert answer.status_code in {200, 207}, answer.data
    results: list[dict[str, str]] = answer.get_json()["results"]
    return results


def test_one_load_is_one_view_visit_and_visitor(luot: Luot) -> None:
    answer = luot.hit()

    assert (answer.status_code, answer.headers["Luot-Result"]) == (204, "counted")
    assert luot.totals(DAY) == (1, 1, 1)


def test_reloads_are_views_of_one_visit(luot: Luot, clock: Any) -> None:
    for _ in range(4):
        luot.hit()
        clock.forward(15)

    assert luot.totals(DAY) == (4, 1, 1)


def test_with_double_clicks_merged_reloads_chain_to_one_view(make_luot: MakeLuot) -> None:
    luot = make_luot(site={"double_click_seconds": 30})
    results = []
    for seconds in (0, 30, 30, 29, 30.001):
        luot.clock.forward(seconds)
        results.append(luot.hit().headers["Luot-Result"])

    assert ["counted", *3 * ["filtered; reason=double_click"], "counted"] == results
    assert luot.totals(DAY) == (2, 1, 1)
    assert luot.report("filtered", period="today")["filtered"] == {"double_click": 3}


def test_a_double_click_over_midnight_is_one_too(make_luot: MakeLuot) -> None:
    luot = make_luot(site={"double_click_seconds": 30})
    luot.clock.set(f"{DAY}T23:59:50Z")
    luot.hit()
    luot.clock.forward(20)
    luot.hit()
    luot.clock.forward(20)
    luot.hit()

    assert luot.totals(DAY, NEXT_DAY) == (1, 1, 1)


def test_one_id_delivered_five_times_is_one_hit(luot: Luot) -> None:
    results = [luot.hit(id=an_id(1)).headers["Luot-Result"] for _ in range(5)]

    assert ["counted", *4 * ["duplicate"]] == results
    assert luot.totals(DAY) == (1, 1, 1)


def test_an_id_belongs_to_its_site_not_to_its_visitor(luot: Luot) -> None:
    luot.hit("/a", id=an_id(1))
    again = luot.hit("/b", id=an_id(1), address="198.51.100.1")

    assert again.headers["Luot-Result"] == "duplicate"


@pytest.mark.parametrize(
    ("seconds", "result"),
    [(600, "duplicate"), (599, "duplicate"), (1201, "counted"), (1801, "counted")],
)
def test_an_id_is_known_for_ten_minutes_and_forgotten_after_twenty(
    luot: Luot, seconds: int, result: str
) -> None:
    luot.hit(id=an_id(1))
    luot.clock.forward(seconds)

    assert result == luot.hit(id=an_id(1)).headers["Luot-Result"]


@pytest.mark.parametrize(("gap", "visits"), [(1799, 1), (1800, 2), (1801, 2)])
def test_a_gap_of_half_an_hour_begins_a_new_visit(luot: Luot, gap: int, visits: int) -> None:
    luot.hit()
    luot.clock.forward(gap)
    luot.hit()

    assert (2, visits, 1) == luot.totals(DAY)


def test_a_visit_slides_with_its_hits(luot: Luot) -> None:
    for _ in range(10):
        luot.hit()
        luot.clock.forward(29 * 60)

    assert luot.totals(DAY) == (10, 1, 1)


def test_the_turn_of_an_hour_ends_no_visit(luot: Luot) -> None:
    luot.clock.set(f"{DAY}T10:59:50Z")
    luot.hit()
    luot.clock.set(f"{DAY}T11:00:10Z")
    luot.hit()

    assert luot.totals(DAY) == (2, 1, 1)


def test_a_visit_over_midnight_belongs_to_the_day_it_began(luot: Luot) -> None:
    luot.clock.set(f"{DAY}T23:58:00Z")
    luot.hit()
    luot.clock.set(f"{NEXT_DAY}T00:02:00Z")
    luot.hit()

    assert luot.totals(DAY) == (1, 1, 1)
    assert luot.totals(NEXT_DAY) == (1, 0, 1)
    assert luot.totals(DAY, NEXT_DAY) == (2, 1, 2)
    assert (
        luot.counters("/a")["views"]["total"],
        luot.counters("/a")["visits"]["total"],
        luot.counters("/a")["visitor_days"]["total"],
    ) == (2, 1, 2)
    page = luot.counters("/a")["pages"]["/a"]
    assert page == {"views": 2, "visits": 1, "visitors": 2, "today": 1}


def test_a_visit_that_goes_on_long_after_midnight_stays_one(luot: Luot) -> None:
    for moment in ("22T23:50", "23T00:10", "23T00:35", "23T01:00", "23T01:20"):
        luot.clock.set(f"2026-11-{moment}:00Z")
        luot.hit("/a" if moment.endswith(("50", "00")) else "/b")

    assert luot.totals(DAY) == (1, 1, 1)
    assert luot.totals(NEXT_DAY) == (4, 0, 1)
    assert luot.counters("/a")["pages"]["/a"]["visits"] == 1
    assert luot.report("totals", **{"from": DAY, "to": DAY})["bounces"] == 0


def test_a_visit_that_ended_before_midnight_is_not_continued(luot: Luot) -> None:
    luot.clock.set(f"{DAY}T23:58:00Z")
    luot.hit()
    luot.clock.set(f"{NEXT_DAY}T00:40:00Z")
    luot.hit()

    assert luot.totals(DAY) == (1, 1, 1)
    assert luot.totals(NEXT_DAY) == (1, 1, 1)


def test_a_hit_that_comes_late_counts_on_its_own_day(luot: Luot) -> None:
    luot.clock.set(f"{NEXT_DAY}T02:00:00Z")
    results = batch(luot, {"path": "/a", "time": f"{DAY}T23:59:59.900Z"})

    assert results == [{"result": "counted"}]
    assert luot.totals(DAY) == (1, 1, 1)
    assert luot.totals(NEXT_DAY) == (0, 0, 0)


def test_two_tabs_are_two_views_of_one_visit(luot: Luot) -> None:
    luot.hit(id=an_id(1))
    luot.hit(id=an_id(2))

    assert luot.totals(DAY) == (2, 1, 1)


def test_people_behind_one_address_are_told_apart_by_their_browsers(luot: Luot) -> None:
    for person in range(200):
        luot.hit(agent=FIREFOX.format(person % 20, person % 20))
        luot.clock.forward(5)

    assert luot.totals(DAY) == (200, 20, 20)


def test_a_new_address_is_a_new_visitor(luot: Luot) -> None:
    luot.hit(address="203.0.113.7")
    luot.hit(address="198.51.100.9")

    assert luot.totals(DAY) == (2, 2, 2)


def test_addresses_of_one_ipv6_network_are_one_visitor(luot: Luot) -> None:
    luot.hit(address="2001:db8:1:2:3:4:5:6")
    luot.hit(address="2001:db8:1:2:ffff::1")
    luot.hit(address="2001:db8:1:3::1")

    assert luot.totals(DAY) == (3, 2, 2)


def test_an_updated_browser_is_a_new_visitor(luot: Luot) -> None:
    luot.hit(agent=FIREFOX.format(4, 4))
    luot.hit(agent=FIREFOX.format(5, 5))

    assert luot.totals(DAY) == (2, 2, 2)


def test_machines_are_filtered(luot: Luot) -> None:
    agents = [*100 * [GOOGLEBOT], *10 * [""], *5 * [HEADLESS]]
    answers = {luot.hit(agent=agent).headers["Luot-Result"] for agent in agents}

    assert {"filtered; reason=bot"} == answers
    assert luot.totals(DAY) == (0, 0, 0)
    assert luot.report("filtered", period="today")["filtered"] == {"bot": 115}


def test_a_phone_whose_name_ends_in_bot_is_a_reader(luot: Luot) -> None:
    luot.hit(agent=CUBOT)

    assert luot.totals(DAY) == (1, 1, 1)


@pytest.mark.parametrize("header", ["Sec-GPC", "DNT"])
def test_of_readers_who_opt_out_only_the_reason_is_kept(
    luot: Luot, valkey: Valkey, header: str
) -> None:
    for _ in range(10):
        answer = luot.hit(headers={header: "1"})
        assert answer.headers["Luot-Result"] == "filtered; reason=optout"

    kept = {key.rpartition(":")[2] for key in valkey.client.scan_iter()}
    assert {"state", "delta"} == kept
    assert luot.totals(DAY) == (0, 0, 0)
    assert luot.report("filtered", period="today")["filtered"] == {"optout": 10}


def test_a_person_is_another_visitor_on_another_site(make_luot: MakeLuot, valkey: Valkey) -> None:
    luot = make_luot(sites={"s2": {"name": "Site two", "hosts": ["s2.example"]}})
    luot.hit()
    luot.hit(site="s2", headers={"Origin": "https://s2.example"})

    first, second = (
        set(valkey.client.hkeys(f"luot:{{{site}}}:visitors:{DAY}")) for site in ("s1", "s2")
    )
    assert (len(first), len(second)) == (1, 1)
    assert not first & second


def test_a_page_is_one_page_on_www_and_with_a_campaign(luot: Luot) -> None:
    for url in ("https://s1.example/a?utm_source=x", "https://www.s1.example/a"):
        luot.hit(path=None, url=url)
    luot.snapshot()

    pages = luot.report("pages", period="today")["pages"]
    sources = luot.report("breakdown/source", period="today")["values"]
    assert [(page["path"], page["views"]) for page in pages] == [("/a", 2)]
    assert next(value["views"] for value in sources if value["value"] == "x") == 1


@pytest.mark.parametrize(("day", "hours"), [("2026-10-25", 25), ("2026-03-29", 23)])
def test_a_day_has_as_many_hours_as_it_has(make_luot: MakeLuot, day: str, hours: int) -> None:
    luot = make_luot(site={"timezone": "Europe/Berlin"})
    luot.clock.set(f"{day}T00:00:00+0{2 if hours == 25 else 1}:00")
    for _ in range(hours):
        luot.hit()
        luot.clock.forward(3600)

    assert hours == luot.totals(day)[0]
    series = luot.report("series", unit="hour", **{"from": day, "to": day})["series"]
    assert hours * [1] == [bucket["views"] for bucket in series]
    two = [bucket["begins"] for bucket in series if "T02:" in bucket["begins"]]
    assert (["+02:00", "+01:00"] if hours == 25 else []) == [label[-6:] for label in two]


def test_days_begin_where_the_site_is(make_luot: MakeLuot) -> None:
    luot = make_luot(site={"timezone": "Asia/Kathmandu"})
    for moment in ("18:14:59", "18:15:00"):
        luot.clock.set(f"{DAY}T{moment}Z")
        luot.hit()

    assert luot.totals(DAY)[0] == 1
    assert luot.totals(NEXT_DAY)[0] == 1


def test_a_new_time_zone_leaves_past_days_as_they_were(make_luot: MakeLuot) -> None:
    first = make_luot(site={"timezone": "UTC"})
    first.clock.set("2026-11-21T23:00:00Z")
    first.hit()
    first.clock.set(f"{DAY}T12:00:00Z")
    first.hit()
    first.snapshot()
    luot = make_luot(site={"timezone": "Asia/Ho_Chi_Minh"})
    luot.clock.set(f"{DAY}T12:30:00Z")
    luot.hit()

    assert luot.totals("2026-11-21")[0] == 1
    assert luot.totals(DAY)[0] == 2
    assert luot.totals("2026-11-20", "2026-11-24")[0] == 3


def test_a_clock_that_goes_back_loses_nothing(luot: Luot) -> None:
    luot.clock.set(f"{DAY}T12:00:00Z")
    for second in range(600):
        if second == 200:
            luot.clock.forward(-3600)
        if second == 400:
            luot.clock.forward(3600)
        luot.hit()
        luot.clock.forward(1)

    views, visits, visitors = luot.totals(DAY)
    assert (views, visitors) == (600, 1)
    assert 1 <= visits <= 3
    series = luot.report("series", unit="hour", period="today")["series"]
    assert {11, 12} == {bucket["hour"] for bucket in series if bucket["views"]}


def test_a_restart_at_noon_makes_nobody_new(make_luot: MakeLuot) -> None:
    for luot in (make_luot(), make_luot()):
        for person in range(100):
            luot.hit(address=f"203.0.113.{person}")
        luot.clock.forward(3600)

    assert luot.totals(DAY) == (200, 200, 100)


def test_four_workers_know_one_visitor(make_luot: MakeLuot) -> None:
    for luot in [make_luot() for _ in range(4)]:
        luot.hit()

    assert luot.totals(DAY) == (4, 1, 1)


def test_events_are_no_views_and_end_a_bounce(luot: Luot) -> None:
    luot.hit()
    for _ in range(5):
        luot.hit(event="play")

    luot.snapshot()
    totals = luot.report("totals", period="today")
    assert tuple(totals[m] for m in ("views", "events", "visits", "bounces")) == (1, 5, 1, 0)
    values = luot.report("breakdown/event", period="today")["values"]
    assert values == [{"value": "play", "views": 0, "visits": 0, "visitors": 0, "events": 5}]


def test_a_visit_of_one_view_is_a_bounce(luot: Luot) -> None:
    luot.hit()
    luot.hit("/a", address="198.51.100.1")
    luot.hit("/b", address="198.51.100.1")
    luot.snapshot()

    assert luot.report("totals", period="today")["bounces"] == 1
    assert luot.report("totals", period="today", path="/a")["bounces"] == 1


def test_a_batch_sent_three_times_counts_once(luot: Luot) -> None:
    items = [{"path": f"/{n}", "id": an_id(n)} for n in range(500)]
    for _ in range(3):
        batch(luot, *items)

    assert luot.totals(DAY)[0] == 500


def test_a_named_batch_counts_once_in_a_day_also_without_ids(luot: Luot) -> None:
    items = [{"path": f"/{n}"} for n in range(20)]
    first = batch(luot, *items, key="night-1")
    luot.clock.forward(20 * 3600)
    second = batch(luot, *items, key="night-1")
    third = batch(luot, *items, key="night-2")

    results = [{row["result"] for row in rows} for rows in (first, second, third)]
    assert [{"counted"}, {"duplicate"}, {"counted"}] == results


def test_a_named_batch_that_comes_twice_at_one_moment_counts_once(luot: Luot) -> None:
    here = luot.runtime
    site = here.sites[luot.site]
    now = luot.clock.ms
    arrival = Arrival(now, now, trusted=True, batch="b" * 16)
    sender = Sender("203.0.113.7", CHROME)
    taken = [here.intake.take(Payload(path=p), site, sender, arrival).item for p in ("/a", "/b")]
    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(lambda _: here.recorder.record(site, taken).results, range(64)))

    assert said.count((Result.COUNTED, Result.COUNTED)) == 1
    assert luot.totals(DAY) == (2, 1, 1)


def test_a_total_stops_at_the_largest_exact_number(luot: Luot) -> None:
    from service.archive.baselines import Baseline, push_baselines, set_baselines  # noqa: PLC0415

    runtime = luot.runtime
    runtime.open_site("s1")
    past = [Baseline("", LARGEST - 2, 5)]
    set_baselines(runtime.database, runtime.sites["s1"], past, luot.clock, "test")
    push_baselines(runtime.store, runtime.database, "s1")
    answers = [luot.hit(f"/{n}") for n in range(4)]

    assert [answer.status_code for answer in answers] == [204, 204, 503, 503]
    assert answers[3].headers["Luot-Result"] == "rejected; reason=limit"
    assert luot.counters()["views"]["total"] == LARGEST
    assert luot.totals(DAY)[0] == 2


def test_attention_just_after_midnight_keeps_the_visit_and_the_reader_one(luot: Luot) -> None:
    luot.clock.set(f"{DAY}T23:50:00Z")
    luot.hit()
    luot.clock.set(f"{NEXT_DAY}T00:10:00Z")
    luot.hit(event="engagement", seconds=20)
    luot.clock.set(f"{NEXT_DAY}T00:14:00Z")
    online = luot.counters()["online"]
    luot.clock.set(f"{NEXT_DAY}T00:25:00Z")
    luot.hit()

    assert 1 == online
    assert (2, 1, 2) == luot.totals(DAY, NEXT_DAY)


@pytest.mark.parametrize("then", ["00:59:59", "01:00:00"])
def test_attention_after_midnight_keeps_the_visit_for_another_half_hour(
    luot: Luot, then: str
) -> None:
    luot.clock.set(f"{DAY}T23:50:00Z")
    luot.hit()
    luot.clock.set(f"{NEXT_DAY}T00:10:00Z")
    luot.hit(event="engagement", seconds=20)
    luot.clock.set(f"{NEXT_DAY}T00:30:00Z")
    luot.hit(event="engagement", seconds=20)

    # Nothing was counted on the new day until now
    assert (1, 1, 1) == luot.totals(DAY, NEXT_DAY)
    luot.clock.set(f"{NEXT_DAY}T{then}Z")
    luot.hit("/b")
    luot.hit("/b")

    visits = 1 if then < "01" else 2
    assert (3, visits, 2) == luot.totals(DAY, NEXT_DAY)
    assert (2, visits - 1, 1) == luot.totals(NEXT_DAY)
    assert luot.counters("/b")["pages"]["/b"]["visits"] == 1
    assert luot.report("totals", **{"from": DAY, "to": DAY})["bounces"] == visits - 1


def test_a_double_click_after_midnight_keeps_the_visit_for_another_half_hour(
    make_luot: MakeLuot,
) -> None:
    luot = make_luot(site={"double_click_seconds": 30})
    for moment, path in (
        (f"{DAY}T23:59:50Z", "/a"),
        (f"{NEXT_DAY}T00:00:10Z", "/a"),
        (f"{NEXT_DAY}T00:30:05Z", "/b"),
    ):
        luot.clock.set(moment)
        luot.hit(path)

    assert (2, 1, 2) == luot.totals(DAY, NEXT_DAY)
    assert (1, 0, 1) == luot.totals(NEXT_DAY)


def test_a_hit_from_a_clock_that_is_ahead_takes_nothing_from_today(luot: Luot) -> None:
    luot.clock.set(f"{DAY}T23:57:00Z")
    for _ in range(3):
        luot.hit()
    batch(luot, {"path": "/a", "time": f"{NEXT_DAY}T00:01:00Z"})
    luot.hit()

    assert 4 == luot.counters("/a")["pages"]["/a"]["today"]
    luot.clock.set(f"{NEXT_DAY}T00:02:00Z")
    assert 1 == luot.counters("/a")["pages"]["/a"]["today"]


def test_a_named_batch_notes_its_filtered_requests_once(luot: Luot) -> None:
    for _ in range(2):
        batch(luot, {"path": "/a"}, {"path": "/a", "user_agent": GOOGLEBOT}, key="k")

    assert (1, 1, 1) == luot.totals(DAY)
    assert {"bot": 1} == luot.report("filtered", period="today")["filtered"]
