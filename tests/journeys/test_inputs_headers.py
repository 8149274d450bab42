"""
Hostile and odd headers of the counting doors, and what each is answered.
"""

from collections.abc import Iterator

import pytest
from werkzeug.test import TestResponse

from tests.conftest import CHROME, Luot, MakeLuot
from tests.outcomes import Watched, short, stored, watched

#: Both answer the same.
FRONTS = ("wsgi", "asgi")

COUNTED, BOT = "counted", "filtered; reason=bot"
OPTOUT, PREFETCH = "filtered; reason=optout", "filtered; reason=prefetch"
ORIGIN, HOST, RATE = (f"rejected; reason={reason}" for reason in ("origin", "host", "rate"))


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory, front: str) -> Iterator[Watched]:
    with watched(tmp_path_factory.mktemp("luot"), front) as running:
        yield running


@pytest.mark.parametrize(
    "agent",
    [
        *("", " ", "Googlebot/2.1", "HeadlessChrome", "curl/8", "python-requests", "x" * 8_000),
        *("Mozilla/5.0 (compatible; bingbot/2.0)", CHROME.replace("Chrome", "HeadlessChrome")),
        *("Mozilla/5.0 (compatible; Baiduspider/2.0)", "<script>alert(1)</script>"),
    ],
    ids=short,
)
def test_a_machine_is_filtered(seen: Watched, agent: str) -> None:
    seen.check("hit", lambda: seen.luot.hit(agent=agent), 204, BOT)


def test_no_user_agent_at_all_is_a_machine(seen: Watched) -> None:
    def act() -> TestResponse:
        # The client sends one of its own unless it is told the name of none.
        return seen.luot.http.post(
            "/hit",
            data=b'{"site":"s1","path":"/a"}',
            headers={"Origin": "https://s1.example"},
            environ_overrides={"HTTP_USER_AGENT": ""},
        )

    seen.check("hit", act, 204, BOT)


# Without a browser's first word all of these would be machines, whatever stands behind it.
@pytest.mark.parametrize(
    "agent",
    [
        "Mozilla/5.0 " + "A(B|C+)+D" * 900,
        "Mozilla/5.0 (" + "(" * 8_000,
        "Mozilla/5.0 " + "Chrome/" * 1_100,
        "Mozilla/5.0 <script>alert(1)</script>",
        "Mozilla/5.0 %0a%0dX: y",
        "Mozilla/5.0 \xff\xfe\x80",
        "Mozilla/5.0 ' OR 1=1--",
        "Mozilla/5.0 ${jndi:ldap://evil.example/a}",
        "Opera/9.80\t(X11)",
    ],
    ids=short,
)
def test_an_odd_browser_counts_and_is_only_text(seen: Watched, agent: str) -> None:
    seen.check("hit", lambda: seen.luot.hit(agent=agent), 204, COUNTED)

    kept = stored(seen.valkey)
    assert not any(part in kept for part in (b"<script>", b"jndi", b"OR 1=1", b"A(B|C+)+D"))


@pytest.mark.parametrize(
    ("header", "value", "said"),
    [
        *(("Sec-GPC", "1", OPTOUT), ("DNT", "1", OPTOUT), ("DNT", " 1 ", OPTOUT)),
        *(("DNT", "0", COUNTED), ("DNT", "null", COUNTED), ("Sec-GPC", "?0", COUNTED)),
        *(("Sec-Purpose", "prefetch;prerender", PREFETCH), ("Purpose", "Prefetch", PREFETCH)),
        ("X-Moz", "prefetch", PREFETCH),
        ("Cookie", "a=" + "b" * 8_000, COUNTED),
        *(("Authorization", word, COUNTED) for word in ("Basic %%%", "Bearer", "Bearer \xff", "x")),
        *(("Accept-Language", word, COUNTED) for word in ("", "*;q=\xff", "," * 8_000, "<b>", "é")),
        *(("Content-Length-X", "-1", COUNTED), ("X-HTTP-Method-Override", "DELETE", COUNTED)),
        *(("Range", "bytes=0-1", COUNTED), ("If-None-Match", "*", COUNTED)),
        ("Referer", "https://evil.example/", COUNTED),
    ],
    ids=short,
)
def test_of_headers_only_those_that_mean_something_matter(
    seen: Watched, header: str, value: str, said: str
) -> None:
    seen.check("hit", lambda: seen.luot.hit(headers={header: value}), 204, said)


@pytest.mark.parametrize(
    "origin",
    [
        *("https://evil.example", "https://good.s1.example.evil.com", "https://evils1.example"),
        *("https://s1.example.evil.com", "null", "", "*", "s1.example", "file://", "https://"),
        *("https://sub.s1.example", "https://s1.example@evil.com", "https://evil.com#s1.example"),
        *("https://s1.example\\@evil.com", "https://[::1", "https://s1.example:99999", "\xff"),
        *("https://s1.exаmple".encode().decode("latin-1"), "https://" + "a" * 8_000),
    ],
    ids=short,
)
def test_another_page_s_hit_is_refused(seen: Watched, origin: str) -> None:
    headers = {"Origin": origin}
    answer = seen.check("hit", lambda: seen.luot.hit(headers=headers), 403, ORIGIN)

    assert "Access-Control-Allow-Origin" not in answer.headers
    if origin:
        query = {"site": "s1", "path": "/a"}
        agent = {"User-Agent": CHROME, **headers}
        http = seen.luot.http
        seen.check(
            "pixel", lambda: http.get("/hit.gif", query_string=query, headers=agent), 403, ORIGIN
        )


@pytest.mark.parametrize(
    "origin",
    [
        "https://s1.example",
        "http://S1.example:8080",
        "https://www.s1.example",
        "https://s1.example.",
    ],
)
def test_the_site_s_own_page_may_count_and_read_the_answer(seen: Watched, origin: str) -> None:
    headers = {"Origin": origin}
    answer = seen.check("hit", lambda: seen.luot.hit(headers=headers), 204, COUNTED)

    assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert answer.headers["Access-Control-Expose-Headers"].startswith("Luot-Result")
    assert answer.headers["Vary"] == "Origin"
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [("https://s1.example", True), ("https://evil.example", False), ("null", False), ("", False)],
)
def test_a_preflight_allows_the_site_s_pages_only(
    luot: Luot, origin: str, *, allowed: bool
) -> None:
    answer = luot.http.options("/hit", headers={"Origin": origin})

    assert (answer.status_code, answer.headers["Vary"]) == (204, "Origin")
    assert answer.headers.get("Access-Control-Allow-Origin") == (origin if allowed else None)
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert luot.counters()["views"]["total"] == 0


def test_who_speaks_for_another_address_is_not_believed(make_luot: MakeLuot) -> None:
    luot = make_luot(trusted_proxies=0)
    for address in ("1.2.3.4", "5.6.7.8", "unknown", ""):
        luot.hit(address=address)

    assert luot.totals("2026-11-22") == (4, 1, 1)


@pytest.mark.parametrize(
    "forwarded",
    [
        *("localhost", "unknown", "", ",", " , ,", "_hidden", "999.1.1.1", "1.2.3", "1.2.3.4.5"),
        *("01.2.3.4", "0x7f.1", "1.2.3.4:99999999", "[::1", "[2001:db8::1]x", "::ffff:1.2.3.999"),
        *("fe80::1%eth0%eth1", "1.2.3.4/24", "\xff", "１.2.3.4".encode().decode("latin-1")),
        *("a," * 4_000, "9" * 8_000, "%", "1.2.3.4\t"),
    ],
    ids=short,
)
def test_what_is_no_address_is_nobody_s(seen: Watched, forwarded: str) -> None:
    before = seen.totals()[2]
    for _ in range(2):
        seen.check("hit", lambda: seen.luot.hit(address=forwarded), 204, COUNTED)

    assert seen.totals()[2] - before <= 1


@pytest.mark.parametrize(
    "ways",
    [
        ("1.2.3.4", "::ffff:1.2.3.4", "1.2.3.4:55", " 1.2.3.4 ", "8.8.8.8, 1.2.3.4"),
        ("2001:db8::1", "[2001:db8::1]:443", "2001:DB8:0:0::1", "[2001:db8::1]"),
        ("fe80::1", "fe80::1%eth0", "[fe80::1%25eth0]:80"),
    ],
)
def test_one_address_in_many_spellings_is_one_visitor(luot: Luot, ways: tuple[str, ...]) -> None:
    for way in ways:
        assert luot.hit(address=way).headers["Luot-Result"] == COUNTED

    assert luot.totals("2026-11-22") == (len(ways), 1, 1)


@pytest.mark.parametrize(
    "host", ["evil", "luot.example.evil.com", "", "[::1", "a b", "luot.example:x"]
)
def test_luot_answers_to_its_own_names_only(make_luot: MakeLuot, host: str) -> None:
    luot = make_luot(public_hosts=["luot.example"])
    token = {"Authorization": f"Bearer {luot.token}", "Host": host}
    asked = [
        luot.hit(headers={"Host": host}),
        luot.http.get("/hit.gif?site=s1&path=/a", headers={"Host": host, "User-Agent": CHROME}),
        luot.http.get("/counters?site=s1", headers={"Host": host}),
        luot.http.post("/api/v1/hits", json=[{"site": "s1", "path": "/a"}], headers=token),
        luot.http.get("/api/v1/sites/s1/totals", headers=token),
    ]

    assert [(a.status_code, a.headers["Luot-Result"]) for a in asked] == len(asked) * [(400, HOST)]
    assert luot.hit(headers={"Host": "LUOT.example:8000"}).status_code == 204


@pytest.mark.parametrize(
    "host", ["", "a b", "a..b", "x" * 64, "x" * 3_000, "[::1", "a@b", ":80", "%00"]
)
def test_what_is_no_host_is_nobody_s_name(luot: Luot, host: str) -> None:
    answer = luot.hit(headers={"Host": host})

    assert (answer.status_code, answer.get_json()) == (400, {"error": "host", "field": "host"})
    assert answer.headers["Luot-Result"] == HOST
    assert luot.counters()["views"]["total"] == 0


def test_an_address_that_asks_too_often_is_told_to_wait(make_luot: MakeLuot) -> None:
    luot = make_luot(rate_per_second=10, rate_burst=20)
    answers = [luot.hit() for _ in range(50)]

    refused = answers[20:]
    assert [a.status_code for a in answers] == 20 * [204] + 30 * [429]
    assert {(a.headers["Luot-Result"], a.headers["Retry-After"]) for a in refused} == {(RATE, "1")}
    assert luot.hit(address="198.51.100.1").status_code == 204
    luot.clock.forward(1)
    assert [luot.hit().status_code for _ in range(12)] == 10 * [204] + 2 * [429]
    assert luot.counters()["views"]["total"] == 31


def test_a_visitor_who_floods_is_filtered_and_answered(make_luot: MakeLuot) -> None:
    luot = make_luot(flood_per_minute=5)
    results = [luot.hit().headers["Luot-Result"] for _ in range(8)]

    assert results == 5 * [COUNTED] + 3 * ["filtered; reason=flood"]
    assert luot.totals("2026-11-22") == (5, 1, 1)
