"""
What every test is given: real servers, a clock that stands still, and the doors.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from werkzeug.test import Client, TestResponse

from service.archive.snapshots import snapshot
from service.runtime import Runtime
from service.settings import Settings
from service.web.app import create_app
from tests import servers
from tests.databases import KIND, databases, make_tables
from tests.fronts import Fronts

#: A browser as most readers have it.
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Safari/537.36"
)

#: A Sunday, at noon in UTC.
NOON = "2026-11-22T12:00:00Z"


@dataclass
class SetClock:
    """
    A clock that stands still until it is set.
    """

    ms: int = 0

    def now_ms(self) -> int:
        return self.ms

    def set(self, text: str) -> None:
        self.ms = round(datetime.fromisoformat(text).timestamp() * 1000)

    def forward(self, seconds: float) -> None:
        self.ms += round(seconds * 1000)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """
    Whatever has a browser is marked so: it keeps an event loop that others would trip over.
    """
    for item in items:
        if "playwright" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """
    A module that names ``FRONTS`` runs its tests on each of them.
    """
    fronts = getattr(metafunc.module, "FRONTS", None)
    if fronts and "front" in metafunc.fixturenames:
        metafunc.parametrize("front", fronts, indirect=True, scope="module")


@pytest.fixture(scope="module")
def front(request: pytest.FixtureRequest) -> str:
    """
    The front that a test's requests come in by.
    """
    return str(getattr(request, "param", "wsgi"))


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[servers.Valkey]:
    with servers.valkey() as server:
        yield server


@pytest.fixture
def valkey(valkey_server: servers.Valkey) -> servers.Valkey:
    valkey_server.client.flushall()
    return valkey_server


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    with servers.postgresql() as url:
        yield url


@pytest.fixture(scope="session", autouse=KIND == "postgresql")
def _services_have_postgresql(postgresql_url: str) -> Iterator[None]:
    databases.server = postgresql_url
    yield
    databases.server = ""


@pytest.fixture(autouse=KIND == "postgresql")
def _databases_go_with_their_test(tmp_path: Path) -> Iterator[None]:
    yield
    databases.drop_below(tmp_path)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """
    An empty database: a new SQLite file, or a database of its own in a real PostgreSQL.
    """
    if request.param == "sqlite":
        yield ""
        return
    server = request.getfixturevalue("postgresql_url")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS luot_test WITH (FORCE)")
        connection.execute("CREATE DATABASE luot_test")
    yield server.replace("/postgres?", "/luot_test?")


@pytest.fixture
def clock() -> SetClock:
    clock = SetClock()
    clock.set(NOON)
    return clock


@dataclass
class Luot:
    """
    A running Luot with one client per door, and short words for what tests do.
    """

    runtime: Runtime
    clock: SetClock
    http: Client
    site: str = "s1"
    token: str = ""
    serial: int = field(default=0)

    def hit(
        self,
        path: str | None = "/a",
        *,
        agent: str = CHROME,
        address: str = "203.0.113.7",
        headers: dict[str, str] | None = None,
        query: str = "",
        **body: Any,
    ) -> TestResponse:
        told = {"site": self.site, "path": path, **body}
        return self.http.post(
            f"/hit{query}",
            data=json.dumps(told),
            content_type="text/plain",
            headers={
                "Origin": "https://s1.example",
                "User-Agent": agent,
                "X-Forwarded-For": address,
                **(headers or {}),
            },
        )

    def counters(self, *paths: str) -> dict[str, Any]:
        query = [("site", self.site), *(("path", path) for path in paths)]
        answer = self.http.get("/counters", query_string=query)
        assert answer.status_code == 200, answer.data
        body: dict[str, Any] = answer.get_json()
        return body

    def snapshot(self) -> int:
        done = snapshot(self.runtime.store, self.runtime.database, self.site, self.clock)
        return done.rows

    def report(self, question: str, **asked: str) -> dict[str, Any]:
        answer = self.http.get(
            f"/api/v1/sites/{self.site}/{question}",
            query_string=asked,
            headers={"Authorization": f"Bearer {self.token}"},
        )
        assert answer.status_code == 200, answer.data
        body: dict[str, Any] = answer.get_json()
        return body

    def totals(self, day: str, to: str = "") -> tuple[int, int, int]:
        """
        Views, visits and visitors of days, from SQL after a snapshot.
        """
        self.snapshot()
        found = self.report("totals", **{"from": day, "to": to or day})
        return found["views"], found["visits"], found["visitors"]


def settings_for(folder: Path, redis_url: str, **changes: Any) -> Settings:
    """
    Settings of one site, s1, in UTC, behind one trusted proxy.
    """
    site = {
        "name": "Site one",
        "hosts": ["s1.example"],
        "timezone": "UTC",
        **changes.pop("site", {}),
    }
    sites = {"s1": site, **changes.pop("sites", {})}
    changes.setdefault("database_url", databases.url(Path(changes.get("data_dir", folder))))
    told = {
        "redis_url": redis_url,
        "data_dir": folder,
        "trusted_proxies": 1,
        "access_log": False,
        # A busy machine is no Redis that is away; who wants a short wait says so.
        "redis_wait_ms": 10_000,
    }
    return Settings(**{**told, "sites": sites, **changes})


class MakeLuot:
    """
    Starts a Luot with settings of a test's choice.
    """

    def __init__(self, folder: Path, redis_url: str, clock: SetClock, front: str = "wsgi") -> None:
        self._folder, self._redis_url, self._clock = folder, redis_url, clock
        self._runtimes: list[Runtime] = []
        self._front, self._fronts = front, Fronts()

    def __call__(self, **changes: Any) -> Luot:
        told = settings_for(self._folder, self._redis_url, **changes)
        runtime = Runtime(told, self._clock)
        self._runtimes.append(runtime)
        make_tables(runtime.database, told.data_dir)
        client = self._fronts.client(create_app(runtime), self._front)
        return Luot(runtime, self._clock, client, token=self._token(runtime))

    def _token(self, runtime: Runtime) -> str:
        from service.archive.tokens import Scope, create_token  # noqa: PLC0415

        return create_token(runtime.database, "*", Scope.ADMIN, self._clock.now_ms())

    def close(self) -> None:
        # The recorder of a runtime works in the loop of its front.
        for runtime in self._runtimes:
            runtime.close()
        self._fronts.close()


@pytest.fixture
def make_luot(
    tmp_path: Path, valkey: servers.Valkey, clock: SetClock, front: str
) -> Iterator[MakeLuot]:
    make = MakeLuot(tmp_path, valkey.url, clock, front)
    yield make
    make.close()


@pytest.fixture
def luot(make_luot: MakeLuot) -> Luot:
    return make_luot()
