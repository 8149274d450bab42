"""
Hostile and odd questions to the reports and to the doors of operators.
"""

from collections.abc import Iterator

import pytest
from werkzeug.test import TestResponse

from service.archive.tokens import Scope, create_token
from tests.conftest import Luot, MakeLuot
from tests.outcomes import LARGEST_REFUSAL, Watched, short, watched

PREFIX = "/api/v1/sites"


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    with watched(tmp_path_factory.mktemp("luot")) as running:
        yield running


def get(luot: Luot, path: str, token: str | None = None) -> TestResponse:
    bearer = {"Authorization": f"Bearer {luot.token if token is None else token}"}
    return luot.http.get(path, headers=bearer)


def check_problem(answer: TestResponse, status: int, code: str) -> None:
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert len(answer.data) <= LARGEST_REFUSAL
    told = answer.get_json()
    assert (told["status"], told["code"]) == (status, code)
    assert told.keys() - {"field"} == {"type", "title", "status", "code"}


@pytest.mark.parametrize(
    "asked",
    [
        *(f"series?unit={bad}" for bad in ("day'; DROP TABLE", "Day", "", "year", "day%00", "1")),
        *("pages?order=1;select", "totals?preiod=today", "totals?token=x", "pages?limit[]=1"),
        *(
            f"pages?limit={bad}"
            for bad in ("-1", "0", "1e9", "0x10", "１２", "", "1001", "٣", "+1")
        ),
        *(f"pages?limit={bad}" for bad in ("1_0", "1.0", "9" * 5_000, "1%00", "1&limit=2", "%ff")),
        *(f"breakdown/source?limit={bad}" for bad in ("-1", "1 OR 1=1")),
        *(f"totals?period={bad}" for bad in ("", "Today", "today'", "today&period=today", "%ff")),
        *(
            f"totals?from={bad}&to=2026-11-22"
            for bad in ("", "0000-00-00", "2026-02-30", "20261122")
        ),
        *(f"totals?from={bad}&to=2026-11-22" for bad in ("2026-W47-7", "２026-11-22", "01/02/03")),
        *(
            f"totals?from={bad}&to=2026-11-22"
            for bad in ("2026-11-22T00:00", "1795348800000", "-1")
        ),
        *("totals?from=2026-11-22", "totals?from=2026-11-22&to=2026-11-21", "totals?to=2026-11-22"),
        *("totals?from=0001-01-01&to=9999-12-31", "totals?period=today&from=2026-11-22"),
        *(f"totals?path={bad}" for bad in ("%00", "%ff", "/%", "/%250a", "/a&path=/b")),
        "series?unit=hour&from=2020-01-01&to=2026-11-22",
    ],
    ids=short,
)
def test_a_question_that_is_not_right_is_refused(seen: Watched, asked: str) -> None:
    check_problem(get(seen.luot, f"{PREFIX}/s1/{asked}"), 400, "malformed")


@pytest.mark.parametrize(
    "asked",
    ["totals?path=' OR 1=1--", "totals?path=%25", "totals?path=/_", "totals?path=\\"],
    ids=short,
)
def test_what_is_asked_for_is_compared_and_not_run(seen: Watched, asked: str) -> None:
    seen.luot.snapshot()
    answer = get(seen.luot, f"{PREFIX}/s1/{asked.replace('=%25', '=%2525')}")

    assert (answer.status_code, answer.get_json()["views"]) == (200, 0)


@pytest.mark.parametrize("dimension", ["nope", "views; DROP", "%00", "BROWSER", "browser'", "n"])
def test_a_dimension_that_is_none_is_not_found(seen: Watched, dimension: str) -> None:
    check_problem(get(seen.luot, f"{PREFIX}/s1/breakdown/{dimension}"), 404, "malformed")


@pytest.mark.parametrize("site", ["nope", "S1", "*", "{s1}", "s1 ", "%00", "s1%0a", "x" * 3_000])
def test_a_site_that_is_not_there_is_not_found(seen: Watched, site: str) -> None:
    check_problem(get(seen.luot, f"{PREFIX}/{site}/totals"), 404, "site")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        *(("GET", path, 404) for path in (f"{PREFIX}/s1", f"{PREFIX}/s1/", f"{PREFIX}/s1/nope")),
        *(("GET", path, 404) for path in ("/api/v1/", "/api/v1/nope", f"{PREFIX}/s1/../s2/totals")),
        *((method, f"{PREFIX}/s1/totals", 405) for method in ("POST", "DELETE", "TRACE")),
        *((method, "/api/v1/hits", 405) for method in ("GET", "PUT")),
    ],
)
def test_what_is_not_there_is_a_problem_too(
    seen: Watched, method: str, path: str, status: int
) -> None:
    answer = seen.luot.http.open(path, method=method)

    check_problem(answer, status, {404: "not_found", 405: "method"}[status])


@pytest.mark.parametrize("token", ["", "wrong", "luot_" + "x" * 32, "\xff", "a b", "x" * 8_000])
def test_without_a_valid_token_there_is_nothing(seen: Watched, token: str) -> None:
    answer = get(seen.luot, f"{PREFIX}/s1/totals", token)

    check_problem(answer, 401, "token")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("name", ["token", "access_token", "api_key", "authorization"])
def test_a_token_in_the_url_is_none_and_in_no_log(seen: Watched, name: str) -> None:
    seen.lines.records.clear()
    answer = seen.luot.http.get(f"{PREFIX}/s1/totals?{name}={seen.luot.token}")

    check_problem(answer, 401, "token")
    assert len(seen.lines.records) == 1
    assert seen.luot.token not in repr(vars(seen.lines.records[0]))


def test_a_token_of_one_site_opens_no_other(make_luot: MakeLuot) -> None:
    luot = make_luot(sites={"s2": {"name": "Site two", "hosts": ["s2.example"], "public": False}})
    database, now = luot.runtime.database, luot.clock.now_ms()
    reader, writer = (create_token(database, "s1", s, now) for s in (Scope.READ, Scope.WRITE))

    assert get(luot, f"{PREFIX}/s1/totals", reader).status_code == 200
    for question in ("totals", "series", "pages", "filtered", "breakdown/source", "totals?site=s1"):
        check_problem(get(luot, f"{PREFIX}/s2/{question}", reader), 404, "site")
    check_problem(get(luot, f"{PREFIX}/s1/totals", writer), 403, "token")
    assert get(luot, "/counters?site=s2", reader).status_code == 404
    assert get(luot, "/metrics", reader).status_code in {200, 404}


@pytest.mark.parametrize("path", ["/debug", "/.env", "/api/", "/console", "/.git/config", "/admin"])
def test_what_scanners_ask_for_is_not_there(seen: Watched, path: str) -> None:
    answer = seen.luot.http.get(path)

    assert (answer.status_code, answer.get_json()) == (404, {"error": "not_found"})


@pytest.mark.parametrize(
    ("peer", "forwarded", "token", "status"),
    [
        *(("127.0.0.1", "", "", 200), ("10.1.2.3", "", "", 200), ("::1", "", "", 200)),
        *(("203.0.113.9", "", "", 401), ("2001:db8::1", "", "", 401)),
        *(("127.0.0.1", "203.0.113.9", "", 401), ("127.0.0.1", "10.0.0.1", "", 401)),
        *(("203.0.113.9", "", "read", 200), ("203.0.113.9", "", "admin", 200)),
        *(("203.0.113.9", "", "write", 403), ("203.0.113.9", "", "of s1", 404)),
        ("203.0.113.9", "127.0.0.1", "", 401),
    ],
)
def test_metrics_are_for_the_own_network_or_a_reader_of_all_sites(
    luot: Luot, peer: str, forwarded: str, token: str, status: int
) -> None:
    database, now = luot.runtime.database, luot.clock.now_ms()
    bearer = {
        "": "",
        "read": create_token(database, "*", Scope.READ, now),
        "write": create_token(database, "*", Scope.WRITE, now),
        "admin": luot.token,
        "of s1": create_token(database, "s1", Scope.READ, now),
    }[token]
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    answer = luot.http.get(
        "/metrics",
        headers={**headers, "Authorization": f"Bearer {bearer}"},
        environ_overrides={"REMOTE_ADDR": peer},
    )

    assert answer.status_code == status
    assert (b"luot_hits" in answer.data) == (status == 200)
