"""
Texts that were cut inside a character count through every door, and break nothing behind it.
"""

import csv
import io
import json
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote

import pytest

from service.dimensions import Dimension
from service.reporting.formats import csv_parts, json_line_parts
from service.reporting.periods import PeriodName, period
from service.reporting.whole import page_days, tables, zip_parts
from tests.conftest import CHROME
from tests.doors import MATOMO, ORIGIN, UMAMI, ask, number
from tests.outcomes import Watched
from tests.web.signed import signed_in

#: Both answer the same.
FRONTS = ("wsgi", "asgi")

HALF = "caf\ud83d"

#: The same as old scripts escape it.
ESCAPED = "caf%ED%A0%BD"

SERVER = {"user_agent": CHROME, "ip": "192.0.2.1"}


@dataclass(frozen=True)
class Way:
    """
    A request that is a view of ``/half`` and carries halves wherever it has text.
    """

    method: str
    target: str
    body: Any = None
    kind: str = "application/json"
    needs_token: bool = False
    views: int = 1
    referer: str | None = None


def page(path: str = "/half") -> str:
    return f"{ORIGIN}{path}"


WAYS = {
    "hit": Way(
        "POST",
        "/hit",
        {
            "site": "s1",
            "path": "/half",
            "title": HALF,
            "section": HALF,
            "author": HALF,
            "tags": [HALF, "\ude00"],
            "props": {HALF: HALF, "b": "\ude00"},
            "language": "vi",
            "referrer": f"https://news.example/{HALF}",
        },
        "text/plain",
    ),
    "a key, and what nobody knows": Way(
        "POST",
        "/hit",
        {"site": "s1", "path": "/half", HALF: 1, "x": ["\udc00", {"y": HALF}]},
        "text/plain",
    ),
    "half a host": Way(
        "POST",
        "/hit",
        {"site": "s1", "path": "/half", "referrer": f"https://{HALF}/", "timezone": HALF},
        "text/plain",
    ),
    "batch": Way(
        "POST",
        "/api/v1/hits",
        [
            {"site": "s1", "path": "/half", "title": HALF, **SERVER},
            {"site": "s1", "path": "/half\ud83d", **SERVER},
            {"site": "s1", "path": "/half", "referrer": HALF, "user_agent": f"{CHROME}\ud83d"},
        ],
        needs_token=True,
        views=2,
    ),
    "pixel": Way("GET", f"/hit.gif?site=s1&path=/half&title={ESCAPED}&referrer={ESCAPED}"),
    "goatcounter": Way("GET", f"/count?p=/half&t={ESCAPED}&r=https://a.example/{ESCAPED}"),
    "goatcounter's api": Way(
        "POST",
        "/api/v0/count",
        {"hits": [{"path": "/half", "title": HALF, "ref": f"https://a.example/{HALF}", **SERVER}]},
        needs_token=True,
    ),
    "plausible": Way(
        "POST",
        "/api/event",
        {
            "n": "pageview",
            "u": page(),
            "d": "s1.example",
            "r": f"https://a.example/{HALF}",
            "p": {HALF: HALF},
        },
        "text/plain",
    ),
    "plausible's props as text": Way(
        "POST",
        "/api/event",
        {"n": "pageview", "u": page(), "d": "s1.example", "p": json.dumps({HALF: HALF})},
        "text/plain",
    ),
    "umami": Way(
        "POST",
        "/api/send",
        {
            "type": "event",
            "payload": {
                "website": UMAMI,
                "url": "/half",
                "hostname": "s1.example",
                "title": HALF,
                "referrer": f"https://a.example/{HALF}",
                "tag": HALF,
                "data": {HALF: HALF},
            },
        },
    ),
    "umami's batch": Way(
        "POST",
        "/api/batch",
        [
            {
                "type": "event",
                "payload": {"website": UMAMI, "url": "/half", "title": HALF},
            }
        ],
    ),
    "matomo": Way(
        "GET",
        f"/matomo.php?idsite={MATOMO}&rec=1&url={quote(page())}&action_name={ESCAPED}"
        f"&urlref=https://a.example/{ESCAPED}",
    ),
    "matomo's bulk": Way(
        "POST",
        "/matomo.php",
        {
            "requests": [
                f"?idsite={MATOMO}&rec=1&url={quote(page())}&action_name={HALF}",
                {"idsite": MATOMO, "rec": 1, "url": page(), "action_name": HALF, "urlref": HALF},
            ]
        },
        views=2,
    ),
    "vercount": Way("POST", "/log", {"url": page(), "title": HALF, HALF: HALF}),
    "busuanzi": Way("GET", f"/busuanzi?jsonpCallback=f&x={ESCAPED}", referer=page()),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_view_with_half_a_character_counts(seen: Watched, way: str) -> None:
    here = WAYS[way]
    before = number(seen, "/half")
    headers = {"Content_Type": here.kind} if here.body is not None else {}
    if here.referer:
        headers["Referer"] = here.referer
    if here.needs_token:
        headers["Authorization"] = f"Bearer {seen.luot.token}"
    answer = ask(seen, here.method, here.target, here.body, counted=here.views, **headers)

    assert answer.status_code < 300, answer.data
    assert here.views == number(seen, "/half") - before


@pytest.mark.parametrize(
    "way",
    [
        Way("POST", "/hit", {"site": "s1", "path": "/half", "event": HALF}, "text/plain"),
        Way("POST", "/hit", {"site": "s1", "path": "/half", "event": "\ud83d"}, "text/plain"),
        Way("POST", "/api/event", {"n": HALF, "u": page(), "d": "s1.example"}, "text/plain"),
        Way(
            "POST",
            "/api/send",
            {"type": "event", "payload": {"website": UMAMI, "url": "/half", "name": HALF}},
        ),
    ],
    ids=["hit", "only half", "plausible", "umami"],
)
def test_an_event_with_half_a_character_counts(seen: Watched, way: Way) -> None:
    answer = ask(seen, way.method, way.target, way.body, counted=0, Content_Type=way.kind)

    assert answer.status_code < 300
    assert "counted" == answer.headers["Luot-Result"]


def test_everything_behind_the_doors_holds_them(seen: Watched) -> None:
    for here in WAYS.values():
        headers = {"Content_Type": here.kind, "Referer": here.referer or page()}
        if here.needs_token:
            headers["Authorization"] = f"Bearer {seen.luot.token}"
        # Two readers have to send a title before it is shown.
        for address in ("203.0.113.50", "203.0.113.51"):
            headers["X_Forwarded_For"] = address
            ask(seen, here.method, here.target, here.body, counted=here.views, **headers)
    seen.luot.snapshot()
    views = seen.views()
    today = seen.runtime.sites["s1"].day(seen.runtime.clock.now_ms()).label

    assert (views, "caf\ufffd") == (
        seen.luot.totals(today)[0],
        seen.luot.report("pages", period="today")["pages"][0]["title"],
    )
    for dimension in Dimension:
        seen.luot.report(f"breakdown/{dimension}", period="today")
    _exports(seen)
    _pages(seen)


def _exports(seen: Watched) -> None:
    database, site = seen.runtime.database, seen.runtime.sites["s1"]
    day = date.fromisoformat(site.day(seen.runtime.clock.now_ms()).label)
    span = period(PeriodName.ALL, None, None, day, day)
    rows = list(
        csv.reader(io.StringIO(b"".join(csv_parts(page_days(database, "s1", span))).decode()))
    )
    assert any("/half" in cell for row in rows for cell in row)
    for line in b"".join(json_line_parts(page_days(database, "s1", span))).splitlines():
        json.loads(line)
    assert b"".join(zip_parts(tables(database, "s1", span)))


def _pages(seen: Watched) -> None:
    client = signed_in(seen.luot)
    for target in ("/sites/s1", "/sites/s1/page?path=/half", "/sites/s1/report"):
        answer = client.get(target)
        assert (200, target) == (answer.status_code, target)
