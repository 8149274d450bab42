"""
Hostile and odd bodies of ``POST /hit``, and what each is answered.
"""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from tests.conftest import CHROME, Luot
from tests.outcomes import Watched, short, stored, watched
from tests.servers import Valkey

#: Both answer the same.
FRONTS = ("wsgi", "asgi")

COUNTED, DUPLICATE = "counted", "duplicate"
MALFORMED, SIZE = "rejected; reason=malformed", "rejected; reason=size"
SITE, TYPE = "rejected; reason=site", "rejected; reason=type"

#: A body that is right, to be made wrong at one place.
RIGHT = b'{"site":"s1","path":"/a",%s}'


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory, front: str) -> Iterator[Watched]:
    with watched(tmp_path_factory.mktemp("luot"), front) as running:
        yield running


def post(luot: Luot, body: bytes, **headers: str) -> TestResponse:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return luot.http.post(
        "/hit",
        data=body,
        headers={
            "Content-Type": "text/plain",
            "Origin": "https://s1.example",
            "User-Agent": CHROME,
            "X-Forwarded-For": "203.0.113.7",
            **told,
        },
    )


def each(field: str, *values: Any) -> list[tuple[str, Any]]:
    return [(field, value) for value in values]


def written(**body: Any) -> bytes:
    return json.dumps({"site": "s1", "path": "/a", **body}).encode()


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b" ", b"{", b"{}x", b"{'a':1}", b"site=s1&path=/a", b'{"a":1,}', b"{}{}", b"\0"),
        *(b"null", b"[]", b'"x"', b"1", b"true", b"NaN", b"{}", b"[{}]"),
        *(b"[" * 50_000, b'{"x":' * 1_500, RIGHT % (b'"x":' + b"[" * 4_000)),
        *(b'{"site":"s1","path":"\\ud800"}', b'{"site":"s1","path":"/\xed\xa0\x80"}'),
        *(b'{"site":"s1","path":"/a\\u0000b"}', b'{"site":"s1","path":"/a\\u000ab"}'),
        *(b'{"site":"s1","path":"/a\nb"}', b'{"site":"s1","path":"/a\\u2028b"}'),
        *(RIGHT % b'"width":NaN', RIGHT % b'"width":Infinity', RIGHT % b'"width":1e999'),
        *(RIGHT % b'"props":{"a":-Infinity}', RIGHT % b'"props":{"a":1e999}', RIGHT % b'"x":NaN'),
        *(RIGHT % (b'"width":' + b"1" * 5_000), RIGHT % (b'"props":{"a":%s}' % (b"9" * 5_000))),
        *(RIGHT % b'"width":9223372036854775808', RIGHT % b'"width":-9223372036854775809'),
        *(b"\xef\xbb\xbf" + written(), written().decode().encode("utf-16")),
        *(written().decode().encode("utf-16-be"), written().decode().encode("utf-32")),
        *(
            b"\xe9",
            b'{"site":"s1","path":"/\xe9"}',
            RIGHT % b'"x":"\xe9"',
            RIGHT % b'"x":"\xc0\x80"',
        ),
    ],
    ids=short,
)
def test_a_body_that_is_no_strict_json_object_is_refused(seen: Watched, body: bytes) -> None:
    seen.check("hit", lambda: post(seen.luot, body), 400, MALFORMED)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *each("id", "", "a", "a" * 300, "a b", 7, "../x", "x" * 15, "é" * 16),
        *each("id", "x" * 65, "1234567890123456\n", ["1234567890123456"]),
        *each("site", "s1:d:2026-11-22", "{s1}", "*", "s1 ", "S1", "", "-s1", "s1\n"),
        *each("site", "s" * 64, "ѕ1", "s1,s2", ",".join("abc" * 300), 1, None, ["s1"]),
        *each("event", "a" * 65, "", "a\nb", " ", "a\x85b", "a\u2029b", 1, ["a"]),
        *each("width", 0, -1, 16_385, 1.5, "320", True, []),
        *each("language", "a" * 36, 1, {}),
        *each("timezone", "A" * 65, False),
        *each("seconds", -1, 1_801, "1"),
        *each("scroll", 1, 101, "25"),
        *each("view", "", "short"),
        ("props", {str(n): n for n in range(31)}),
        *(("props", {"a": bad}) for bad in ({"b": 1}, [1], "x" * 257, "x" * 5_120)),
        *each("props", [], "a", {"k" * 65: 1}),
        *each("tags", "a", [1], [["a"]], {"a": "b"}),
        *((text, 7) for text in ("path", "url", "referrer", "title", "section", "author")),
    ],
    ids=short,
)
def test_a_value_out_of_its_bounds_is_refused_by_its_name(
    seen: Watched, field: str, value: Any
) -> None:
    answer = seen.check("hit", lambda: post(seen.luot, written(**{field: value})), 400, MALFORMED)

    assert answer.get_json() == {"error": "malformed", "field": field}


def test_a_hit_without_a_page_is_refused(seen: Watched) -> None:
    seen.check("hit", lambda: post(seen.luot, b'{"site":"s1"}'), 400, MALFORMED)


@pytest.mark.parametrize(
    "url", ["/a", "a.example", "javascript:alert(1)", "http://", "http://[::1"]
)
def test_a_url_that_is_no_page_is_refused(seen: Watched, url: str) -> None:
    seen.check("hit", lambda: post(seen.luot, written(path=None, url=url)), 400, MALFORMED)


@pytest.mark.parametrize("url", ["https://evil.example/a", "https://s1.example.evil.com/"])
def test_a_url_of_another_site_is_refused(seen: Watched, url: str) -> None:
    origin = "rejected; reason=origin"
    seen.check("hit", lambda: post(seen.luot, written(path=None, url=url)), 403, origin)


def test_a_site_that_is_not_there_is_refused(seen: Watched) -> None:
    seen.check("hit", lambda: post(seen.luot, written(site="nope")), 404, SITE)


@pytest.mark.parametrize("length", [8_193, 8_194, 100_000, 3_000_000])
def test_a_body_over_8_kib_is_refused(seen: Watched, length: int) -> None:
    body = written().ljust(length)
    seen.check("hit", lambda: post(seen.luot, body), 413, SIZE)


def test_a_body_of_8_kib_counts(seen: Watched) -> None:
    seen.check("hit", lambda: post(seen.luot, written().ljust(8_192)), 204, COUNTED)


@pytest.mark.parametrize(
    "kind", ["text/plain", "text/plain;charset=UTF-8", "application/json", "Application/JSON; a=b"]
)
def test_json_counts_by_either_name(seen: Watched, kind: str) -> None:
    answer = seen.check("hit", lambda: post(seen.luot, written(), Content_Type=kind), 204, COUNTED)

    assert answer.data == b""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Content-Type", "multipart/form-data; boundary=x"),
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("Content-Type", "application/x-ndjson"),
        ("Content-Type", "text/plain, application/json"),
        ("Content-Encoding", "gzip"),
        ("Content-Encoding", "identity, gzip"),
        ("Content-Encoding", "br"),
        ("Content-Encoding", "aes128gcm"),
    ],
)
def test_what_is_no_plain_json_is_refused_unread(seen: Watched, name: str, value: str) -> None:
    body = b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n" * 10_000
    told = {name.replace("-", "_"): value}
    seen.check("hit", lambda: post(seen.luot, body, **told), 415, TYPE)


@pytest.mark.parametrize(
    "path",
    [
        "/<script>alert(1)</script>",
        '/"><img src=x onerror=alert(1)>',
        "/{{7*7}}",
        "/${7*7}",
        "/' OR 1=1--",
        "/luot:{s1}:state",
        "/=1+1",
        "/\u202egnp.exe",
    ],
)
def test_a_path_is_text_and_nothing_else(seen: Watched, path: str) -> None:
    seen.check("hit", lambda: post(seen.luot, written(path=path)), 204, COUNTED)

    assert seen.luot.counters(path)["pages"][path]["views"] == 1
    seen.luot.snapshot()
    shown = [page["path"] for page in seen.luot.report("pages", limit="1000")["pages"]]
    assert path in shown


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/" + "a" * 2_048, "/" + "a" * 2_047),
        ("/" + "a" * 2_046 + "é", "/" + "a" * 2_046),
        ("/" + "b" * 2_045 + "😀" * 2, "/" + "b" * 2_045),
    ],
    ids=short,
)
def test_a_long_path_is_cut_between_characters(seen: Watched, path: str, kept: str) -> None:
    seen.check("hit", lambda: post(seen.luot, written(path=path)), 204, COUNTED, path=1)

    assert seen.luot.counters(kept)["pages"][kept]["views"] >= 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("title", "x" * 257), ("section", "x" * 129), ("author", "é" * 129)),
        *(("tags", ["x"] * 11), ("tags", ["x" * 65])),
        ("referrer", "https://o.example/" + "x" * 2_048),
        ("referrer", "https://o.example/" + "é" * 1_100),
    ],
    ids=short,
)
def test_what_is_too_long_is_cut_and_said_so(seen: Watched, name: str, value: Any) -> None:
    seen.check("hit", lambda: post(seen.luot, written(**{name: value})), 204, COUNTED, **{name: 1})


@pytest.mark.parametrize(
    ("one", "other", "pages"),
    [("/\u00e9", "/e\u0301", 1), ("/A", "/a", 2), ("/c", "/c/", 1), ("/d?utm_source=x", "/d", 1)],
)
def test_two_ways_to_write_a_path_are_as_many_pages_as_documented(
    luot: Luot, one: str, other: str, pages: int
) -> None:
    for path in (one, other):
        assert luot.hit(path).status_code == 204
    luot.snapshot()

    rows = luot.report("pages")["pages"]
    assert (len(rows), sum(row["views"] for row in rows)) == (pages, 2)


def test_an_id_is_known_in_a_hundred_copies_at_once(luot: Luot) -> None:
    body = written(id="0123456789abcdef")

    def send(_: int) -> str:
        here = Luot(luot.runtime, luot.clock, Client(luot.http.application))
        return post(here, body).headers["Luot-Result"]

    luot.hit("/first")
    with ThreadPoolExecutor(8) as pool:
        results = sorted(pool.map(send, range(100)))
    assert results == [COUNTED, *99 * [DUPLICATE]]
    assert luot.counters()["views"]["total"] == 2


def test_a_repeat_is_a_duplicate_until_its_id_is_forgotten(seen: Watched) -> None:
    body = written(id="ABCDEFGHIJ_-0123")
    seen.check("hit", lambda: post(seen.luot, body), 204, COUNTED)
    seen.check("hit", lambda: post(seen.luot, body), 204, DUPLICATE)
    seen.luot.clock.forward(600)
    seen.check("hit", lambda: post(seen.luot, body), 204, DUPLICATE)
    seen.luot.clock.forward(20 * 60 + 1)
    seen.check("hit", lambda: post(seen.luot, body), 204, COUNTED)


def test_the_page_decides_nothing_about_its_reader_or_the_time(luot: Luot, valkey: Valkey) -> None:
    luot.hit(ip="198.51.100.1", user_agent="Googlebot/2.1", userAgent="curl/8", country="US")
    luot.hit(ip="198.51.100.2", browser="Lynx", time="2021-11-22T12:00:00Z")
    luot.hit(time="2031-11-22T12:00:00Z", admin=True, is_admin="secret-word")

    assert luot.totals("2026-11-22") == (3, 1, 1)
    assert luot.report("breakdown/browser")["values"][0]["value"] == "Chrome"
    kept = stored(valkey)
    assert b"epoch" in kept
    assert b"admin" not in kept
    assert b"secret-word" not in kept
