"""
Whatever is sent to a door, it answers as a door does, and what it refuses leaves nothing behind.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from tests.conftest import CHROME
from tests.outcomes import LARGEST_REFUSAL, Watched, watched

#: Both answer the same.
FRONTS = ("wsgi", "asgi")

EXAMPLES = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

KEYS = (
    *("site", "url", "path", "id", "referrer", "title", "width", "language", "timezone", "event"),
    *("props", "section", "author", "tags", "view", "seconds", "scroll", "time", "ip"),
    *("user_agent", "admin", "__proto__"),
)

#: Texts that mean something to somebody on the way.
ODD = st.sampled_from(
    [
        *("s1", "/a", "https://s1.example/a", "https://s1.example/?utm_source=%00", "engagement"),
        *("", " ", "\0", "\r\nX: y", "\x1b[2J", "%", "%00", "%ff", "%ED%A0%80", "é", "e\u0301"),
        *("\u202e", "\ufeff", "１２", "'; DROP TABLE", "<script>", "{{7*7}}", "=1+1", "../../x"),
        *("http://[::1", "http://a:99999/", "android-app://x", "x" * 3_000, "/" + "é" * 1_500),
        *("2026-11-22T12:00:00Z", "0001-01-01T00:00:00+23:59", "fe80::1%eth0", "nan", "(other)"),
        *("0123456789abcdef", "Mozilla/5.0 " + "(" * 500, "Asia/Ho_Chi_Minh", "vi,en;q=0.9"),
    ]
)
TEXTS = ODD | st.text(max_size=40)
SCALARS = TEXTS | st.integers() | st.floats() | st.booleans() | st.none()
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=12) | st.dictionaries(TEXTS, inner, max_size=5),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=8)
#: Objects that are right but for the odd values.
LIKELY = OBJECTS.map(lambda told: {"site": "s1", "path": "/a", **told})
JSON = (VALUES | OBJECTS | LIKELY | st.lists(LIKELY, max_size=4)).map(
    lambda told: json.dumps(told).encode("utf-8", "replace")
)
BODIES = st.binary(max_size=300) | JSON
HEADERS = st.dictionaries(
    st.sampled_from(
        [
            *("Origin", "Referer", "User-Agent", "X-Forwarded-For", "Accept-Language", "Cookie"),
            *("Content-Type", "Content-Encoding", "Authorization", "Idempotency-Key", "Host"),
            *("DNT", "Sec-GPC", "Sec-Purpose", "If-None-Match", "Range", "Accept", "Forwarded"),
        ]
    ),
    # What a server hands on: any byte but those that end a line.
    (TEXTS | st.binary(max_size=60).map(lambda raw: raw.decode("latin-1"))).map(
        lambda text: "".join(c for c in text if c not in "\r\n\0").encode().decode("latin-1")
    ),
    max_size=4,
)
PARAMETERS = st.sampled_from(
    [*KEYS, "path[]", "period", "from", "to", "unit", "limit", "token", "counters", "x"]
)
QUERIES = st.binary(max_size=80) | st.lists(
    st.tuples(PARAMETERS, TEXTS | st.integers().map(str)), max_size=6
).map(lambda pairs: "&".join(f"{key}={value}" for key, value in pairs).encode("utf-8", "replace"))
QUESTIONS = st.sampled_from(
    ["totals", "series", "pages", "filtered", "breakdown/source", "breakdown/entry-page", "x", ""]
)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory, front: str) -> Iterator[Watched]:
    with watched(tmp_path_factory.mktemp("luot"), front, rate_per_second=0) as running:
        yield running


def ask(
    seen: Watched, method: str, path: str, headers: dict[str, str], query: bytes, body: bytes = b""
) -> TestResponse:
    """
    An answer that a door may give; a refusal is short and has left no key.
    """
    keys = seen.keys()
    seen.lines.records.clear()
    usual = {"User-Agent": CHROME, "Origin": "https://s1.example"}
    answer = seen.luot.http.open(
        path,
        method=method,
        data=body,
        headers={**usual, **headers},
        # As a server hands it on: bytes as they came, one character for each.
        environ_overrides={"QUERY_STRING": query.decode("latin-1")},
    )
    assert answer.status_code < 500, answer.data
    # That nearly everybody comes from one private address here is told once, beside a request.
    lines = [record.name for record in seen.lines.records if record.name != "service.hints"]
    assert lines == ["luot.access"]
    if answer.status_code >= 400:
        assert len(answer.data) <= LARGEST_REFUSAL
        assert answer.mimetype in {"application/json", "application/problem+json", "image/gif"}
        assert seen.keys() == keys
    return answer


def bearer(seen: Watched, headers: dict[str, str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {seen.luot.token}", **headers}


@EXAMPLES
@given(body=BODIES, headers=HEADERS, query=QUERIES)
@example(body=b"[" * 8_192, headers={}, query=b"")
@example(body=b'{"site":"s1","path":"/a","tags":["\\u0000"]}', headers={}, query=b"counters=1")
def test_a_hit_is_counted_or_refused(
    seen: Watched, body: bytes, headers: dict[str, str], query: bytes
) -> None:
    views = seen.views()
    answer = ask(seen, "POST", "/hit", headers, query, body)

    said = answer.headers["Luot-Result"]
    assert (answer.status_code < 400) == (not said.startswith("rejected"))
    assert seen.views() - views in ({0, 1} if said == "counted" else {0})


@EXAMPLES
@given(headers=HEADERS, query=QUERIES)
@example(headers={}, query=b"site=s1&path=/a&title=\xff")
def test_a_pixel_is_counted_or_refused(
    seen: Watched, headers: dict[str, str], query: bytes
) -> None:
    views = seen.views()
    answer = ask(seen, "GET", "/hit.gif", headers, query)

    said = answer.headers["Luot-Result"]
    assert seen.views() - views == (1 if said == "counted" else 0)
    # What is called by no host at all reaches no door.
    assert len(answer.data) == 43 or said == "rejected; reason=host"


@EXAMPLES
@given(headers=HEADERS, query=QUERIES)
def test_the_numbers_can_be_asked_for_in_any_way(
    seen: Watched, headers: dict[str, str], query: bytes
) -> None:
    views, keys = seen.views(), seen.keys()
    ask(seen, "GET", "/counters", headers, query)

    assert (seen.views(), seen.keys()) == (views, keys)


@EXAMPLES
@given(
    body=BODIES | st.lists(LIKELY, max_size=4).map(lambda t: json.dumps(t).encode()),
    headers=HEADERS,
)
def test_each_item_of_a_batch_is_counted_or_refused(
    seen: Watched, body: bytes, headers: dict[str, str]
) -> None:
    told = bearer(seen, {"Content-Type": "application/json", **headers})
    answer = ask(seen, "POST", "/api/v1/hits", told, b"", body)

    if answer.status_code < 400:
        items: list[Any] = json.loads(body)
        assert len(answer.get_json()["results"]) == len(items)


@EXAMPLES
@given(question=QUESTIONS, site=st.sampled_from(["s1"]) | TEXTS, headers=HEADERS, query=QUERIES)
def test_a_report_can_be_asked_for_in_any_way(
    seen: Watched, question: str, site: str, headers: dict[str, str], query: bytes
) -> None:
    name = site.encode("utf-8", "replace").hex("%")
    path = f"/api/v1/sites/{'%' + name if name and site != 's1' else site}/{question}"
    ask(seen, "GET", path, bearer(seen, headers), query)
