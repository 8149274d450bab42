"""
Who may do what: every route of the application, asked with every verb and every kind of token.

A route that is not in ``ROUTES`` fails the first test: whoever adds one says here who may ask it.
"""

import inspect
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from service.archive.tokens import Scope, create_token
from service.web.app import create_app
from tests import servers
from tests.conftest import NOON, Luot, MakeLuot, SetClock
from tests.doors import EVERY, MATOMO, UMAMI
from tests.web.routes import ROUTES, Bearer, Route

VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


@pytest.fixture(scope="module")
def luot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Luot]:
    clock = SetClock()
    clock.set(NOON)
    with servers.valkey() as valkey:
        make = MakeLuot(Path(tmp_path_factory.mktemp("luot")), valkey.url, clock)
        other = {"name": "Site two", "hosts": ["s2.example"]}
        site = {"doors": EVERY, "umami_id": UMAMI, "matomo_id": MATOMO}
        luot = make(site=site, sites={"s2": other}, public_hosts=[])
        luot.counters()
        # There has to be a page and a value to show.
        assert luot.hit().status_code == 204
        luot.snapshot()
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
    told = {**route.told, **route.by_verb.get(verb, {})}
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


@pytest.mark.parametrize("rule", [rule for rule in ROUTES if rule.startswith("/api/v1/sites/")])
def test_a_token_is_not_looked_for_in_the_address(
    luot: Luot, bearers: dict[Bearer, str], rule: str
) -> None:
    route = ROUTES[rule]
    mark = "&" if route.query else "?"
    for name in ("token", "access_token", "api_key"):
        query = f"{route.query}{mark}{name}={bearers[Bearer.READ]}"
        answer = ask(luot, "GET", rule, replace(route, query=query), "")
        assert answer.status_code == 401


@pytest.mark.parametrize("rule", [rule for rule in ROUTES if rule.startswith("/api/v1/sites/")])
def test_nothing_that_is_asked_names_another_site(
    luot: Luot, bearers: dict[Bearer, str], rule: str
) -> None:
    route, token = ROUTES[rule], bearers[Bearer.OTHER_ADMIN]
    name = next(part for part in route.parts if route.parts[part] == "s1")
    for written in ("s2/../s1", "s2%2F..%2Fs1", "s2,s1", "*", "s2%00", "S1", "s2;s1", "%73%31"):
        other = replace(route, parts={**route.parts, name: written})
        answer = ask(luot, "GET", rule, other, token)
        assert answer.status_code in {400, 404}, written
        assert b"s1.example" not in answer.data
    own = replace(route, parts={**route.parts, name: "s2"})
    mark = "&" if route.query else "?"
    told = ask(luot, "GET", rule, own, token)
    for wider in ("site=s1", "sites=s1,s2", "site_id=1", "name=s1", "site[]=s1"):
        answer = ask(luot, "GET", rule, replace(own, query=f"{route.query}{mark}{wider}"), token)
        assert answer.status_code == 400 or answer.data == told.data, wider
