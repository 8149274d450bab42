"""
Umami's door: what its script and its servers are answered.
"""

import json
from typing import Any
from uuid import UUID

import pytest

from tests.doors import GOOGLEBOT, IGNORED, OTHER_UMAMI, UMAMI, ask, broken_down, number, said
from tests.outcomes import Watched

#: Both answer the same.
FRONTS = ("wsgi", "asgi")

MALFORMED = "rejected; reason=malformed"

JSON = {"Content-Type": "application/json"}


def message(url: str = "/u", kind: str = "event", **told: Any) -> dict[str, Any]:
    usual = {"website": UMAMI, "url": url, "hostname": "s1.example", "screen": "1366x768"}
    inner = {**usual, "language": "vi-VN", "title": "Tin", "referrer": "", **told}
    return {"type": kind, "payload": {k: v for k, v in inner.items() if v is not None}}


@pytest.mark.parametrize("target", ["/api/send", "/api/collect"])
def test_a_view_is_counted_with_path_title_and_referrer(seen: Watched, target: str) -> None:
    path = target.replace("api", "page")
    told = message(f"{path}?utm_source=mail#x", referrer="https://news.example/z?q=1")
    answer = ask(seen, "POST", target, told, counted=1, **JSON)

    assert (answer.status_code, said(answer)) == (200, "counted")
    body = answer.get_json()
    assert set(body) == {"cache", "sessionId", "visitId"}
    assert UUID(body["sessionId"]) != UUID(body["visitId"])
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert number(seen, path) == 1
    assert broken_down(seen, "referrer_page")["news.example/z"] >= 1
    rows = seen.luot.report("pages", period="today", limit="100")["pages"]
    assert [row["title"] for row in rows if row["path"] == path] == ["Tin"]


def test_what_was_answered_is_sent_back_and_makes_no_difference(seen: Watched) -> None:
    headers = {**JSON, "x-umami-cache": "luot"}

    assert said(ask(seen, "POST", "/api/send", message(), counted=1, **headers)) == "counted"


def test_a_whole_address_will_do(seen: Watched) -> None:
    told = message("https://s1.example/whole", hostname=None)

    assert said(ask(seen, "POST", "/api/send", told, counted=1, **JSON)) == "counted"
    assert number(seen, "/whole") == 1


def test_a_page_before_on_the_same_site_is_internal(seen: Watched) -> None:
    ask(seen, "POST", "/api/send", message(referrer="/before"), counted=1, **JSON)

    assert broken_down(seen, "referrer_page")["(internal)"] >= 1


@pytest.mark.parametrize(
    "told",
    [
        message(name="buy", data={"revenue": 1, "currency": "VND"}),
        message(kind="identify", data={"a": 1}),
        message(kind="performance", lcp=1.5, cls=0.1),
    ],
)
def test_what_is_no_view_adds_none(seen: Watched, told: dict[str, Any]) -> None:
    answer = ask(seen, "POST", "/api/send", told, **JSON)

    assert (answer.status_code, said(answer)) == (200, "counted")
    assert set(answer.get_json()) == {"cache", "sessionId", "visitId"}


def test_a_machine_is_told_so(seen: Watched) -> None:
    answer = ask(seen, "POST", "/api/send", message(), **JSON, User_Agent=GOOGLEBOT)

    assert (answer.status_code, answer.get_json()) == (200, {"beep": "boop"})
    assert said(answer) == "filtered; reason=bot"


def test_an_excluded_address_is_forbidden(seen: Watched) -> None:
    answer = ask(seen, "POST", "/api/send", message(), **JSON, X_Forwarded_For=IGNORED)

    assert (answer.status_code, said(answer)) == (403, "filtered; reason=excluded")
    assert set(answer.get_json()["error"]) == {"message", "code", "status"}


@pytest.mark.parametrize(
    "told",
    [
        *({}, [], "x", {"type": "event"}, {"type": "other", "payload": {"website": UMAMI}}),
        message(website=None),
        message(website=OTHER_UMAMI.replace("1", "2")),
        message(website="s1"),
        message(link=OTHER_UMAMI),
        message(website=None, pixel=OTHER_UMAMI),
        message(hostname="x" * 101),
        message(language="x" * 36),
        message(screen="1" * 12),
        message(name="x" * 51),
        message(tag="x" * 51),
        message("/%00"),
        message(title=7),
        message(timestamp=1e300),
        message(timestamp="yesterday"),
        message(timestamp="１７"),
        message(data="x"),
        message(kind="performance", lcp="slow"),
        {"payload": message()["payload"]},
    ],
)
def test_what_is_wrong_is_refused(seen: Watched, told: Any) -> None:
    answer = ask(seen, "POST", "/api/send", told, **JSON)

    assert answer.status_code == 400
    assert str(said(answer)).startswith("rejected")
    error = answer.get_json()["error"]
    assert (error["code"], error["status"]) == ("bad-request", 400)


@pytest.mark.parametrize(
    ("told", "headers"),
    [
        (message(), {"Origin": "https://evil.example"}),
        (message(hostname="evil.example"), {}),
        (message("https://evil.example/a"), {}),
        (message(website=OTHER_UMAMI), {}),
    ],
)
def test_a_page_of_another_site_is_refused(
    seen: Watched, told: dict[str, Any], headers: dict[str, str]
) -> None:
    answer = ask(seen, "POST", "/api/send", told, **JSON, **headers)

    assert (answer.status_code, said(answer)) == (403, "rejected; reason=origin")


def test_nobody_says_who_he_is_without_a_token(seen: Watched) -> None:
    ask(seen, "POST", "/api/send", message(), counted=1, **JSON)
    visitors, views = (seen.luot.counters()[w]["today"] for w in ("visitors", "views"))
    forged = {"ip": "192.0.2.55", "userAgent": "Other/1.0", "browser": "x", "os": "y", "id": "me"}
    told = message(**forged, timestamp=1_700_000_000, device="z")
    ask(seen, "POST", "/api/send", told, counted=1, **JSON)

    now = seen.luot.counters()
    assert (now["visitors"]["today"], now["views"]["today"]) == (visitors, views + 1)


def test_with_a_token_servers_speak_for_readers(seen: Watched) -> None:
    before = seen.luot.counters()
    token = {**JSON, "Authorization": f"Bearer {seen.luot.token}", "User-Agent": "python-requests"}
    yesterday = seen.luot.clock.now_ms() // 1000 - 86_400
    reader = {"ip": "192.0.2.56", "userAgent": "Mozilla/5.0 (X11; Linux) Firefox/144.0"}
    told = message("/relayed", **reader, timestamp=str(yesterday), id="reader-1")
    ask(seen, "POST", "/api/send", told, counted=1, **token)

    now = seen.luot.counters()
    assert now["views"]["yesterday"] - before["views"]["yesterday"] == 1
    assert now["visitors"]["yesterday"] - before["visitors"]["yesterday"] == 1


def test_a_batch_is_settled_one_by_one(seen: Watched) -> None:
    sent = [message("/one"), message("/two"), {}, message(website="nobody"), message(name="e")]
    answer = ask(seen, "POST", "/api/batch", sent, counted=2, **JSON)

    assert answer.status_code == 200
    body = answer.get_json()
    assert (body["size"], body["processed"], body["errors"]) == (5, 3, 2)
    assert [row["index"] for row in body["details"]] == [2, 3]
    for row in body["details"]:
        # The answer as each would have got it alone.
        alone = ask(seen, "POST", "/api/send", sent[row["index"]], **JSON)
        assert row == {"index": row["index"], "response": alone.get_json()}
    assert isinstance(body["cache"], str)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        *((b"", 400), (b"{}", 400), (b"[]", 400), (b"[" * 50_000, 400)),
        (json.dumps([{}] * 501).encode(), 400),
        (json.dumps([{}] * 10_000).encode(), 400),
        (b"[" + b" " * 600_000 + b"]", 413),
    ],
    ids=["empty", "object", "none", "deep", "501", "10000", "600 kB"],
)
def test_a_batch_that_is_none_is_refused(seen: Watched, body: bytes, status: int) -> None:
    answer = ask(seen, "POST", "/api/batch", body, **JSON)

    assert answer.status_code == status
    assert set(answer.get_json()) == {"error"}


@pytest.mark.parametrize("target", ["/script.js", "/count.js", "/js/script.hash.js"])
def test_its_script_is_luots_and_told_the_site(seen: Watched, target: str) -> None:
    answer = ask(seen, "GET", target)

    if answer.status_code == 404:
        pytest.skip("there is no luot.js")
    assert answer.mimetype == "text/javascript"
    assert "max-age=86400" in answer.headers["Cache-Control"]
    for name in (UMAMI, "www.s1.example"):
        assert f'"{name}": "s1"'.encode() in answer.data
    assert b"s4.example" not in answer.data


@pytest.mark.parametrize("target", ["/api/send", "/api/batch", "/api/collect"])
def test_any_page_may_ask(seen: Watched, target: str) -> None:
    answer = ask(seen, "OPTIONS", target, Origin="https://any.example")

    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Allow-Headers"] == "*"
    assert answer.headers["Access-Control-Max-Age"] == "86400"
