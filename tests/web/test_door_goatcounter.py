"""
GoatCounter's door: what its script, its pixel, its API and its numbers are answered.
"""

import json
from base64 import b64encode
from typing import Any
from urllib.parse import urlencode

import pytest

from service.archive.tokens import Scope, create_token
from tests.conftest import CHROME
from tests.doors import GOOGLEBOT, IGNORED, ask, broken_down, number, said
from tests.outcomes import Watched

#: Both answer the same.
FRONTS = ("wsgi", "asgi")

MALFORMED = "rejected; reason=malformed"


def count(**told: str) -> str:
    return f"/count?{urlencode(told)}"


def bearer(seen: Watched) -> dict[str, str]:
    return {"Authorization": f"Bearer {seen.luot.token}", "Content-Type": "application/json"}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_view_is_counted_with_path_title_and_referrer(seen: Watched, method: str) -> None:
    told = count(
        p=f"/{method}?id=7&fbclid=x",
        t="Tin",
        r="https://news.example/x?y=1",
        s="1366,768,1.5",
        b="0",
        rnd="a1b2c",
        q="?ref=letter",
    )
    answer = ask(seen, method, told, counted=1)

    assert (answer.status_code, said(answer)) == (200, "counted")
    assert (answer.mimetype, len(answer.data)) == ("image/gif", 43)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["Cache-Control"] == "no-store"
    assert number(seen, f"/{method}?id=7") == 1
    assert broken_down(seen, "source")["letter"] >= 1
    assert broken_down(seen, "referrer_page")["news.example/x"] >= 1
    page = next(
        row
        for row in seen.luot.report("pages", period="today", limit="100")["pages"]
        if row["path"] == f"/{method}?id=7"
    )
    assert page["title"] == "Tin"


def test_an_event_is_no_view(seen: Watched) -> None:
    answer = ask(seen, "POST", count(p="sign-up", e="true"), Referer="https://s1.example/form")

    assert (answer.status_code, said(answer)) == (200, "counted")
    seen.luot.snapshot()
    rows = seen.luot.report("breakdown/event", period="today")["values"]
    assert {row["value"]: row["events"] for row in rows}["sign-up"] == 1


@pytest.mark.parametrize(
    ("told", "headers", "status", "reason"),
    [
        ({"p": "/b", "b": "150"}, {}, 200, "bot"),
        ({"p": "/b", "b": "300"}, {}, 200, "bot"),
        ({"p": "/b"}, {"User-Agent": GOOGLEBOT}, 200, "bot"),
        ({"p": "/b"}, {"Sec-Purpose": "prefetch"}, 200, "prefetch"),
        ({"p": "/b"}, {"X-Forwarded-For": IGNORED}, 202, "excluded"),
        ({"p": "/b"}, {"Sec-GPC": "1"}, 200, "optout"),
    ],
)
def test_who_is_no_reader_is_answered_with_the_pixel(
    seen: Watched, told: dict[str, str], headers: dict[str, str], status: int, reason: str
) -> None:
    answer = ask(seen, "GET", count(**told), **headers)

    assert (answer.status_code, said(answer)) == (status, f"filtered; reason={reason}")
    assert len(answer.data) == 43
    assert ("X-Goatcounter" in answer.headers) == (status == 202)


@pytest.mark.parametrize(
    "query",
    [
        *("", "p=", "p=%ff", "p=%00", "p=/a&p=/b", "p=/a&b=1", "p=/a&b=149", "p=/a&b=x"),
        *("p=/a&b=-150", "p=/a&s=wide", "p=/a&t=%ff", "p=/a&e=1&p=%0a", "p=%", "p=/a&b=１５０"),
        *("p=/a&e=x", "p=/a&e=2", "p=/a&b=99999999999"),
        f"p=/{'a' * 2_048}",
        f"p=/a&t={'a' * 1_025}",
        f"p=/a&r={'a' * 2_049}",
    ],
)
def test_what_is_wrong_is_named_in_a_header(seen: Watched, query: str) -> None:
    answer = ask(seen, "GET", f"/count?{query}")

    assert (answer.status_code, said(answer)) == (400, MALFORMED)
    assert answer.headers["X-Goatcounter"].startswith("malformed")
    assert (answer.mimetype, len(answer.data)) == ("image/gif", 43)


def test_a_page_of_another_site_counts_nothing(seen: Watched) -> None:
    answer = ask(seen, "POST", count(p="/a"), Origin="https://evil.example")
    assert (answer.status_code, said(answer)) == (404, "rejected; reason=site")

    answer = ask(seen, "POST", count(p="/a"), Host="two.stats.example")
    assert (answer.status_code, said(answer)) == (403, "rejected; reason=origin")


def test_a_head_is_no_view(seen: Watched) -> None:
    assert ask(seen, "HEAD", count(p="/a")).status_code == 405


def test_the_name_of_luot_says_which_site(seen: Watched) -> None:
    answer = ask(seen, "GET", count(p="/by-host"), Host="two.stats.example", Origin=None)
    assert said(answer) == "counted"

    answer = ask(seen, "GET", "/counter/by-host.json", Host="two.stats.example", Origin=None)
    assert answer.get_json() == {"count": "1", "count_unique": "1"}


def test_without_a_name_or_a_page_nobody_guesses(seen: Watched) -> None:
    answer = ask(seen, "GET", count(p="/a"), Origin=None)

    assert (answer.status_code, said(answer)) == (404, "rejected; reason=site")


def test_many_readers_are_told_to_come_back(seen: Watched) -> None:
    rates = seen.runtime.rates
    seen.runtime.rates = type(rates)(seen.luot.clock, 1, 1)
    try:
        ask(seen, "GET", count(p="/r"), counted=1)
        answer = ask(seen, "GET", count(p="/r"))
    finally:
        seen.runtime.rates = rates

    assert (answer.status_code, said(answer)) == (429, "rejected; reason=rate")
    assert answer.headers["Retry-After"] == "1"
    assert len(answer.data) == 43


# The API


def hits(*told: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"hits": list(told), **more}


READER = {"user_agent": CHROME, "ip": "192.0.2.1"}


def test_servers_count_for_their_readers(seen: Watched) -> None:
    visits = seen.luot.counters()["visits"]["total"]
    told = hits(
        {"path": "/api-1", "created_at": "2026-11-22T11:00:00Z", "session": "x", "title": "T"},
        {"path": "/api-1", "created_at": "2026-11-22T11:00:01Z", "session": "x"},
        {"path": "/api-1", "session": "y", "size": [1366, 768, 1], "language": "vi"},
        {"path": "/api-1", **READER, "ref": "https://a.example/", "query": "utm_source=x"},
        {"path": "/api-1", **READER, "event": "false", "size": 1366},
        {"path": "click", "event": True, **READER},
        {"path": "click", "event": 1, **READER},
    )
    answer = ask(seen, "POST", "/api/v0/count", told, counted=5, **bearer(seen))

    assert (answer.status_code, answer.get_json()) == (202, {"status": "ok"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert seen.luot.counters()["visits"]["total"] - visits == 3


def test_only_listed_hits_have_failed(seen: Watched) -> None:
    told = hits(
        {"path": "/api-2", **READER},
        {"path": "/api-2"},
        {"path": "/api-2", **READER, "created_at": "2026-11-22T13:00:00Z"},
        {"path": "/api-2", **READER, "created_at": "2026-10-01T13:00:00Z"},
        {"path": 7},
        {"path": "/api-2", "ip": IGNORED, "user_agent": CHROME},
        {"path": "/api-2", "ip": "nobody", "user_agent": CHROME},
        {"path": "/api-2", **READER, "bot": -3},
        {"path": "/api-2", **READER, "bot": 3},
    )
    answer = ask(seen, "POST", "/api/v0/count", told, counted=1, **bearer(seen))

    assert answer.status_code == 400
    assert list(answer.get_json()["errors"]) == ["1", "2", "3", "4", "6", "7"]
    assert answer.headers["X-Goatcounter-Filter"] == "5"


def test_a_server_may_count_excluded_addresses(seen: Watched) -> None:
    told = hits({"path": "/api-4", "ip": IGNORED, "user_agent": CHROME}, filter=[])
    answer = ask(seen, "POST", "/api/v0/count", told, counted=1, **bearer(seen))
    assert (answer.status_code, said(answer)) == (202, "counted")
    assert "X-Goatcounter-Filter" not in answer.headers

    for known in (None, ["ip"]):
        answer = ask(seen, "POST", "/api/v0/count", {**told, "filter": known}, **bearer(seen))
        assert (answer.status_code, answer.headers["X-Goatcounter-Filter"]) == (202, "0")
    answer = ask(seen, "POST", "/api/v0/count", {**told, "filter": ["ua"]}, **bearer(seen))
    assert (answer.status_code, answer.get_json()) == (400, {"error": "malformed: filter"})


def test_without_sessions_no_reader_has_to_be_told(seen: Watched) -> None:
    told = hits({"path": "/api-3"}, no_sessions=True)
    answer = ask(seen, "POST", "/api/v0/count", told, counted=1, **bearer(seen))

    assert answer.status_code == 202


@pytest.mark.parametrize(
    ("body", "status"),
    [
        *((b"", 400), (b"[]", 400), (b"{}", 400), (b'{"hits":[]}', 400), (b'{"hits":7}', 400)),
        (json.dumps(hits(*[{"path": "/a", **READER}] * 501)).encode(), 400),
        (json.dumps(hits(*[{"path": "/a"}] * 10_000)).encode(), 400),
        (b" " * 600_000, 413),
    ],
    ids=["empty", "list", "object", "none", "number", "501", "10000", "600 kB"],
)
def test_a_batch_that_is_none_is_refused(seen: Watched, body: bytes, status: int) -> None:
    answer = ask(seen, "POST", "/api/v0/count", body, **bearer(seen))

    assert answer.status_code == status
    assert set(answer.get_json()) == {"error"}


def test_the_token_may_be_a_password(seen: Watched) -> None:
    told = f"Basic {b64encode(f'me:{seen.luot.token}'.encode()).decode()}"
    headers = {"Content-Type": "application/json", "Authorization": told}
    answer = ask(
        seen, "POST", "/api/v0/count", hits({"path": "/b", **READER}), counted=1, **headers
    )

    assert answer.status_code == 202


@pytest.mark.parametrize(
    ("scope", "site", "status"), [(Scope.READ, "*", 403), (Scope.WRITE, "s4", 403), (None, "", 401)]
)
def test_only_a_token_for_writing_counts(
    seen: Watched, scope: Scope | None, site: str, status: int
) -> None:
    database, now = seen.runtime.database, seen.luot.clock.now_ms()
    token = "nobody" if scope is None else create_token(database, site, scope, now)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    answer = ask(seen, "POST", "/api/v0/count", hits({"path": "/b", **READER}), **headers)

    assert (answer.status_code, said(answer)) == (status, "rejected; reason=token")
    assert set(answer.get_json()) == {"error"}


def test_a_named_batch_that_is_sent_again_adds_nothing(seen: Watched) -> None:
    headers = {**bearer(seen), "Idempotency-Key": "batch-1"}
    told = hits({"path": "/again", **READER})
    ask(seen, "POST", "/api/v0/count", told, counted=1, **headers)
    answer = ask(seen, "POST", "/api/v0/count", told, **headers)

    assert (answer.status_code, said(answer)) == (202, "duplicate")


def test_only_json_is_a_batch(seen: Watched) -> None:
    headers = {**bearer(seen), "Content-Type": "text/plain"}
    answer = ask(seen, "POST", "/api/v0/count", hits({"path": "/b", **READER}), **headers)

    assert (answer.status_code, said(answer)) == (400, "rejected; reason=type")


def test_any_page_may_ask_for_the_api(seen: Watched) -> None:
    answer = ask(seen, "OPTIONS", "/api/v0/count", Origin="https://any.example")

    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]


# The numbers


@pytest.fixture(scope="module")
def read(seen: Watched) -> Watched:
    """
    Pages with views, and one with 4,241,514 more from before.
    """
    ask(seen, "GET", count(p="/số?id=1"), counted=1)
    return seen


@pytest.mark.parametrize(
    "asked",
    [
        *("s%E1%BB%91%3Fid=1.json", "%2Fs%E1%BB%91%3Fid=1.json", "%2Fs%25E1%25BB%2591%3Fid=1.json"),
        *("/s%E1%BB%91%3Fid%3D1.json", "s%E1%BB%91%3Fid=1.json?start=2026-11-01&end=2026-11-22"),
        *("s%E1%BB%91%3Fid=1.json?start=week", "s%E1%BB%91%3Fid=1.json?start=year"),
        "s%E1%BB%91%3Fid=1.json?no_branding=1&style=body%7Bcolor%3Ared%7D",
    ],
)
def test_a_pages_number_is_two_texts(read: Watched, asked: str) -> None:
    read.luot.snapshot()
    answer = ask(read, "GET", f"/counter/{asked}")

    assert (answer.status_code, answer.get_json()) == (200, {"count": "1", "count_unique": "1"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cache-Control"].startswith("public")


def test_views_of_today_are_in_a_span_before_sql_knows_of_them(read: Watched) -> None:
    read.luot.snapshot()
    for n in (1, 2):
        ask(read, "GET", count(p="/span"), counted=1)
        answer = ask(read, "GET", "/counter/span.json?start=week")
        assert (answer.status_code, answer.get_json()["count"]) == (200, str(n))
    total = ask(read, "GET", "/counter/TOTAL.json?start=2026-11-22").get_json()["count"]
    assert total == ask(read, "GET", "/counter/TOTAL.json").get_json()["count"]
    for other in ("end=2026-11-21", "start=2026-11-23"):
        answer = ask(read, "GET", f"/counter/span.json?{other}")
        assert (answer.status_code, answer.get_json()["count"]) == (200, "0")


def test_thousands_stand_apart(read: Watched) -> None:
    from service.archive.baselines import Baseline, push_baselines, set_baselines  # noqa: PLC0415

    here, site = read.runtime, read.runtime.sites["s2"]
    set_baselines(here.database, site, [Baseline("", 4_241_514, 1_094)], read.luot.clock, "old")
    push_baselines(here.store, here.database, "s2")
    answer = ask(read, "GET", "/counter/TOTAL.json", Origin=None, Host="two.stats.example")

    assert answer.get_json()["count"].startswith("4\u202f241\u202f51")


def test_an_unknown_page_is_404_with_a_number(read: Watched) -> None:
    answer = ask(read, "GET", "/counter/nowhere.json")

    assert (answer.status_code, answer.get_json()) == (404, {"count": "0", "count_unique": "0"})


@pytest.mark.parametrize(
    ("kind", "mimetype", "begins"),
    [
        ("html", "text/html", b"<!DOCTYPE html>"),
        ("svg", "image/svg+xml", b"<svg "),
        ("png", "image/png", b"\x89PNG\r\n"),
    ],
)
def test_a_number_is_a_picture(read: Watched, kind: str, mimetype: str, begins: bytes) -> None:
    answer = ask(read, "GET", f"/counter/TOTAL.{kind}?style=%3C%2Fstyle%3E%3Cscript%3E")

    assert (answer.status_code, answer.mimetype) == (200, mimetype)
    assert answer.data.startswith(begins)
    assert b"script" not in answer.data
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    # Only the JSON is for scripts of other pages.
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    "asked",
    [
        *("a.gif", "a", "a.json?start=yesterday", "a.json?end=week", "a.json?start=2026-02-30"),
        *("a.json?start=2026-11-22&end=2026-11-01", "a%00.json", "a.JSON"),
    ],
)
def test_a_question_that_is_none_is_refused(read: Watched, asked: str) -> None:
    answer = ask(read, "GET", f"/counter/{asked}")

    assert (answer.status_code, said(answer)) == (400, MALFORMED)
    assert set(answer.get_json()) == {"error"}


def test_private_numbers_are_nobodys(seen: Watched) -> None:
    assert ask(seen, "GET", "/counter/a.json", Origin="https://s3.example").status_code == 403


def test_numbers_are_asked_for_one_by_one(seen: Watched) -> None:
    assert ask(seen, "POST", "/counter/a.json").status_code == 405
