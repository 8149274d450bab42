"""
Words for the tests of the doors for pages that carry another tracker.
"""

import json
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from werkzeug.test import TestResponse

from service.door_settings import Door
from tests.conftest import CHROME
from tests.outcomes import Watched, watched

#: What the sites are called by Umami and Matomo.
UMAMI, OTHER_UMAMI = "b59e9c65-ae32-47f1-8400-119fcf4861c4", "11111111-2222-3333-4444-555555555555"
MATOMO, OTHER_MATOMO = 7, 8

EVERY = [str(door) for door in Door]

#: The requests of the tests come from a page of this site.
ORIGIN = "https://s1.example"

GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"

IGNORED = "198.51.100.9"


def opened(folder: Path, front: str, **changes: Any) -> AbstractContextManager[Watched]:
    """
    A Luot with every door open for two sites; a third is private, a fourth has no door.
    """
    site = {"doors": EVERY, "umami_id": UMAMI, "matomo_id": MATOMO, "exclude": [IGNORED]}
    other = {
        "name": "Site two",
        "hosts": ["s2.example"],
        "doors": EVERY,
        "matomo_id": OTHER_MATOMO,
        "goatcounter_hosts": ["two.stats.example"],
        "plausible_domains": ["s2.example/all"],
        "umami_id": OTHER_UMAMI,
    }
    sites = {
        "s2": other,
        "s3": {"name": "Three", "hosts": ["s3.example"], "doors": EVERY, "public": False},
        "s4": {"name": "Four", "hosts": ["s4.example"]},
    }
    return watched(folder, front, site=site, sites=sites, **changes)


def ask(
    seen: Watched,
    method: str,
    target: str,
    body: Any = None,
    *,
    counted: Any = 0,
    **headers: str | None,
) -> TestResponse:
    """
    The answer of a door, when so many views of the first site were counted by it.

    :param body: bytes, text, or what is sent as JSON
    :param counted: a number; of any type, because headers are given by name, too
    :param headers: underscores are hyphens; ``None`` leaves one out
    """
    told: dict[str, str | None] = {
        "User-Agent": CHROME,
        "Origin": ORIGIN,
        "X-Forwarded-For": "203.0.113.7",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    views, keys = seen.views(), seen.keys()
    seen.lines.records.clear()
    answer = seen.luot.http.open(
        target,
        method=method,
        data=body if isinstance(body, bytes | str | None) else json.dumps(body),
        headers={name: value for name, value in told.items() if value is not None},
    )
    assert [record.name for record in seen.lines.records] == ["luot.access"]
    assert (answer.status_code < 500) or answer.status_code == 503, answer.data
    assert seen.views() - views == counted, answer.headers.get("Luot-Result")
    if answer.status_code >= 400 and "counted" not in answer.headers.get("Luot-Result", ""):
        # Some keys end by themselves; none may have come.
        made = seen.keys() - keys
        assert made == set()
    return answer


def said(answer: TestResponse) -> str | None:
    """
    What became of a request.
    """
    return answer.headers.get("Luot-Result")


def number(seen: Watched, path: str) -> int:
    """
    The views of a page.
    """
    return int(seen.luot.counters(path)["pages"][path]["views"])


def broken_down(seen: Watched, dimension: str) -> dict[str, int]:
    """
    The first site's views of today by a dimension.
    """
    seen.luot.snapshot()
    rows = seen.luot.report(f"breakdown/{dimension}", period="today")["values"]
    return {row["value"]: row["views"] for row in rows}
