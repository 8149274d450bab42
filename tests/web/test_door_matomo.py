"""
Matomo's door: one request as an image or a form, and many at once.
"""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from service.archive.tokens import Scope, create_token
from tests.conftest import CHROME
from tests.doors import GOOGLEBOT, IGNORED, ORIGIN, ask, broken_down, number, said
from tests.outcomes import Watched

#: Both answer the same.
FRONTS = ("wsgi", "asgi")

MALFORMED = "rejected; reason=malformed"

FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}


def told(path: Any = "/m", **more: Any) -> dict[str, Any]:
    return {"idsite": 7, "rec": 1, "url": f"{ORIGIN}{path}", **more}


def image(path: Any = "/m", **more: Any) -> str:
    return f"/matomo.php?{urlencode(told(path, **more))}"


@pytest.mark.parametrize("target", ["/matomo.php", "/piwik.php"])
def test_a_view_is_counted_with_path_title_and_referrer(seen: Watched, target: str) -> None:
    path = target.removesuffix(".php")
    query = urlencode(
        {
            **told(path, action_name="Tin", urlref="https://news.example/m?x=1", _rcn="letter"),
            "res": "1366x768",
            "h": 1,
            "m": 2,
            "s": 3,
            "rand": 0.5,
            "apiv": 1,
            "cookie": 1,
            "lang": "vi-vn,vi;q=0.9",
            "uid": "me",
            "cvar": "{}",
            "pf_net": 3,
            "_refts": 0,
        }
    )
    answer = ask(seen, "GET", f"{target}?{query}", counted=1)

    assert (answer.status_code, said(answer)) == (200, "counted")
    assert (answer.mimetype, len(answer.data)) == ("image/gif", 43)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert number(seen, path) == 1
    assert broken_down(seen, "referrer_page")["news.example/m"] >= 1
    rows = seen.luot.report("pages", period="today", limit="100")["pages"]
    assert [row["title"] for row in rows if row["path"] == path] == ["Tin"]


def test_a_form_is_counted_and_says_so_to_its_page(seen: Watched) -> None:
    answer = ask(seen, "POST", "/matomo.php", urlencode(told("/form")), counted=1, **FORM)

    assert (answer.status_code, said(answer), len(answer.data)) == (200, "counted", 43)
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"


def test_a_form_may_stand_in_the_address(seen: Watched) -> None:
    assert said(ask(seen, "POST", image("/form"), counted=1)) == "counted"


def test_no_image_may_be_wanted(seen: Watched) -> None:
    answer = ask(seen, "GET", image(send_image=0), counted=1)
    assert (answer.status_code, answer.data) == (204, b"")

    answer = ask(seen, "POST", "/matomo.php", urlencode(told(send_image=0)), counted=1, **FORM)
    assert (answer.status_code, answer.data) == (204, b"")


def test_a_view_that_has_a_number_is_counted_once(seen: Watched) -> None:
    view = {"_id": "0123456789abcdef", "pv_id": "aB3dE6"}
    ask(seen, "GET", image(**view), counted=1)

    assert said(ask(seen, "GET", image(**view, rand=2))) == "duplicate"
    assert said(ask(seen, "GET", image(**{**view, "pv_id": "other6"}), counted=1)) == "counted"
    assert said(ask(seen, "GET", image("/other", **view), counted=1)) == "counted"


@pytest.mark.parametrize(
    "action",
    [
        {"ping": 1},
        {"e_c": "Video", "e_a": "play", "e_n": "x", "e_v": 1},
        {"link": "https://a.example/"},
        {"download": f"{ORIGIN}/a.pdf"},
        {"search": "word", "search_cat": "x", "search_count": 3},
        {"c_n": "banner", "c_p": "x", "c_t": "y"},
        {"idgoal": 3, "revenue": 5},
        {"idgoal": 0, "ec_id": "1", "ec_items": "[]"},
        {"ca": 1},
    ],
)
def test_an_action_is_no_view(seen: Watched, action: dict[str, Any]) -> None:
    answer = ask(seen, "GET", image(**action))

    assert (answer.status_code, said(answer)) == (200, "counted")


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"User-Agent": GOOGLEBOT}, "bot"),
        ({"User-Agent": None}, "bot"),
        ({"X-Forwarded-For": IGNORED}, "excluded"),
        ({"Sec-GPC": "1"}, "optout"),
    ],
)
def test_who_is_no_reader_is_answered_with_the_image(
    seen: Watched, headers: dict[str, str | None], reason: str
) -> None:
    answer = ask(seen, "GET", image(bots=1, ua=CHROME, cip="192.0.2.3"), **headers)

    assert (answer.status_code, said(answer)) == (200, f"filtered; reason={reason}")
    assert len(answer.data) == 43


@pytest.mark.parametrize(
    "more",
    [
        *({"idsite": ""}, {"idsite": 0}, {"idsite": 99}, {"idsite": "7x"}, {"idsite": "７"}),
        *({"rec": 0}, {"rec": ""}, {"url": ""}, {"url": "nonsense"}, {"url": f"{ORIGIN}/%00"}),
        *({"cdt": "2020-01-01 00:00:00"}, {"cdt": 1_500_000_000}, {"cdt": "2026-02-30 00:00:00"}),
        {"cdt": "yesterday"},
    ],
)
def test_what_is_wrong_is_refused(seen: Watched, more: dict[str, Any]) -> None:
    answer = ask(seen, "GET", image(**more))

    assert (answer.status_code, len(answer.data)) == (400, 43)
    assert said(answer) in {MALFORMED, "rejected; reason=site"}


def test_a_page_of_another_site_is_refused(seen: Watched) -> None:
    for answer in (
        ask(seen, "GET", image(), Origin="https://evil.example"),
        ask(seen, "GET", image(), Origin=None, Referer="https://evil.example/"),
        ask(seen, "GET", image(url="https://evil.example/")),
        ask(seen, "GET", image(idsite=8)),
    ):
        assert (answer.status_code, said(answer)) == (403, "rejected; reason=origin")


def test_whoever_asks_nothing_is_told_what_this_is(seen: Watched) -> None:
    answer = ask(seen, "GET", "/matomo.php")

    assert (answer.status_code, answer.mimetype) == (200, "text/plain")
    assert ask(seen, "HEAD", image()).status_code == 405


def test_nobody_says_who_he_is_without_a_token(seen: Watched) -> None:
    ask(seen, "GET", image(), counted=1)
    before = seen.luot.counters()
    recent = seen.luot.clock.now_ms() // 1000 - 80_000
    forged = {"cip": "192.0.2.9", "ua": "Other/2", "uid": "x", "cdt": recent, "country": "fr"}
    ask(seen, "GET", image(**forged), counted=1)
    # A token in an address is in logs and histories, and believed no more.
    ask(seen, "GET", image(**forged, token_auth=seen.luot.token), counted=1)
    ask(seen, "POST", image(**forged, token_auth=seen.luot.token), counted=1)

    now = seen.luot.counters()
    assert now["visitors"] == before["visitors"]
    assert now["views"]["today"] == before["views"]["today"] + 3


def test_with_a_token_servers_speak_for_readers(seen: Watched) -> None:
    before = seen.luot.counters()
    reader = {"cip": "192.0.2.10", "ua": CHROME, "cdt": "2026-11-21 11:00:00"}
    form = urlencode(told(**reader, token_auth=seen.luot.token))
    server = {"User-Agent": "python-requests/2", "Origin": None}
    assert said(ask(seen, "POST", "/matomo.php", form, counted=1, **FORM, **server)) == "counted"

    now = seen.luot.counters()
    assert now["views"]["yesterday"] == before["views"]["yesterday"] + 1
    assert now["visitors"]["yesterday"] == before["visitors"]["yesterday"] + 1


# Many at once


def test_many_are_settled_one_by_one(seen: Watched) -> None:
    body = {
        "requests": [
            f"?{urlencode(told('/bulk-1'))}",
            urlencode(told("/bulk-2")),
            told("/bulk-3", action_name="T", cvar={"1": ["a", "b"]}, bots=True, ec_st=None),
            f"/piwik.php?{urlencode(told('/bulk-4'))}",
            f"https://stats.example/matomo.php?{urlencode(told('/bulk-5'))}#x",
            told(idsite=99),
            told(action_name=["a"]),
            {"rec": 1},
            7,
        ]
    }
    answer = ask(seen, "POST", "/matomo.php", body, counted=5, **FORM)

    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.get_json() == {"status": "success", "tracked": 5, "invalid": 4}
    assert number(seen, "/bulk-3") == 1


def test_who_shows_a_token_is_told_which_were_invalid(seen: Watched) -> None:
    reader = {"cip": "192.0.2.11", "ua": CHROME, "cdt": "2026-11-20 11:00:00"}
    body = {"requests": [told(idsite=99), told(**reader)], "token_auth": seen.luot.token}
    server = {"Content-Type": "application/json", "User-Agent": None, "Origin": None}
    answer = ask(seen, "POST", "/matomo.php", body, counted=1, **server)

    assert answer.get_json()["invalid_indices"] == [0]
    read = create_token(seen.runtime.database, "s1", Scope.READ, seen.luot.clock.now_ms())
    answer = ask(seen, "POST", "/matomo.php", {**body, "token_auth": read}, **server)
    assert answer.get_json() == {"status": "success", "tracked": 0, "invalid": 2}


@pytest.mark.parametrize("no", [0, "0", False])
def test_many_may_want_no_answer(seen: Watched, no: Any) -> None:
    body = {"requests": [told()], "send_image": no}

    assert ask(seen, "POST", "/matomo.php", body, counted=1).status_code == 204


@pytest.mark.parametrize(
    ("body", "status"),
    [
        *((b"{", 400), (b"{}", 400), (b'{"requests":[]}', 400), (b'{"requests":7}', 400)),
        (json.dumps({"requests": ["?idsite=7"] * 501}).encode(), 413),
        (json.dumps({"requests": ["?idsite=7"] * 10_000}).encode(), 413),
        (b"{" + b" " * 600_000 + b"}", 413),
        (b'{"requests":' + b"[" * 50_000, 400),
        (b"idsite=%ff&rec=1", 400),
    ],
    ids=["cut", "object", "none", "number", "501", "10000", "600 kB", "deep", "form"],
)
def test_a_body_that_is_none_is_refused(seen: Watched, body: bytes, status: int) -> None:
    answer = ask(seen, "POST", "/matomo.php", body)

    assert answer.status_code == status
    told = answer.get_json()
    assert (told["status"], told["tracked"], told["invalid"]) == ("error", 0, 0)


def test_a_page_of_the_site_may_ask(seen: Watched) -> None:
    answer = ask(seen, "OPTIONS", "/matomo.php")
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"

    answer = ask(seen, "OPTIONS", "/matomo.php", Origin="https://evil.example")
    assert "Access-Control-Allow-Origin" not in answer.headers
