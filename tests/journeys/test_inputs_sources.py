"""
Hostile and odd referrers and campaigns: they never cost the hit, and stand nowhere as sent.
"""

import logging

import pytest

from tests.conftest import Luot, MakeLuot
from tests.outcomes import short


def sources(luot: Luot, dimension: str = "source") -> dict[str, int]:
    luot.snapshot()
    rows = luot.report(f"breakdown/{dimension}")["values"]
    return {row["value"]: row["views"] for row in rows}


@pytest.mark.parametrize(
    "referrer",
    [
        "javascript:alert(1)",
        "JaVaScRiPt://s1.example/%0aalert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "ftp://a.example/",
        "about:blank",
        "http://a' onmouseover='alert(1)",
        "http://a<b>/",
        "http://[::1",
        "http://a:99999/",
        "http://a:x/",
        "http://",
        "http:///a",
        "//a.example/",
        "=cmd|' /C calc'!A0",
        "+1",
        "@SUM(A1)",
        "a b",
        "http://a.example/\x00",
        "http://a.example/\r\nSet-Cookie: x=1",
        "http://" + "a" * 64 + ".example/",
        "http://a..b/",
    ],
    ids=short,
)
def test_what_is_no_address_of_a_page_is_called_invalid(luot: Luot, referrer: str) -> None:
    assert luot.hit(referrer=referrer).status_code == 204

    assert sources(luot) == {"(invalid)": 1}
    assert sources(luot, "referrer-page") == {"(invalid)": 1}


@pytest.mark.parametrize(
    ("referrer", "name", "page"),
    [
        ("https://u:p@h.example/x?sid=1", "h.example", "h.example/x"),
        ("https://h.example/x#token=1", "h.example", "h.example/x"),
        ("https://h.example:8443/x", "h.example", "h.example/x"),
        ("https://s1.example/b", "(internal)", "(internal)"),
        ("https://www.s1.example/b", "(internal)", "(internal)"),
        ("https://S1.Example:8080/b", "(internal)", "(internal)"),
        ("https://xn--pple-43d.com/", "xn--pple-43d.com", "xn--pple-43d.com/"),
        ("https://\u0430pple.com/", "xn--pple-43d.com", "xn--pple-43d.com/"),
        ("https://s1.example.evil.com/", "s1.example.evil.com", "s1.example.evil.com/"),
        ("", "(direct)", "(direct)"),
    ],
)
def test_of_a_referrer_only_host_and_path_are_kept(
    luot: Luot, referrer: str, name: str, page: str
) -> None:
    luot.hit(referrer=referrer)

    assert sources(luot) == {name: 1}
    assert sources(luot, "referrer-page") == {page: 1}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("x" * 5_120, "x" * 128),
        ("%1b%5b2J", "[2J"),
        ("a%0d%0alevel%3dcritical+event%3dfake", "alevel=critical event=fake"),
        ("%3Cscript%3E", "<script>"),
        ("(direct)", "direct"),
        ("%ff%00a", "\ufffda"),
    ],
    ids=short,
)
def test_a_campaign_is_cut_and_cleaned(
    make_luot: MakeLuot, caplog: pytest.LogCaptureFixture, given: str, kept: str
) -> None:
    luot = make_luot(access_log=True)
    with caplog.at_level(logging.INFO, "luot.access"):
        answer = luot.hit(path=None, url=f"https://s1.example/a?utm_source={given}")

    assert answer.headers["Luot-Result"] == "counted"
    assert len(caplog.records) == 1
    assert sources(luot) == {kept: 1}
