"""
The doors of busuanzi and vercount: what their scripts are answered.
"""

import json
import re
from typing import Any
from urllib.parse import quote

import pytest
from werkzeug.test import TestResponse

from tests.doors import GOOGLEBOT, ORIGIN, ask, number, said
from tests.outcomes import Watched

#: Both answer the same.
FRONTS = ("wsgi", "asgi")

MALFORMED = "rejected; reason=malformed"

NUMBERS = {"site_pv", "site_uv", "page_pv", "page_uv"}


def called(answer: TestResponse) -> tuple[str, dict[str, Any]]:
    """
    The function that a script calls, and what it hands on.
    """
    match = re.fullmatch(r"/\*\*/try\{([\w.$]+)\((\{.*\})\);\}catch\(e\)\{\}", answer.text)
    assert match, answer.text
    return match[1], json.loads(match[2])


# The first service


@pytest.mark.parametrize("target", ["/busuanzi?jsonpCallback", "/jsonp?callback"])
def test_a_page_is_counted_and_its_function_called(seen: Watched, target: str) -> None:
    path = f"/jsonp{len(target)}"
    told = {"Origin": None, "Referer": f"{ORIGIN}{path}?x=1"}
    answer = ask(seen, "GET", f"{target}=BusuanziCallback_12", counted=1, **told)

    assert (answer.status_code, said(answer)) == (200, "counted")
    assert answer.mimetype == "application/javascript"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    name, numbers = called(answer)
    assert name == "BusuanziCallback_12"
    assert numbers["page_pv"] == number(seen, path) == 1
    assert numbers["site_pv"] == seen.views()
    assert numbers["version"] == 2.4
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "name",
    [
        *("", "alert(1)", "a;b", "a b", "a%0a", "%3Cscript%3E", "a[0]", "a.b.", ".a", "a..b", "é"),
        *("%00", "a%3Dalert%281%29", "a" * 65, "a.b.c.d.e.f", "//", "a/**/", "a%ff"),
    ],
)
def test_a_callback_is_a_name_or_nothing(seen: Watched, name: str) -> None:
    target = f"/busuanzi?jsonpCallback={name}"
    answer = ask(seen, "GET", target, Origin=None, Referer=f"{ORIGIN}/a")

    assert (answer.status_code, said(answer)) == (400, MALFORMED)
    assert answer.mimetype == "application/json"


@pytest.mark.parametrize(
    ("referer", "status", "word"),
    [
        (None, 400, MALFORMED),
        ("nonsense", 400, MALFORMED),
        ("https://evil.example/", 404, "rejected; reason=site"),
        ("https://s3.example/", 404, "rejected; reason=site"),
        ("https://s4.example/", 404, "rejected; reason=site"),
    ],
)
def test_only_a_page_of_a_public_site_is_counted(
    seen: Watched, referer: str | None, status: int, word: str
) -> None:
    answer = ask(seen, "GET", "/busuanzi?jsonpCallback=f", Origin=None, Referer=referer)

    assert (answer.status_code, said(answer)) == (status, word)


def test_a_machine_reads_the_numbers_and_adds_none(seen: Watched) -> None:
    told = {"Origin": None, "Referer": f"{ORIGIN}/a", "User-Agent": GOOGLEBOT}
    answer = ask(seen, "GET", "/busuanzi?jsonpCallback=f", **told)

    assert (answer.status_code, said(answer)) == (200, "filtered; reason=bot")
    assert called(answer)[1]["site_pv"] == seen.views()
    assert ask(seen, "HEAD", "/busuanzi?jsonpCallback=f", **told).status_code == 405


# Its successor


def page(path: str) -> dict[str, str]:
    return {"x-bsz-referer": f"{ORIGIN}{path}"}


def test_post_counts_and_tells_get_tells_put_counts(seen: Watched) -> None:
    answer = ask(seen, "POST", "/api", counted=1, **page("/v2?utm_source=x#y"))
    assert (answer.status_code, said(answer)) == (200, "counted")
    body = answer.get_json()
    assert (body["success"], set(body["data"])) == (True, NUMBERS)
    assert all(type(value) is int for value in body["data"].values())
    assert body["data"]["page_pv"] == 1

    answer = ask(seen, "GET", "/api", **page("/v2"))
    assert answer.get_json()["data"]["page_pv"] == 1

    answer = ask(seen, "PUT", "/api", counted=1, **page("/v2"))
    assert (answer.status_code, answer.data) == (204, b"")
    assert ask(seen, "GET", "/api", **page("/v2")).get_json()["data"]["page_pv"] == 2


def test_a_token_of_its_own_makes_no_difference(seen: Watched) -> None:
    told = {**page("/v2"), "Authorization": "Bearer ey.x.y"}
    answer = ask(seen, "POST", "/api", counted=1, **told)

    assert answer.get_json()["success"]
    # Luot knows nobody again, so it has nothing to hand out.
    assert "Set-Bsz-Identity" not in answer.headers


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({}, "invalid referer"),
        ({"x-bsz-referer": "nonsense"}, "invalid referer"),
        ({"x-bsz-referer": f"{ORIGIN}/%00"}, "unable to parse referer"),
        ({"x-bsz-referer": "https://evil.example/"}, "invalid referer"),
        ({"x-bsz-referer": "https://s3.example/"}, "invalid referer"),
        ({**page("/a"), "Origin": "https://evil.example"}, "invalid referer"),
    ],
)
def test_a_mistake_is_told_with_200(seen: Watched, told: dict[str, str], message: str) -> None:
    answer = ask(seen, "POST", "/api", **told)

    assert answer.status_code == 200
    assert answer.get_json() == {"success": False, "message": message, "data": {}}
    assert str(said(answer)).startswith("rejected")
    assert ask(seen, "PUT", "/api", **told).status_code >= 400


def test_a_page_of_a_site_may_ask(seen: Watched) -> None:
    answer = ask(seen, "OPTIONS", "/api")
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "PUT" in answer.headers["Access-Control-Allow-Methods"]
    assert "x-bsz-referer" in answer.headers["Access-Control-Allow-Headers"]
    assert answer.headers["Access-Control-Max-Age"] == "86400"

    assert ask(seen, "OPTIONS", "/api", Origin="https://evil.example").status_code == 403


def test_it_answers_a_ping(seen: Watched) -> None:
    answer = ask(seen, "GET", "/ping")

    assert (answer.status_code, answer.get_json()["message"]) == (200, "pong")


@pytest.mark.parametrize(
    "target", ["/busuanzi.js", "/js", "/js/jsonp", "/js/lite", "/js/lite_pjax"]
)
def test_the_script_has_many_names(seen: Watched, target: str) -> None:
    answer = ask(seen, "GET", target)

    assert (answer.status_code, answer.mimetype) == (200, "text/javascript")
    assert b"busuanzi_value_" in answer.data
    assert "max-age=86400" in answer.headers["Cache-Control"]
    assert b"/*" not in answer.data
    again = ask(seen, "GET", target, If_None_Match=answer.headers["ETag"])
    assert (again.status_code, again.data) == (304, b"")


# The script's own door


def own(path: str = "/own", **more: Any) -> dict[str, Any]:
    return {"url": f"{ORIGIN}{path}", "id": f"own{path.replace('/', '_')}-0123456789", **more}


def test_the_script_counts_a_page_once_and_is_told_the_numbers(seen: Watched) -> None:
    told = own(title="T", referrer="https://a.example/", width=1366, language="vi")
    answer = ask(seen, "POST", "/busuanzi", told, counted=1, Content_Type="text/plain")

    assert (answer.status_code, said(answer)) == (200, "counted")
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert set(answer.get_json()) == NUMBERS
    again = ask(seen, "POST", "/busuanzi", told)
    assert (said(again), again.get_json()) == ("duplicate", answer.get_json())


@pytest.mark.parametrize(
    ("told", "status"),
    [
        *(({}, 400), ([], 400), ("", 400), (own(id="short"), 400), ({"url": "x"}, 400)),
        (own("/%00"), 400),
        ({"url": "https://evil.example/"}, 404),
        (own(title="x" * 9_000), 413),
    ],
)
def test_a_body_that_is_none_is_refused(seen: Watched, told: Any, status: int) -> None:
    answer = ask(seen, "POST", "/busuanzi", told)

    assert answer.status_code == status
    assert answer.get_json()["success"] is False


def test_nobody_says_who_he_is(seen: Watched) -> None:
    ask(seen, "POST", "/busuanzi", own("/a1"), counted=1)
    visitors = seen.luot.counters()["visitors"]
    forged = own("/a2", reader="x", ip="192.0.2.4", user_agent="y", time="2026-11-01T00:00:00Z")
    ask(seen, "POST", "/busuanzi", {**forged, "is_bot": True, "event": "e"}, counted=1)

    assert seen.luot.counters()["visitors"] == visitors


# vercount


def log(path: str = "/log") -> dict[str, Any]:
    return {"url": f"{ORIGIN}{path}", "isNewUv": True}


@pytest.mark.parametrize("target", ["/log", "/api/v1/log", "/api/v2/log"])
def test_a_log_counts_and_get_tells(seen: Watched, target: str) -> None:
    path = f"{target}-page"
    answer = ask(seen, "POST", target, log(f"{path}/index.html?a=1"), counted=1)
    shown = ask(seen, "GET", f"{target}?url={ORIGIN}{path}/")

    assert (answer.status_code, said(answer)) == (200, "counted")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    body = answer.get_json()
    if "v2" in target:
        assert set(body) == {"status", "message", "data"}
        assert body["status"] == "success"
    numbers = body["data"] if "v2" in target else body
    assert set(numbers) == {"site_uv", "site_pv", "page_pv"}
    assert numbers["page_pv"] == number(seen, path) == 1
    assert shown.get_json() == body


@pytest.mark.parametrize("target", ["/log", "/api/v1/log", "/api/v2/log"])
def test_nobody_says_that_he_is_new(seen: Watched, target: str) -> None:
    ask(seen, "POST", target, log(), counted=1)
    visits = seen.luot.counters()["visits"]["total"]
    ask(seen, "POST", target, log(), counted=1)

    assert seen.luot.counters()["visits"]["total"] == visits


@pytest.mark.parametrize("target", ["/log", "/api/v1/log", "/api/v2/log"])
@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"{}", b'{"url":7}', b'{"url":""}', b"[" * 8_000]
)
def test_a_log_that_is_none_is_refused(seen: Watched, target: str, body: bytes) -> None:
    answer = ask(seen, "POST", target, body)

    assert (answer.status_code, said(answer)) == (400, MALFORMED)
    told = answer.get_json()
    assert set(told) == ({"status", "message", "code", "details"} if "v2" in target else {"error"})
    assert told.get("code", 400) == 400


@pytest.mark.parametrize("target", ["/log", "/api/v1/log", "/api/v2/log"])
@pytest.mark.parametrize(
    "url", ["nonsense", "ftp://s1.example/", "file:///etc/passwd", "//x", f"{ORIGIN}/%00"]
)
def test_an_address_that_cannot_be_used_is_told_zeros(seen: Watched, target: str, url: str) -> None:
    answer = ask(seen, "POST", target, {"url": url})

    assert (answer.status_code, said(answer)) == (200, MALFORMED)
    body = answer.get_json()
    numbers = body["data"] if "v2" in target else body
    assert {numbers[name] for name in ("site_uv", "site_pv", "page_pv")} == {0}
    assert ("error" in body) == ("v2" not in target)
    assert body.get("message", "malformed: url") == "malformed: url"
    assert ask(seen, "GET", f"{target}?url={quote(url)}").status_code == 200


def test_a_log_of_another_site_is_refused(seen: Watched) -> None:
    answer = ask(seen, "POST", "/api/v2/log", {"url": "https://evil.example/"})
    assert (answer.status_code, answer.get_json()["status"]) == (404, "error")

    answer = ask(seen, "POST", "/log", log(), Origin="https://evil.example")
    assert (answer.status_code, said(answer)) == (403, "rejected; reason=origin")
    assert ask(seen, "GET", "/log").status_code == 400


@pytest.mark.parametrize("target", ["/log", "/api/v1/log", "/api/v2/log"])
def test_any_page_may_ask(seen: Watched, target: str) -> None:
    answer = ask(seen, "OPTIONS", target, Origin="https://any.example")

    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    body = answer.get_json()
    assert (body["data"] if "v2" in target else body) == {"message": "OK"}
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Allow-Headers"] == "Content-Type, X-Browser-Token"
    assert answer.headers["Access-Control-Max-Age"] == "86400"


@pytest.mark.parametrize("target", ["/log", "/api/v1/log", "/api/v2/log"])
def test_a_log_is_cut_where_its_letters_are(seen: Watched, target: str) -> None:
    # Each letter has three bytes, and nine characters when it is escaped.
    path = f"/bài-viết/{'字' * 80}{target}"
    kept = f"/bài-viết/{'字' * 62}"
    before = number(seen, kept)
    answer = ask(seen, "POST", target, {"url": f" {ORIGIN}{quote(path)} "}, counted=1)

    assert (answer.status_code, said(answer)) == (200, "counted")
    assert number(seen, kept) == before + 1


@pytest.mark.parametrize("target", ["/log", "/api/v1/log", "/api/v2/log"])
def test_what_is_counted_by_a_log_is_a_whole_number(seen: Watched, target: str) -> None:
    body = ask(seen, "POST", target, log(f"/whole{target}"), counted=1).get_json()

    assert all(type(n) is int for n in (body["data"] if "v2" in target else body).values())


def test_a_log_over_the_rate_is_told_to_come_back(seen: Watched) -> None:
    rates = seen.runtime.rates
    seen.runtime.rates = type(rates)(seen.luot.clock, 1, 1)
    try:
        ask(seen, "POST", "/api/v2/log", log(), counted=1)
        answer = ask(seen, "POST", "/api/v2/log", log())
    finally:
        seen.runtime.rates = rates

    assert (answer.status_code, answer.get_json()["status"]) == (429, "error")
    assert answer.get_json()["code"] == 429
    assert set(answer.get_json()["details"]) == {"limit", "remaining"}
    assert answer.headers["Retry-After"] == "1"
