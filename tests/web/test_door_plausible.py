"""
Plausible's door: what its script is answered, and how many are on the site now.
"""

import json
from typing import Any

import pytest

from service.archive.tokens import Scope, create_token
from tests.doors import GOOGLEBOT, IGNORED, ORIGIN, ask, broken_down, number, said
from tests.outcomes import Watched

#: Both answer the same.
FRONTS = ("wsgi", "asgi")

MALFORMED = "rejected; reason=malformed"


def event(path: str = "/a", **told: Any) -> dict[str, Any]:
    return {"n": "pageview", "u": f"{ORIGIN}{path}", "d": "s1.example", **told}


def test_a_view_is_counted_with_path_and_referrer(seen: Watched) -> None:
    told = event("/p?utm_source=mail&x=1", r="https://news.example/y", w=1366, v=36)
    answer = ask(seen, "POST", "/api/event", told, counted=1, Content_Type="text/plain")

    assert (answer.status_code, answer.data, answer.mimetype) == (202, b"ok", "text/plain")
    assert said(answer) == "counted"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "x-plausible-dropped" not in answer.headers
    assert number(seen, "/p") == 1
    assert broken_down(seen, "source")["mail"] == 1
    assert broken_down(seen, "referrer_page")["news.example/y"] == 1


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "text/html", "x/y"])
def test_any_type_of_body_is_read(seen: Watched, kind: str) -> None:
    told = {"name": "pageview", "url": f"{ORIGIN}/long", "domain": "s1.example", "referrer": ""}

    assert ask(seen, "POST", "/api/event", told, counted=1, Content_Type=kind).status_code == 202


def test_an_address_says_whose_page_it_is_when_no_domain_does(seen: Watched) -> None:
    told = {"n": "pageview", "u": f"{ORIGIN}/alone"}

    assert said(ask(seen, "POST", "/api/event", told, counted=1)) == "counted"


def test_an_event_and_attention_are_no_views(seen: Watched) -> None:
    for told in (
        event(n="Sign up", p='{"plan":"a"}'),
        event(n="x" * 120, m={"a": 1}),
        event(n="engagement", sd=255, e=4_200),
        event(n="engagement", sd=80, e=-1),
    ):
        assert said(ask(seen, "POST", "/api/event", told)) == "counted"


def test_the_fragment_makes_a_page_when_the_script_says_so(seen: Watched) -> None:
    assert said(ask(seen, "POST", "/api/event", event("/app#/x", h=1), counted=1)) == "counted"

    assert number(seen, "/app#/x") == 0
    pages = seen.runtime.shown(seen.runtime.sites["s1"], ["/app#/x"])
    assert pages is not None
    assert pages.numbers.pages[0] is not None


def test_one_event_may_be_for_several_sites(seen: Watched) -> None:
    told = event("/fan", d="s1.example,www.s1.example,s2.example/all,nobody.example")
    answer = ask(seen, "POST", "/api/event", told, counted=1)

    # The first site has two names in there and is one. The page is none of the second's.
    assert (answer.status_code, answer.data) == (202, b"ok")
    assert answer.headers["x-plausible-dropped"] == "2"
    assert "counted" in str(said(answer))


@pytest.mark.parametrize(
    ("told", "headers", "word"),
    [
        (event(), {"User-Agent": GOOGLEBOT}, "filtered; reason=bot"),
        (event(), {"User-Agent": ""}, "filtered; reason=bot"),
        (event(), {"X-Forwarded-For": IGNORED}, "filtered; reason=excluded"),
        (event(), {"DNT": "1"}, "filtered; reason=optout"),
        (event(d="nobody.example"), {}, "rejected; reason=site"),
        (event(d="s4.example"), {}, "rejected; reason=site"),
        (event(d="s2.example"), {}, "rejected; reason=origin"),
        (event(), {"Origin": "https://evil.example"}, "rejected; reason=origin"),
        (event(u="https://evil.example/"), {}, "rejected; reason=origin"),
    ],
)
def test_what_is_dropped_looks_like_success(
    seen: Watched, told: dict[str, Any], headers: dict[str, str], word: str
) -> None:
    answer = ask(seen, "POST", "/api/event", told, **headers)

    assert (answer.status_code, answer.data, said(answer)) == (202, b"ok", word)
    assert answer.headers["x-plausible-dropped"] == "1"


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({}, "event_name"),
        (event(n=""), "event_name"),
        (event(n="a\nb"), "event_name"),
        (event(n="x" * 121), "event_name"),
        ({"n": "pageview"}, "url"),
        (event(u="data:text/html,x"), "url"),
        (event(u=f"{ORIGIN}/{'a' * 2_000}"), "url"),
        (event(u="nonsense"), "url"),
        (event("/%00"), "url"),
        (event(u=7), "u"),
        (event(p={f"k{n}": 1 for n in range(31)}), "props"),
        (event(p={"a": {"b": 1}}), "props"),
        (event(m="[1]"), "props"),
        (event(p="{"), "props"),
        (event(d=",".join(f"s{n}.example" for n in range(11))), "domain"),
        (event(d="s1.example," * 1_000), "domain"),
    ],
)
def test_what_is_wrong_is_named(seen: Watched, told: dict[str, Any], field: str) -> None:
    answer = ask(seen, "POST", "/api/event", told)

    assert (answer.status_code, said(answer)) == (400, MALFORMED)
    assert answer.get_json() == {"errors": {field: ["malformed"]}}


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 400), (b"[", 400), (b"[" * 50_000, 400), (b"\xff", 400), (b" " * 70_000, 413)],
    ids=["empty", "cut", "deep", "binary", "large"],
)
def test_a_body_that_is_none_is_refused(seen: Watched, body: bytes, status: int) -> None:
    answer = ask(seen, "POST", "/api/event", body)

    assert answer.status_code == status
    assert list(answer.get_json()) == ["errors"]


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Plausible-IP": "192.0.2.77"},
        {"CF-Connecting-IP": "192.0.2.77"},
        {"B-Forwarded-For": "192.0.2.77"},
        {"Forwarded": "for=192.0.2.77"},
        {"X-Forwarded-For": "192.0.2.77, 203.0.113.7"},
    ],
)
def test_nobody_says_by_a_header_who_he_is(seen: Watched, headers: dict[str, str]) -> None:
    ask(seen, "POST", "/api/event", event("/who"), counted=1)
    visitors = seen.luot.counters()["visitors"]["today"]
    ask(seen, "POST", "/api/event", event("/who"), counted=1, **headers)

    assert seen.luot.counters()["visitors"]["today"] == visitors


def test_any_page_may_ask(seen: Watched) -> None:
    answer = ask(seen, "OPTIONS", "/api/event", Origin="https://any.example")

    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]


def test_a_rate_is_not_hidden(seen: Watched) -> None:
    rates = seen.runtime.rates
    seen.runtime.rates = type(rates)(seen.luot.clock, 1, 1)
    try:
        ask(seen, "POST", "/api/event", event("/rate"), counted=1)
        answer = ask(seen, "POST", "/api/event", event("/rate"))
    finally:
        seen.runtime.rates = rates

    assert (answer.status_code, said(answer)) == (429, "rejected; reason=rate")
    assert answer.headers["Retry-After"] == "1"


def test_those_who_are_there_now_are_a_bare_number(seen: Watched) -> None:
    target = "/api/v1/stats/realtime/visitors?site_id=s1.example"
    token = {"Authorization": f"Bearer {seen.luot.token}"}
    answer = ask(seen, "GET", target, **token)

    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    assert json.loads(answer.data) == seen.luot.counters()["online"] > 0
    assert ask(seen, "GET", target).status_code == 401
    assert ask(seen, "GET", target.replace("s1", "s9"), **token).status_code == 404
    other = create_token(seen.runtime.database, "s2", Scope.READ, seen.luot.clock.now_ms())
    assert ask(seen, "GET", target, Authorization=f"Bearer {other}").status_code == 404
