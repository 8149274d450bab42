"""
Signing in and out: what a browser is given, and what ends it.
"""

import hashlib

import pytest

from service.archive.sessions import ABSOLUTE_MS, IDLE_MS
from service.archive.tokens import Scope, create_token, revoke_token, tokens
from service.web.signing import own_path
from tests.conftest import Luot, MakeLuot
from tests.web.signed import FORM, browser, form_token, sign_in, signed_in, token_of

HTTPS = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"}


def cookies(answer: object) -> dict[str, str]:
    """
    The cookies of an answer, by name, with their attributes.
    """
    rows = answer.headers.getlist("Set-Cookie")  # type: ignore[attr-defined]
    return {row.partition("=")[0]: row for row in rows}


def test_a_token_that_may_read_opens_the_dashboard(luot: Luot) -> None:
    client = browser(luot)
    answer = sign_in(client, token_of(luot), "/sites/s1")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/sites/s1")
    assert client.get("/sites/s1").status_code == 200


def test_without_a_session_pages_lead_to_the_form_and_back(luot: Luot) -> None:
    answer = browser(luot).get("/sites/s1?period=today")

    assert answer.status_code == 303
    assert answer.headers["Location"] == "/sign-in?next=%2Fsites%2Fs1%3Fperiod%3Dtoday"


def test_the_cookie_is_for_this_host_alone_where_there_is_https(luot: Luot) -> None:
    told = cookies(sign_in(browser(luot), token_of(luot), headers=HTTPS))

    assert set(told) == {"__Host-luot"}
    for part in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"):
        assert part in told["__Host-luot"]
    assert "Domain" not in told["__Host-luot"]


def test_on_this_machine_a_plainly_named_cookie_does(luot: Luot) -> None:
    told = cookies(sign_in(browser(luot), token_of(luot)))

    assert set(told) == {"luot-local"}
    assert "HttpOnly" in told["luot-local"]
    assert "Secure" not in told["luot-local"]


@pytest.mark.parametrize("proxies", [0, 1])
def test_over_plain_http_nobody_signs_in(make_luot: MakeLuot, proxies: int) -> None:
    luot = make_luot(trusted_proxies=proxies)
    # Without a trusted proxy anybody may write this header.
    headers = {"Host": "stats.example.vn", **({} if proxies else HTTPS)}
    client = browser(luot)
    asked = client.get("/sign-in", headers=headers)
    assert "HTTPS" in asked.text
    assert 'name="token"' not in asked.text
    assert cookies(asked) == {}
    answer = client.post("/sign-in", data={"token": luot.token}, headers=headers)

    assert (answer.status_code, cookies(answer)) == (403, {})


def test_sql_holds_only_the_hash_of_what_the_cookie_holds(luot: Luot) -> None:
    cookie = cookies(sign_in(browser(luot), token_of(luot)))["luot-local"]
    secret = cookie.partition("=")[2].partition(";")[0]
    with luot.runtime.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT hash FROM session").all()

    assert rows == [(hashlib.sha256(secret.encode()).hexdigest(),)]
    assert len(secret) >= 43


def test_every_sign_in_gives_another_cookie_and_ends_the_one_before(luot: Luot) -> None:
    client, token = browser(luot), token_of(luot)
    sign_in(client, token)
    copy = browser(luot)
    old = client.get_cookie("luot-local")
    assert old is not None
    copy.set_cookie("luot-local", old.value)
    assert copy.get("/sites/s1").status_code == 200

    sign_in(client, token)

    new = client.get_cookie("luot-local")
    assert new is not None
    assert new.value != old.value
    assert copy.get("/sites/s1").status_code == 303


def test_a_session_that_is_not_used_ends(luot: Luot) -> None:
    client = signed_in(luot)
    for _ in range(3):
        luot.clock.ms += IDLE_MS - 1_000
        assert client.get("/sites/s1").status_code == 200
    luot.clock.ms += IDLE_MS

    assert client.get("/sites/s1").status_code == 303


def test_no_session_outlasts_a_week(luot: Luot) -> None:
    client = signed_in(luot)
    for _ in range(ABSOLUTE_MS // (IDLE_MS // 2) - 1):
        luot.clock.ms += IDLE_MS // 2
        assert client.get("/sign-in").status_code == 200
        assert client.get("/sites/s1").status_code == 200
    luot.clock.ms += IDLE_MS // 2

    assert client.get("/sites/s1").status_code == 303


def test_a_session_ends_with_its_token(luot: Luot) -> None:
    now = luot.clock.ms
    short = create_token(luot.runtime.database, "s1", Scope.READ, now, "", now + 60_000)
    ending, revoked = browser(luot), signed_in(luot)
    sign_in(ending, short)
    assert ending.get("/sites/s1").status_code == 200
    revoke_token(luot.runtime.database, tokens(luot.runtime.database)[-1].number)
    assert revoked.get("/sites/s1").status_code == 303
    luot.clock.forward(60)

    assert ending.get("/sites/s1").status_code == 303
    assert sign_in(browser(luot), short).status_code == 401


def test_signing_out_ends_the_session_wherever_it_was_copied_to(luot: Luot) -> None:
    client, copy = signed_in(luot), browser(luot)
    cookie = client.get_cookie("luot-local")
    assert cookie is not None
    copy.set_cookie("luot-local", cookie.value)
    assert client.post("/sign-out", data={"form_token": "0" * 64}).status_code == 403
    assert copy.get("/sites/s1").status_code == 200

    token = form_token(client.get("/sites/s1").text)
    assert client.post("/sign-out", data={"form_token": token}).status_code == 303

    assert copy.get("/sites/s1").status_code == 303
    assert client.get_cookie("luot-local") is None


@pytest.mark.parametrize(
    ("shown", "status"),
    [("luot_wrong", 401), ("", 401), ("x" * 3_000, 401), ("' OR 1=1--", 401), ("\0", 401)],
)
def test_a_wrong_token_is_told_and_opens_nothing(luot: Luot, shown: str, status: int) -> None:
    answer = sign_in(browser(luot), shown)

    assert answer.status_code == status
    assert "luot-local" not in cookies(answer)
    assert 'role="alert"' in answer.text


def test_a_token_for_sending_lets_nobody_read(luot: Luot) -> None:
    answer = sign_in(browser(luot), token_of(luot, scope=Scope.WRITE))

    assert answer.status_code == 403
    assert "luot-local" not in cookies(answer)


def test_thirty_wrong_tokens_a_minute_are_too_many_for_one_network_only(luot: Luot) -> None:
    here, there = {"X-Forwarded-For": "203.0.113.7"}, {"X-Forwarded-For": "198.51.100.7"}
    told = []
    for _ in range(30):
        luot.clock.forward(2)
        told.append(sign_in(browser(luot), "luot_wrong", headers=here))
    assert {answer.status_code for answer in told} == {401, 429}
    assert told[-1].status_code == 429
    assert told[-1].headers["Retry-After"] == "60"
    assert sign_in(browser(luot), token_of(luot), headers=here).status_code == 429

    assert sign_in(browser(luot), token_of(luot), headers=there).status_code == 303
    luot.clock.forward(60)
    assert sign_in(browser(luot), token_of(luot), headers=here).status_code == 303


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"data": {"token": "T"}}, 403),
        ({"data": {"token": "T", "form_token": "0" * 64}}, 403),
        ({"headers": {"Sec-Fetch-Site": "cross-site"}}, 403),
        ({"headers": {"Sec-Fetch-Site": "same-site"}}, 403),
        ({"data": b"{}", "content_type": "application/json"}, 415),
        ({"data": b"--x\r\n", "content_type": "multipart/form-data; boundary=x"}, 415),
        ({"data": b"token=" + b"x" * 9_000, "content_type": FORM}, 413),
        ({"data": b"token=%ff", "content_type": FORM}, 400),
        ({"data": b"&".join(b"a=1" for _ in range(30)), "content_type": FORM}, 400),
    ],
)
def test_a_form_that_another_page_sent_is_refused(
    luot: Luot, change: dict[str, object], status: int
) -> None:
    client, token = browser(luot), token_of(luot)
    fields = {"token": token, "form_token": form_token(client.get("/sign-in").text)}
    answer = client.post("/sign-in", **{"data": fields, **change})

    assert answer.status_code == status
    assert "luot-local" not in cookies(answer)


@pytest.mark.parametrize(
    "text",
    [
        *("//evil.example", "/\\evil.example", "https://evil.example", "\\/evil", "evil", ""),
        *("javascript:alert(1)", "/a\r\nSet-Cookie: x=1", "/\tevil", "/" + "a" * 3_000, "/é"),
        *("///evil", "/a b", "/a\\b"),
    ],
)
def test_after_signing_in_nobody_is_sent_elsewhere(text: str) -> None:
    assert own_path(text) == "/"


@pytest.mark.parametrize("text", ["/", "/sites/s1", "/sites/s1?from=2026-11-01&to=2026-11-02"])
def test_after_signing_in_one_is_where_one_wanted_to_be(text: str) -> None:
    assert own_path(text) == text


def test_pages_cannot_be_framed_or_kept_and_run_only_our_script(luot: Luot) -> None:
    for path in ("/sign-in", "/sites/s1", "/sites/none", "/"):
        headers = signed_in(luot).get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "no-store" in headers["Cache-Control"]
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_foreign_name_gets_no_page(make_luot: MakeLuot) -> None:
    luot = make_luot(public_hosts=["stats.example.vn", "localhost"])

    assert browser(luot).get("/sign-in", headers={"Host": "evil.example"}).status_code == 400
