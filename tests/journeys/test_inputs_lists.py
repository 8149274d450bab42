"""
Hostile and odd questions to the doors that list pages, to badges and to boxes: none counts, and
none makes a key.
"""

from collections.abc import Iterator
from xml.etree import ElementTree as ET

import pytest
from werkzeug.test import TestResponse

from service.archive.baselines import Baseline, push_baselines, set_baselines
from service.archive.tokens import Scope, create_token
from service.settings import LARGEST
from tests.conftest import Luot, MakeLuot
from tests.outcomes import Watched, metric_values, short, watched

#: Both answer the same.
FRONTS = ("wsgi", "asgi")

PRIVATE = {"s2": {"name": "Site two", "hosts": ["s2.example"], "public": False}}

LISTS = ("popular", "trending", "related")

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory, front: str) -> Iterator[Watched]:
    with watched(tmp_path_factory.mktemp("luot"), front) as running:
        yield running


def get(luot: Luot, address: str, token: str = "") -> TestResponse:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return luot.http.get(address, headers=headers)


def drawn(answer: TestResponse) -> ET.Element:
    """
    A badge, once a strict reader of XML has read it.
    """
    return ET.fromstring(answer.data)  # noqa: S314 - that it can be read at all is what is tried


def texts(answer: TestResponse) -> list[str]:
    """
    What a badge says.
    """
    return [text.text or "" for text in drawn(answer).iter(f"{SVG}text")]


@pytest.mark.parametrize("door", LISTS)
@pytest.mark.parametrize(
    ("query", "field"),
    [
        *(("", "site"), ("site=", "site"), ("site=S1", "site"), ("site=s1&site=s1", "site")),
        *(("site=%ff", "site"), ("site=s1:d:2026-11-22", "site"), ("site={s1}", "site")),
        *((f"site=s1&path=/a&limit={bad}", "limit") for bad in ("-1", "0", "101", "1e9", "0x10")),
        *((f"site=s1&path=/a&limit={bad}", "limit") for bad in ("", "%EF%BC%91", "5&limit=5")),
    ],
    ids=short,
)
def test_a_question_that_is_not_right_is_refused(
    seen: Watched, door: str, query: str, field: str
) -> None:
    answer = seen.check(
        door, lambda: get(seen.luot, f"/{door}?{query}"), 400, "rejected; reason=malformed"
    )

    assert answer.get_json() == {"error": "malformed", "field": field}
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    ("door", "query", "field"),
    [
        *(("popular", f"&period={bad}", "period") for bad in ("year", "", "day'%3B--", "day%00")),
        ("popular", "&period=day&period=day", "period"),
        *(("related", bad, "path") for bad in ("", "&path=", "&path=%00", "&path=%ff")),
        ("related", "&path=/a&path=/b", "path"),
    ],
    ids=short,
)
def test_what_a_list_is_of_is_judged_too(seen: Watched, door: str, query: str, field: str) -> None:
    answer = seen.check(
        door, lambda: get(seen.luot, f"/{door}?site=s1{query}"), 400, "rejected; reason=malformed"
    )

    assert answer.get_json() == {"error": "malformed", "field": field}


@pytest.mark.parametrize(
    "path", ["/nobody-was-here", "/luot:{s1}:state", "' OR 1=1--", "%2525", "_"]
)
def test_asking_what_is_read_with_an_unknown_page_makes_nothing(seen: Watched, path: str) -> None:
    seen.luot.counters()
    keys, metrics = seen.keys(), metric_values()
    answer = get(seen.luot, f"/related?site=s1&path={path}")

    assert (answer.status_code, answer.get_json()["pages"]) == (200, [])
    assert (seen.keys(), metric_values()) == (keys, metrics)


def test_a_private_site_is_as_if_it_were_not_there(make_luot: MakeLuot) -> None:
    luot = make_luot(sites=PRIVATE)
    database, now = luot.runtime.database, luot.clock.now_ms()
    reader = create_token(database, "s2", Scope.READ, now)
    others = [
        create_token(database, *grant, now) for grant in (("s1", Scope.READ), ("s2", Scope.WRITE))
    ]
    for door in LISTS:
        answers = [
            get(luot, f"/{door}?site={site}&path=/a", token)
            for site in ("s2", "nope")
            for token in ("", "wrong", *others)
        ]
        asked = {(a.status_code, a.data, str(a.headers)) for a in answers}
        shown = get(luot, f"/{door}?site=s2&path=/a", reader)

        assert [(status, body) for status, body, _ in asked] == [
            (404, b'{"error":"site","field":"site"}')
        ]
        assert (shown.status_code, shown.headers["Cache-Control"]) == (200, "private, no-store")
    for address in ("/badge/{}.svg", "/box/{}"):
        private, nobody = (get(luot, address.format(site)) for site in ("s2", "nope"))
        shown = get(luot, address.format("s2"), reader)

        assert (404, nobody.data) == (private.status_code, private.data)
        assert str(private.headers) == str(nobody.headers)
        assert (shown.status_code, shown.headers["Cache-Control"]) == (200, "private, no-store")


@pytest.mark.parametrize(
    "label",
    [
        "<script>alert(1)</script>",
        '"><svg/onload=alert(1)>',
        *("]]>", "&#x6a;", "&xxe;", "<!ENTITY xxe SYSTEM 'file:///etc/passwd'>"),
        *("Lượt xem", "Просмотры", "閲覧数", "المشاهدات", "दृश्य", "👁"),
    ],
    ids=short,
)
def test_a_label_is_text_whatever_it_looks_like(seen: Watched, label: str) -> None:
    answer = seen.luot.http.get("/badge/s1.svg", query_string={"label": label})

    assert answer.status_code == 200
    shown, number = texts(answer)
    assert (shown, number) == (label, "1")
    badge = drawn(answer)
    assert badge.get("aria-label") == f"{label}: 1"
    assert [child.tag for child in badge] == [
        f"{SVG}{name}" for name in ("title", "rect", "text", "rect", "text")
    ]


def test_a_label_holds_nothing_that_xml_has_no_word_for(seen: Watched) -> None:
    told = "a\x00\x1b[2J\u202e\ufffe\U0001f441" + "x" * 100
    answer = seen.luot.http.get("/badge/s1.svg", query_string={"label": told})

    assert texts(answer) == ["a[2J\U0001f441" + "x" * 59, "1"]
    assert texts(seen.luot.http.get("/badge/s1.svg?label=")) == ["1"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        *((f"color={bad}", "color") for bad in ('red"%20onload="alert(1)', "url(http://e)")),
        *((f"color={bad}", "color") for bad in ("%2312", "expression(1)", "", "%23ffffff0")),
        *((f"{bad}", "query") for bad in ("style=../../x", "logo=http://169.254.169.254/")),
        *((f"metric={bad}", "metric") for bad in ("", "views.", "site", "__class__", "pages")),
        *(("path=", "path"), ("path=%00", "path"), ("path=/a&path=/b", "path")),
        *(("path=/a&metric=online", "metric"), ("path=/a&metric=views.yesterday", "metric")),
    ],
    ids=short,
)
def test_a_badge_that_is_not_right_is_refused(seen: Watched, query: str, field: str) -> None:
    answer = seen.check(
        "badge", lambda: get(seen.luot, f"/badge/s1.svg?{query}"), 400, "rejected; reason=malformed"
    )

    assert answer.get_json() == {"error": "malformed", "field": field}


def test_a_badge_that_is_opened_by_itself_may_do_nothing(seen: Watched) -> None:
    answer = get(seen.luot, "/badge/s1.svg")

    assert answer.headers["Content-Type"] == "image/svg+xml; charset=utf-8"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    same = {"If-None-Match": answer.headers["ETag"]}
    assert seen.luot.http.get("/badge/s1.svg", headers=same).status_code == 304


def test_any_number_fits_into_a_badge(luot: Luot) -> None:
    runtime = luot.runtime
    luot.counters()
    set_baselines(
        runtime.database, runtime.sites["s1"], [Baseline("", LARGEST, 5)], luot.clock, "x"
    )
    push_baselines(runtime.store, runtime.database, "s1")
    largest, none = get(luot, "/badge/s1.svg"), get(luot, "/badge/s1.svg?path=/nobody")

    assert [texts(largest)[1], texts(none)[1]] == ["9,007,199,254,740,991", "0"]
    badge = drawn(largest)
    fields = [int(rect.get("width", "")) for rect in badge.iter(f"{SVG}rect")]
    lengths = [int(text.get("textLength", "")) for text in badge.iter(f"{SVG}text")]
    assert sum(fields) == int(badge.get("width", ""))
    assert [field - length for field, length in zip(fields, lengths, strict=True)] == [12, 12]


def test_a_badge_of_an_unknown_site_is_a_badge_and_no_key(seen: Watched) -> None:
    keys = seen.keys()
    answer = get(seen.luot, "/badge/nope.svg")

    assert (answer.status_code, answer.mimetype) == (404, "image/svg+xml")
    assert texts(answer) == ["404", "\N{EN DASH}"]
    assert (seen.keys(), answer.headers["Cache-Control"]) == (keys, "no-store")


def test_a_badge_that_is_loaded_a_thousand_times_counts_nothing(seen: Watched, front: str) -> None:
    before, keys = seen.totals(), seen.keys()
    # Both fronts ask the same Flask for it.
    for _ in range(1_000 if front == "wsgi" else 20):
        assert get(seen.luot, "/badge/s1.svg?path=/first").status_code == 200

    assert (seen.totals(), seen.keys()) == (before, keys)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        *((f"lang={bad}", "lang") for bad in ("fr", "", "vi&lang=vi")),
        *((f"metric={bad}", "metric") for bad in ("visitors", "x")),
        *((f"theme={bad}", "theme") for bad in ("blue", "%00")),
        *((f"accent={bad}", "accent") for bad in ("red%7D", "%23ff", "url(x)", "</style>")),
        ("part=2", "part"),
    ],
    ids=short,
)
def test_a_box_that_is_not_right_is_refused(seen: Watched, query: str, field: str) -> None:
    answer = seen.check(
        "box", lambda: get(seen.luot, f"/box/s1?{query}"), 400, "rejected; reason=malformed"
    )

    assert answer.get_json() == {"error": "malformed", "field": field}
