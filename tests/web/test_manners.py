import logging

import pytest

from tests.conftest import CHROME, Luot, MakeLuot


@pytest.mark.parametrize("path", ["/", "/hit", "/counters?site=s1", "/healthz", "/api/v1/nope"])
def test_no_answer_can_be_taken_for_a_page(luot: Luot, path: str) -> None:
    headers = luot.http.get(path).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/<script>alert(1)</script>", 404, "not_found"),
        ("GET", "/%00%ff", 404, "not_found"),
        ("GET", "/hit", 405, "method"),
        ("DELETE", "/counters", 405, "method"),
        ("BREW", "/hit", 405, "method"),
    ],
)
def test_an_error_is_one_word_of_json(
    luot: Luot, method: str, path: str, status: int, code: str
) -> None:
    answer = luot.http.open(path, method=method)

    assert (answer.status_code, answer.get_json()) == (status, {"error": code})
    assert ("Allow" in answer.headers) == (status == 405)


@pytest.mark.parametrize("path", ["/login", "/<script>alert(1)</script>", "/%00%ff"])
def test_a_person_who_goes_astray_is_shown_a_page(luot: Luot, path: str) -> None:
    answer = luot.http.get(path, headers={"Accept": "text/html,*/*;q=0.8"})

    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "There is no such page" in answer.text
    assert "<script>alert" not in answer.text
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src")


def test_an_error_of_the_programs_api_is_a_problem(luot: Luot) -> None:
    answer = luot.http.get("/api/v1/nope")

    assert answer.mimetype == "application/problem+json"
    assert answer.get_json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "code": "not_found",
    }


def test_what_nobody_foresaw_is_logged_and_told_as_a_reason_to_come_back(
    luot: Luot, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # The intake of a runtime that was broken on purpose.
    monkeypatch.setattr(luot.runtime, "intake", None)
    answer = luot.hit()

    assert (answer.status_code, answer.get_json()) == (503, {"error": "storage"})
    assert answer.headers["Retry-After"] == "5"
    assert [record.message for record in caplog.records] == ["unforeseen error"]


def test_a_log_line_tells_the_route_and_nothing_of_the_reader(
    make_luot: MakeLuot, caplog: pytest.LogCaptureFixture
) -> None:
    luot = make_luot(access_log=True)
    with caplog.at_level(logging.INFO, "luot.access"):
        luot.hit("/a-page", headers={"Referer": "https://o.example/"}, query="?secret=1")
        luot.http.open("/nobody?x=1", method="BREW")

    first, second = (vars(record) for record in caplog.records)
    told = {name: first[name] for name in ("method", "route", "status", "result")}
    assert told == {"method": "POST", "route": "/hit", "status": 204, "result": "counted"}
    assert (second["method"], second["route"], second["status"]) == ("other", "none", 404)
    private = (CHROME, "203.0.113.7", "secret", "a-page", "o.example", "nobody")
    assert not any(part in repr((first, second)) for part in private)
