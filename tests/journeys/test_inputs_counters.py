"""
Hostile and odd questions to ``/counters``, which never count and never lie.
"""

import json
from collections.abc import Iterator

import pytest
from werkzeug.test import TestResponse

from service.archive.baselines import Baseline, push_baselines, set_baselines
from service.archive.tokens import Scope, create_token
from service.settings import LARGEST
from tests import servers
from tests.conftest import Luot, MakeLuot, SetClock
from tests.outcomes import Watched, check_refusal, metric_values, short, watched

#: Both answer the same.
FRONTS = ("wsgi", "asgi")

PRIVATE = {"s2": {"name": "Site two", "hosts": ["s2.example"], "public": False}}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory, front: str) -> Iterator[Watched]:
    with watched(tmp_path_factory.mktemp("luot"), front, sites=PRIVATE) as running:
        yield running


def get(luot: Luot, query: str, **headers: str) -> TestResponse:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return luot.http.get("/counters", query_string=query, headers=told)


@pytest.mark.parametrize(
    "query",
    [
        *("", "site=", "site=S1", "site=s1%20", "site=*", "site={s1}", "site=s1%00", "site=%ff"),
        *("site=s1&site=s1", "site=s1&site=s2", "site[]=s1", "SITE=s1", "site=s1:d:2026-11-22"),
        *(f"site=s1&path={bad}" for bad in ("%00", "%ff", "%", "/%u0041", "/%0a", "%ED%A0%80")),
        "site=s1" + "&path=/a" * 201,
        "site=s1&" + "&".join(f"path=/{n}" for n in range(201)),
    ],
    ids=short,
)
def test_a_question_that_is_not_right_is_refused(seen: Watched, query: str) -> None:
    answer = seen.check(
        "counters", lambda: get(seen.luot, query), 400, "rejected; reason=malformed"
    )

    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    "path",
    ["/nobody-was-here", "/<script>", "/luot:{s1}:state", "/%2e%2e/%2e%2e/etc/passwd", "a" * 4_000],
    ids=short,
)
def test_asking_never_counts_and_makes_no_key(seen: Watched, path: str) -> None:
    seen.luot.counters()
    keys, metrics = seen.keys(), metric_values()
    told = seen.luot.counters(path)

    assert told["pages"] == {path: dict.fromkeys(("views", "visits", "visitors", "today"), 0)}
    assert (seen.keys(), metric_values()) == (keys, metrics)


def test_two_hundred_pages_are_one_question(seen: Watched) -> None:
    assert len(seen.luot.counters(*(f"/{n}" for n in range(200)))["pages"]) == 200


def test_a_private_site_is_as_if_it_were_not_there(make_luot: MakeLuot) -> None:
    luot = make_luot(sites=PRIVATE)
    database, now = luot.runtime.database, luot.clock.now_ms()
    other = create_token(database, "s1", Scope.READ, now)
    writer = create_token(database, "s2", Scope.WRITE, now)
    asked = [
        get(luot, query, **({"Authorization": f"Bearer {token}"} if token else {}))
        for query in ("site=s2", "site=nope", "site=s2&path=/a")
        for token in ("", "wrong", other, writer, "\xff")
    ]

    assert {(a.status_code, a.data, str(a.headers)) for a in asked} == {
        (404, b'{"error":"site","field":"site"}', str(asked[0].headers))
    }
    check_refusal(asked[0], "counters", "site")


# A token for one site, and names of the parameter that other decoders take for "site".
@pytest.mark.parametrize(
    "query",
    [
        "%73ite=s1&site=s2",
        "site=s2&%73ite=s1",
        "s%69te=s1&site=s2&site%00=s1",
        "site%20=s1&site=s2",
    ],
)
def test_a_question_cannot_name_one_site_to_the_guard_and_another_to_the_door(
    make_luot: MakeLuot, query: str
) -> None:
    luot = make_luot(sites=PRIVATE)
    token = create_token(luot.runtime.database, "s1", Scope.READ, luot.clock.now_ms())

    assert get(luot, query, Authorization=f"Bearer {token}").status_code == 404


def test_a_private_site_shows_its_numbers_to_its_readers_only_and_in_no_cache(
    make_luot: MakeLuot,
) -> None:
    luot = make_luot(sites=PRIVATE)
    token = create_token(luot.runtime.database, "s2", Scope.READ, luot.clock.now_ms())
    answer = get(luot, "site=s2", Authorization=f"bearer {token}")

    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "private, no-store")
    assert get(luot, f"site=s2&token={token}").status_code == 404


def test_the_largest_number_is_shown_to_its_last_digit(luot: Luot) -> None:
    runtime = luot.runtime
    luot.counters()
    past = [Baseline("", LARGEST, 5), Baseline("/a", LARGEST, 5)]
    set_baselines(runtime.database, runtime.sites["s1"], past, luot.clock, "test")
    push_baselines(runtime.store, runtime.database, "s1")

    answer = get(luot, "site=s1&path=/a")
    assert answer.data.count(b'":9007199254740991') == 2
    assert answer.get_json()["views"]["total"] == LARGEST


def test_whoever_asks_hears_the_same(luot: Luot) -> None:
    luot.hit()
    asked = [
        get(luot, "site=s1&path=/a", **{name: value})
        for name, value in [
            *(("Cookie", "a=b"), ("DNT", "1"), ("Sec_GPC", "1"), ("Accept_Language", "vi")),
            *(("User_Agent", "curl/8"), ("Origin", "https://evil.example"), ("Origin", "null")),
            *(("Accept", "text/html"), ("Authorization", "Basic %%%"), ("Range", "bytes=0-1")),
        ]
    ]

    assert {(a.status_code, a.data, str(a.headers)) for a in asked} == {
        (200, asked[0].data, str(asked[0].headers))
    }
    assert asked[0].headers["Cache-Control"] == "public, max-age=5"
    tag = asked[0].headers["ETag"]
    assert get(luot, "site=s1&path=/a", If_None_Match=tag).status_code == 304


def test_without_redis_the_last_numbers_are_shown_as_old_ones_and_never_0(
    tmp_path_factory: pytest.TempPathFactory, clock: SetClock, front: str
) -> None:
    folder = tmp_path_factory.mktemp("luot")
    with servers.valkey() as valkey:
        make = MakeLuot(folder, valkey.url, clock, front)
        luot, fresh, blank = make(), make(), make(data_dir=tmp_path_factory.mktemp("blank"))
        luot.hit()
        luot.hit()
        before = luot.counters("/a")
        luot.snapshot()
        valkey.kill()
        known, archived = luot.counters("/a", "/b"), fresh.counters("/a", "/b")
        nothing = get(blank, "site=s1&path=/a")
        make.close()

    for told in (known, archived):
        assert (told["stale"], told["views"]["total"]) == (True, 2)
        assert told["pages"]["/a"]["views"] == before["pages"]["/a"]["views"]
        assert told["pages"]["/b"] is None
    assert (nothing.status_code, nothing.headers["Retry-After"]) == (503, "5")
    check_refusal(nothing, "counters", "storage")


def test_a_stream_begins_with_the_numbers_of_now(luot: Luot) -> None:
    luot.hit()
    answer = get_live(luot, "site=s1&path=/a")

    assert (answer.status_code, answer.mimetype) == (200, "text/event-stream")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Accel-Buffering"] == "no"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    retry, name, data = answer.get_data(as_text=True).splitlines()[:3]
    numbers = luot.counters("/a")
    assert (retry, name) == ("retry: 5000", f"id: {numbers['as_of']}")
    assert json.loads(data.removeprefix("data: ")) == numbers


@pytest.mark.parametrize(
    ("query", "status"), [("", 400), ("site=S1", 400), ("site=nope", 404), ("site=s1&site=s1", 400)]
)
def test_a_stream_of_nothing_is_refused(luot: Luot, query: str, status: int) -> None:
    assert get_live(luot, query).status_code == status


def get_live(luot: Luot, query: str) -> TestResponse:
    return luot.http.get(f"/live?{query}")
