"""
Hostile and odd requests for the pixel, which is the answer whatever was asked.
"""

from collections.abc import Iterator

import pytest
from werkzeug.test import TestResponse

from tests.conftest import CHROME, Luot
from tests.outcomes import Watched, short, watched

#: Both answer the same.
FRONTS = ("wsgi", "asgi")

COUNTED, MALFORMED = "counted", "rejected; reason=malformed"


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory, front: str) -> Iterator[Watched]:
    with watched(tmp_path_factory.mktemp("luot"), front) as running:
        yield running


def get(luot: Luot, query: str, **headers: str) -> TestResponse:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    agent = {"User-Agent": CHROME, "X-Forwarded-For": "203.0.113.7"}
    return luot.http.get("/hit.gif", query_string=query, headers={**agent, **told})


def check_pixel(answer: TestResponse) -> None:
    assert (len(answer.data), answer.data[:6], answer.mimetype) == (43, b"GIF89a", "image/gif")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert not {"ETag", "Last-Modified", "Set-Cookie", "Content-Range"} & set(answer.headers.keys())


@pytest.mark.parametrize(
    "query",
    [
        "site=s1&path=/a",
        "path=%2Fa&site=s1&",
        "site=s1&path=/a&callback=alert(1)&cb=%3Cscript%3E&_=%ff",
        "site=s1&path=/a&path[]=b",
        "site=s1&path=",
        "site=s1&url=https://s1.example/a%3Futm_source%3Dx",
        "site=s1&path=/a&referrer=javascript:alert(1)&title=" + "x" * 256,
        "site=s1&path=/a;b",
        "site=s1&path=/%F0%9F%98%80",
    ],
    ids=short,
)
def test_a_pixel_counts(seen: Watched, query: str) -> None:
    check_pixel(seen.check("pixel", lambda: get(seen.luot, query), 200, COUNTED))


@pytest.mark.parametrize(
    "query",
    [
        *("", "site=s1", "site=s1&path[]=a", "site=s1&PATH=/a", "path=/a", "?site=s1&path=/a"),
        *("site=s1&site=s2&path=/a", "site=s1&site=s1&path=/a", "site=s1&path=/a&path=/a"),
        *(f"site=s1&path={bad}" for bad in ("%00", "%ff", "%u0041", "%", "%4", "%zz", "%C3")),
        *(f"site=s1&path=/a{bad}" for bad in ("%0d%0aSet-Cookie:x=1", "%0A", "%7f", "%c2%85")),
        *(
            f"site=s1&path=/{bad}"
            for bad in ("%ED%A0%80", "%C0%AF", "%F8%88%80%80%80", "%E2%80%A8")
        ),
        *("site=s1&path=/a&id=short", "site=s1&path=/a&title=%ff", "site=s1&path=/a&referrer=%"),
        *("site=%73%31%00&path=/a", "site=S1&path=/a", "site=*&path=/a", "site={s1}&path=/a"),
        *(
            "site=s1&url=/a",
            "site=s1&url=javascript:alert(1)",
            "site=s1&url=%20https://s1.example/",
        ),
    ],
    ids=short,
)
def test_a_query_that_is_not_right_is_refused_with_the_pixel(seen: Watched, query: str) -> None:
    check_pixel(seen.check("pixel", lambda: get(seen.luot, query), 400, MALFORMED))


def test_a_site_that_is_not_there_is_refused_with_the_pixel(seen: Watched) -> None:
    site = "rejected; reason=site"
    check_pixel(seen.check("pixel", lambda: get(seen.luot, "site=nope&path=/a"), 404, site))


def test_escapes_are_decoded_once(seen: Watched) -> None:
    seen.check("pixel", lambda: get(seen.luot, "site=s1&path=%252fa"), 200, COUNTED)

    seen.luot.snapshot()
    paths = [page["path"] for page in seen.luot.report("pages")["pages"]]
    assert "/%2Fa" in paths


@pytest.mark.parametrize(
    ("header", "value"),
    [
        *(("Range", "bytes=0-1"), ("If-None-Match", "*"), ("If-Match", '"x"')),
        *(("If-Modified-Since", "Sun, 22 Nov 2026 12:00:00 GMT"), ("If-Range", '"x"')),
        *(("Accept", "text/html"), ("Referer", "https://s1.example/a")),
    ],
)
def test_a_pixel_is_always_whole(seen: Watched, header: str, value: str) -> None:
    told = {header.replace("-", "_"): value}
    answer = seen.check("pixel", lambda: get(seen.luot, "site=s1&path=/a", **told), 200, COUNTED)

    check_pixel(answer)


def test_a_pixel_s_id_is_known_again(seen: Watched) -> None:
    query = "site=s1&path=/a&id=pixel-id-00000001"
    seen.check("pixel", lambda: get(seen.luot, query), 200, COUNTED)
    seen.check("pixel", lambda: get(seen.luot, query), 200, "duplicate")


def test_a_machine_gets_the_pixel_too(seen: Watched) -> None:
    def act() -> TestResponse:
        return get(seen.luot, "site=s1&path=/a", User_Agent="curl/8")

    check_pixel(seen.check("pixel", act, 200, "filtered; reason=bot"))


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "DELETE", "PATCH", "TRACE"])
def test_only_getting_the_pixel_counts(luot: Luot, method: str) -> None:
    answer = luot.http.open("/hit.gif?site=s1&path=/a", method=method)

    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]
    assert luot.counters()["views"]["total"] == 0
