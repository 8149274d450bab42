"""
The doors of other trackers say 2xx for a hit only when it is kept.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests import servers
from tests.conftest import CHROME, Luot, MakeLuot, SetClock
from tests.doors import EVERY, MATOMO, ORIGIN, UMAMI
from tests.servers import until

#: Both answer the same.
FRONTS = ("wsgi", "asgi")


@dataclass(frozen=True)
class Asked:
    """
    A view at a door, and the statuses of a queued one and of one that could not be kept.
    """

    method: str
    target: str
    body: Any = None
    headers: tuple[tuple[str, str], ...] = ()
    queued: int = 200


URL = f"{ORIGIN}/a"
VIEW = {"type": "event", "payload": {"website": UMAMI, "url": "/a", "hostname": "s1.example"}}
TRACKED = f"idsite={MATOMO}&rec=1&url={URL}"
PAGE = (("Referer", URL), ("x-bsz-referer", URL))

EACH = [
    Asked("GET", "/count?p=/a"),
    Asked("POST", "/api/v0/count", {"hits": [{"path": "/a", "session": "x"}]}, queued=202),
    Asked("POST", "/api/event", {"n": "pageview", "u": URL}, queued=202),
    Asked("POST", "/api/send", VIEW),
    Asked("POST", "/api/batch", [VIEW]),
    Asked("GET", f"/matomo.php?{TRACKED}"),
    Asked("POST", "/matomo.php", {"requests": [f"?{TRACKED}"]}),
    Asked("GET", "/busuanzi?jsonpCallback=f", None, PAGE),
    Asked("POST", "/api", None, PAGE),
    Asked("PUT", "/api", None, PAGE, queued=204),
    Asked("POST", "/busuanzi", {"url": URL}),
    Asked("POST", "/log", {"url": URL}),
    Asked("POST", "/api/v2/log", {"url": URL}),
]


def ask(luot: Luot, asked: Asked) -> TestResponse:
    usual = {"User-Agent": CHROME, "Origin": ORIGIN, "X-Forwarded-For": "203.0.113.7"}
    usual["Content-Type"] = "application/json"
    if asked.target == "/api/v0/count":
        usual["Authorization"] = f"Bearer {luot.token}"
    return luot.http.open(
        asked.target,
        method=asked.method,
        data=None if asked.body is None else json.dumps(asked.body),
        headers={**usual, **dict(asked.headers)},
    )


@pytest.fixture
def server() -> Iterator[servers.Valkey]:
    """
    A Redis of the test's own, which may be stopped.
    """
    with servers.valkey() as running:
        yield running


@pytest.fixture
def make(
    tmp_path: Path, server: servers.Valkey, clock: SetClock, front: str
) -> Iterator[Callable[..., Luot]]:
    made = MakeLuot(tmp_path, server.url, clock, front)
    site = {"doors": EVERY, "umami_id": UMAMI, "matomo_id": MATOMO}
    yield lambda **changes: made(site=site, **changes)
    made.close()


def test_with_redis_away_every_door_keeps_its_hits(
    make: Callable[..., Luot], server: servers.Valkey
) -> None:
    luot = make()
    assert luot.hit("/a").status_code == 204
    luot.counters("/a")
    server.stop()

    for asked in EACH:
        answer = ask(luot, asked)
        assert (answer.headers["Luot-Result"], answer.status_code) == ("queued", asked.queued)

    server.start()
    until(lambda: luot.counters("/a")["pages"]["/a"]["views"] == 1 + len(EACH))


@pytest.mark.parametrize(("wait", "status"), [(50, 202), (10_000, 204)])
def test_a_slow_redis_is_waited_for_as_long_as_the_settings_say(
    make: Callable[..., Luot], server: servers.Valkey, wait: int, status: int
) -> None:
    luot = make(redis_wait_ms=wait)
    luot.hit("/a")
    server.client.client_pause(1_000, all=True)

    assert luot.hit("/a").status_code == status


def test_what_cannot_be_kept_is_503_at_every_door(
    make: Callable[..., Luot], server: servers.Valkey
) -> None:
    luot = make(durability="redis")
    assert luot.hit("/a").status_code == 204
    server.stop()

    for asked in EACH:
        answer = ask(luot, asked)
        told = answer.headers["Luot-Result"], answer.status_code
        assert told == ("rejected; reason=storage", 503), asked
        assert answer.headers["Retry-After"] == "5"
