"""
Whatever is sent to another tracker's door, it answers as a door does, and nobody gets more by it.
"""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from tests.conftest import CHROME
from tests.doors import MATOMO, ORIGIN, UMAMI, opened
from tests.journeys.test_hostile_property import BODIES, EXAMPLES, HEADERS, TEXTS, VALUES
from tests.outcomes import Watched

#: Both answer the same.
FRONTS = ("wsgi", "asgi")

DOORS = st.sampled_from(
    [
        *(("GET", "/count"), ("POST", "/count"), ("POST", "/api/v0/count")),
        *(("POST", "/api/event"), ("GET", "/api/v1/stats/realtime/visitors")),
        *(("POST", "/api/send"), ("POST", "/api/collect"), ("POST", "/api/batch")),
        *(("GET", "/matomo.php"), ("POST", "/matomo.php"), ("GET", "/piwik.php")),
        *(("GET", "/busuanzi"), ("GET", "/jsonp"), ("POST", "/busuanzi")),
        *(("POST", "/api"), ("GET", "/api"), ("PUT", "/api")),
        *(("POST", "/log"), ("GET", "/log"), ("POST", "/api/v1/log"), ("POST", "/api/v2/log")),
        *(("GET", "/counter/a.json"), ("GET", "/counter/TOTAL.svg"), ("GET", "/counter/a.html")),
    ]
)

#: Parameters that one of the doors reads, with values that are right or odd.
LIKELY = {
    "p": "/a",
    "e": "1",
    "b": "0",
    "s": "1,2",
    "q": "?utm_source=x",
    "t": "T",
    "r": ORIGIN,
    "idsite": str(MATOMO),
    "rec": "1",
    "url": f"{ORIGIN}/m",
    "pv_id": "abcdef",
    "cdt": "1",
    "_id": "0" * 16,
    "ping": "1",
    "cip": "192.0.2.3",
    "ua": "x",
    "token_auth": "x",
    "e_c": "c",
    "jsonpCallback": "f",
    "callback": "g",
    "start": "week",
    "site_id": "s1.example",
    "requests": "[]",
    "res": "1x1",
    "uid": "u",
    "send_image": "0",
    "download": "x",
}
PARAMETERS = st.dictionaries(st.sampled_from(sorted(LIKELY)), TEXTS, max_size=4).flatmap(
    lambda odd: st.sets(st.sampled_from(sorted(LIKELY))).map(
        lambda right: {**{name: LIKELY[name] for name in right}, **odd}
    )
)
QUERIES = st.binary(max_size=80) | PARAMETERS.map(
    lambda told: "&".join(
        f"{k}={quote(v.encode('utf-8', 'replace'))}" for k, v in told.items()
    ).encode()
)


def quoted(text: str) -> str:
    return quote(text.encode("utf-8", "replace"))


#: A right body of each door, of which one part may be odd.
RIGHT: list[dict[str, Any]] = [
    {"n": "pageview", "u": f"{ORIGIN}/a", "d": "s1.example", "p": {}, "sd": 1, "e": 1, "h": 1},
    {"website": UMAMI, "url": "/a", "hostname": "s1.example", "ip": "192.0.2.3", "timestamp": 1},
    {"hits": [{"path": "/a", "session": "x"}], "no_sessions": True},
    {"requests": [f"?idsite={MATOMO}&rec=1&url={ORIGIN}/a", {"idsite": MATOMO}]},
    {"url": f"{ORIGIN}/a", "isNewUv": True, "id": "0123456789abcdef", "title": "T"},
]


def bent(right: dict[str, Any]) -> st.SearchStrategy[Any]:
    """
    A right body with odd values, alone, in a list, or as a message's payload.
    """
    odd = st.dictionaries(st.sampled_from(sorted(right)), VALUES, max_size=2)
    whole = odd.map(lambda changes: {**right, **changes})
    return (
        whole
        | whole.map(lambda inner: {"type": "event", "payload": inner})
        | st.lists(whole.map(lambda inner: {"type": "event", "payload": inner}), max_size=3)
    )


BENT = st.sampled_from(RIGHT).flatmap(bent).map(lambda told: json.dumps(told).encode())


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory, front: str) -> Iterator[Watched]:
    with opened(tmp_path_factory.mktemp("luot"), front, rate_per_second=0) as running:
        yield running


def ask(
    seen: Watched, door: tuple[str, str], query: bytes, body: bytes, headers: dict[str, str]
) -> TestResponse:
    usual = {"User-Agent": CHROME, "Origin": ORIGIN, "x-bsz-referer": f"{ORIGIN}/b"}
    usual["Content-Type"] = "application/json"
    return seen.luot.http.open(
        door[1],
        method=door[0],
        data=body,
        headers={**usual, **headers},
        environ_overrides={"QUERY_STRING": query.decode("latin-1")},
    )


@EXAMPLES
@given(door=DOORS, query=QUERIES, body=BODIES | BENT, headers=HEADERS, shows=st.booleans())
@example(
    ("POST", "/api/event"), b"", json.dumps({**RIGHT[0], "d": "a," * 9_000}).encode(), {}, False
)
@example(("GET", "/busuanzi"), b"jsonpCallback=alert(1)//", b"", {"Referer": ORIGIN}, False)
@example(("POST", "/matomo.php"), b"", b'{"requests":' + b"[" * 5_000, {}, False)
@example(("POST", "/api/batch"), b"", b"[" + b"{}," * 9_999 + b"{}]", {}, False)
def test_a_door_counts_or_refuses(
    seen: Watched,
    door: tuple[str, str],
    query: bytes,
    body: bytes,
    headers: dict[str, str],
    shows: bool,
) -> None:
    views, keys = seen.views(), seen.keys()
    seen.lines.records.clear()
    told = {"Authorization": f"Bearer {seen.luot.token}", **headers} if shows else headers
    answer = ask(seen, door, query, body, told)

    said = answer.headers.get("Luot-Result", "")
    assert answer.status_code < 500, answer.data
    assert [record.name for record in seen.lines.records] == ["luot.access"]
    assert len(answer.data) <= 1_000 + 200 * len(body)
    assert b"Traceback" not in answer.data
    if "counted" not in said:
        assert seen.views() == views
        if "filtered" not in said:
            assert seen.keys() - keys == set()
    else:
        assert seen.views() - views <= 4


@EXAMPLES
@given(name=TEXTS)
@example("alert(1)")
@example("f\n")
def test_nothing_but_a_name_is_called(seen: Watched, name: str) -> None:
    query = f"jsonpCallback={quoted(name)}".encode()
    answer = ask(seen, ("GET", "/busuanzi"), query, b"", {"Referer": f"{ORIGIN}/a", "Origin": ""})

    if answer.status_code == 200:
        assert answer.text.startswith(f"/**/try{{{name}({{")
        assert re.fullmatch(r"[A-Za-z_$][\w.$]*", name, re.ASCII)
    else:
        assert answer.mimetype == "application/json"


FORGED = {
    "ip": "192.0.2.44",
    "user_agent": "Other/1",
    "userAgent": "Other/1",
    "reader": "r",
    "session": "s",
    "id": "0123456789abcdefgh",
    "time": "2026-11-20T00:00:00Z",
    "uid": "u",
    "cip": "192.0.2.44",
    "ua": "Other/1",
    "cdt": "2026-11-22 11:00:00",
    "timestamp": 1,
    "is_bot": True,
    "created_at": "2026-11-20T00:00:00Z",
    "cid": "0" * 16,
    "country": "fr",
}


@pytest.mark.parametrize(
    ("door", "right"),
    [
        (("POST", "/api/event"), RIGHT[0]),
        (("POST", "/api/send"), {"type": "event", "payload": RIGHT[1]}),
        (("POST", "/matomo.php"), {"requests": [{"idsite": 7, "rec": 1, "url": f"{ORIGIN}/a"}]}),
        (("POST", "/busuanzi"), {"url": f"{ORIGIN}/a"}),
        (("POST", "/api/v2/log"), {"url": f"{ORIGIN}/a"}),
    ],
)
def test_forged_words_make_nobody_else(
    seen: Watched, door: tuple[str, str], right: dict[str, Any]
) -> None:
    assert ask(seen, door, b"", json.dumps(right).encode(), {}).headers["Luot-Result"] == "counted"
    before = seen.luot.counters()
    forged = {**right, **FORGED}
    if "payload" in right:
        forged = {**right, "payload": {**right["payload"], **FORGED}}
    if "requests" in right:
        forged = {"requests": [{**right["requests"][0], **FORGED}]}
    answer = ask(seen, door, b"", json.dumps(forged).encode(), {})

    assert answer.headers["Luot-Result"] == "counted"
    now = seen.luot.counters()
    assert now["visitors"] == before["visitors"]
    assert now["views"]["today"] == before["views"]["today"] + 1
