"""
Who may do what: every route of the application, asked with every verb and every kind of token.

A route that is not in ``ROUTES`` fails the first test: whoever adds one says here who may ask it.
"""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from service.archive.tokens import Scope, create_token
from service.web.app import create_app
from service.web.report_table import REPORTS
from tests import servers
from tests.conftest import NOON, Luot, MakeLuot, SetClock

VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


class Bearer(StrEnum):
    """
    What is shown in ``Authorization``.
    """

    NONE = "none"
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    READ = "read of s1"
    WRITE = "write of s1"
    ADMIN = "admin of s1"
    OTHER_READ = "read of s2"
    OTHER_WRITE = "write of s2"
    OTHER_ADMIN = "admin of s2"
    READ_ALL = "read of all"


def table(**statuses: int) -> dict[Bearer, int]:
    return {Bearer[name.upper()]: status for name, status in statuses.items()}


def everybody(status: int) -> dict[Bearer, int]:
    return dict.fromkeys(Bearer, status)


NOBODY = table(none=401, unknown=401, expired=401)

#: Reports of s1.
READERS = NOBODY | table(read=200, write=403, admin=200, read_all=200)
READERS |= table(other_read=404, other_write=403, other_admin=404)

#: A batch with one hit of s1.
WRITERS = NOBODY | table(read=403, write=200, admin=200, read_all=403)
WRITERS |= table(other_read=403, other_write=207, other_admin=207)

#: What belongs to all sites, asked from a public address.
ALL_SITES = NOBODY | table(read=404, write=403, admin=404, read_all=200)
ALL_SITES |= table(other_read=404, other_write=403, other_admin=404)


@dataclass(frozen=True)
class Route:
    """
    One route: for each verb that it has, the status that each bearer is answered.
    """

    verbs: dict[str, dict[Bearer, int]]
    #: Values of the variable parts of its address, and of the question.
    parts: dict[str, str] = field(default_factory=dict)
    query: str = ""
    #: What else a request is given, such as a body.
    told: dict[str, Any] = field(default_factory=dict)


def reading(statuses: dict[Bearer, int], **other: Any) -> Route:
    return Route({"GET": statuses, "HEAD": statuses}, **other)


#: What a report is asked for that it cannot be without.
QUERIES = {"curve": "?path=/a", "breakdown/{dimension}/pages": "?value=x"}

ROUTES: dict[str, Route] = {
    "/hit": Route(
        {"POST": everybody(204)},
        told={
            "data": b'{"site":"s1","path":"/a"}',
            "content_type": "text/plain",
            "headers": {"Origin": "https://s1.example"},
        },
    ),
    "/hit.gif": Route({"GET": everybody(200)}, query="?site=s1&path=/a"),
    "/counters": Route({"GET": everybody(200)}, query="?site=s1"),
    "/live": Route({"GET": everybody(200)}, query="?site=s1"),
    "/healthz": reading(everybody(200)),
    "/readyz": reading(everybody(200)),
    "/openapi.json": reading(everybody(200)),
    "/metrics": reading(ALL_SITES, told={"headers": {"X-Forwarded-For": "203.0.113.9"}}),
    "/api/v1/sites/<site>/export": reading(READERS, parts={"site": "s1"}),
    "/api/v1/hits": Route(
        {"POST": WRITERS},
        told={"data": b'[{"site":"s1","path":"/a"}]', "content_type": "application/json"},
    ),
    **{
        f"/api/v1/sites/<site>/{report.path}".replace("{", "<").replace("}", ">"): reading(
            READERS,
            parts={"site": "s1", "dimension": "source"},
            query=QUERIES.get(report.path, ""),
        )
        for report in REPORTS
    },
}


@pytest.fixture(scope="module")
def luot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Luot]:
    clock = SetClock()
    clock.set(NOON)
    with servers.valkey() as valkey:
        make = MakeLuot(Path(tmp_path_factory.mktemp("luot")), valkey.url, clock)
        other = {"name": "Site two", "hosts": ["s2.example"]}
        luot = make(sites={"s2": other}, public_hosts=[])
        luot.counters()
        yield luot
        make.close()


@pytest.fixture(scope="module")
def bearers(luot: Luot) -> dict[Bearer, str]:
    database, now = luot.runtime.database, luot.clock.now_ms()

    def token(site: str, scope: Scope) -> str:
        return create_token(database, site, scope, now)

    found = {
        Bearer.NONE: "",
        Bearer.UNKNOWN: "luot_" + "x" * 32,
        Bearer.READ: token("s1", Scope.READ),
        Bearer.WRITE: token("s1", Scope.WRITE),
        Bearer.ADMIN: token("s1", Scope.ADMIN),
        Bearer.OTHER_READ: token("s2", Scope.READ),
        Bearer.OTHER_WRITE: token("s2", Scope.WRITE),
        Bearer.OTHER_ADMIN: token("s2", Scope.ADMIN),
        Bearer.READ_ALL: token("*", Scope.READ),
    }
    ends = next((p for p in inspect.signature(create_token).parameters if "expire" in p), None)
    if ends:
        old: dict[str, Any] = {ends: now - 1}
        found[Bearer.EXPIRED] = create_token(database, "*", Scope.ADMIN, now - 10_000, **old)
    return found


def ask(luot: Luot, verb: str, rule: str, route: Route, token: str) -> TestResponse:
    path = rule
    for name, value in route.parts.items():
        path = path.replace(f"<{name}>", value)
    told = dict(route.told)
    headers = {"User-Agent": "Mozilla/5.0 (X11) Chrome/142", **told.pop("headers", {})}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    return luot.http.open(f"{path}{route.query}", method=verb, headers=headers, **told)


def test_every_route_is_in_the_table(luot: Luot) -> None:
    there = {rule.rule for rule in create_app(luot.runtime).url_map.iter_rules()}

    assert sorted(there) == sorted(ROUTES)


@pytest.mark.parametrize("rule", ROUTES)
def test_each_verb_says_to_each_bearer_what_the_table_says(
    luot: Luot, bearers: dict[Bearer, str], rule: str
) -> None:
    route = ROUTES[rule]
    expected, found = {}, {}
    for verb in VERBS:
        for bearer, token in bearers.items():
            statuses = route.verbs.get(verb)
            if statuses is None and verb == "HEAD":
                continue
            expected[verb, bearer] = statuses[bearer] if statuses else 405
            found[verb, bearer] = ask(luot, verb, rule, route, token).status_code

    assert expected == found


@pytest.mark.parametrize("rule", [rule for rule in ROUTES if "<site>" in rule])
def test_a_token_is_not_looked_for_in_the_address(
    luot: Luot, bearers: dict[Bearer, str], rule: str
) -> None:
    route = ROUTES[rule]
    mark = "&" if route.query else "?"
    for name in ("token", "access_token", "api_key"):
        query = f"{route.query}{mark}{name}={bearers[Bearer.READ]}"
        answer = ask(luot, "GET", rule, Route(route.verbs, route.parts, query, route.told), "")
        assert answer.status_code == 401
