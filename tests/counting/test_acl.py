"""
The user that Luot is in Redis: a whole journey works, and nothing is allowed that it does not need.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.jobs.scheduler import lead
from service.jobs.table import jobs
from tests import servers
from tests.agreement import assert_agreement
from tests.conftest import Luot, MakeLuot, SetClock
from tests.servers import until

FILE = Path(__file__).parents[2] / "config" / "redis.acl"

PASSWORD = "a-word"

#: Commands that a connection begins with, which the server does not count as the user's.
CONNECTING = frozenset({"hello", "select", "client|setinfo", "client|setname"})


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[servers.Valkey]:
    """
    A Valkey that knows Luot's user, and an administrator for the test.
    """
    rules = FILE.read_text(encoding="utf-8").replace("user default off\n", "")
    rules = rules.replace("user luot off", f"user luot on >{PASSWORD}")
    lines = [line for line in rules.splitlines() if line and not line.startswith("#")]
    acl = tmp_path / "users.acl"
    acl.write_text("\n".join([*lines, "user default on nopass ~* &* +@all"]) + "\n", "utf-8")
    with servers.valkey("--aclfile", str(acl)) as server:
        yield server


@pytest.fixture
def luot(guarded: servers.Valkey, tmp_path: Path, clock: SetClock) -> Iterator[Luot]:
    url = f"unix://luot:{PASSWORD}@{guarded.socket}"
    make = MakeLuot(tmp_path, url, clock)
    yield make()
    make.close()


def allowed() -> set[str]:
    rule = re.search(r"^user luot .*$", FILE.read_text(encoding="utf-8"), re.MULTILINE)
    assert rule
    return set(re.findall(r"\+([a-z|_]+)", rule[0]))


def used(server: servers.Valkey) -> set[str]:
    """
    Commands that anybody has used since they were last forgotten.
    """
    found = server.client.info("commandstats")
    return {name.removeprefix("cmdstat_") for name, row in found.items() if row["calls"]}


def refused(server: servers.Valkey) -> list[str]:
    """
    What somebody was not allowed.
    """
    return [str(row["object"]) for row in server.client.acl_log()]


def test_nobody_comes_in_before_there_is_a_password() -> None:
    text = FILE.read_text(encoding="utf-8")

    assert "user default off\n" in text
    assert "user luot off resetchannels ~luot:* -@all " in text


def test_a_whole_journey_works_and_uses_all_that_is_allowed(
    luot: Luot, guarded: servers.Valkey
) -> None:
    guarded.client.config_resetstat()
    luot.runtime.store.check_fitness()
    for number in range(10):
        luot.hit(f"/{number % 3}", id=f"{number:016d}", address=f"203.0.113.{number % 4}")
    assert [] == refused(guarded)
    luot.http.get("/metrics", headers={"Authorization": f"Bearer {luot.token}"})
    for job in jobs(60):
        lead(job, luot.runtime)
    luot.hit("/4", id="x" * 16)
    # What has lost its functions, too, is given back all of it.
    guarded.client.flushall()
    guarded.client.function_flush()
    luot.hit("/4", id="x" * 16)
    until(lambda: luot.runtime.store.status("s1").is_open)
    assert [] == refused(guarded)
    until(lambda: luot.counters("/4")["views"]["total"] == 11)
    # Over a midnight, after which a reader has a new name.
    luot.clock.set("2026-11-25T23:59:00Z")
    luot.hit("/5")
    luot.clock.forward(120)
    luot.hit("/5")
    for job in jobs(60):
        lead(job, luot.runtime)
    luot.runtime.store.commands.ping()
    assert_agreement(luot)
    # Who is there, more pages than have a score, and scores of last month.
    luot.report("realtime")
    many = [f"/many/{n}" for n in range(990)]
    for paths in (many[:490], many[490:], [f"/often/{n % 10}" for n in range(80)]):
        pages = [{"site": "s1", "path": path} for path in paths]
        told = {"Authorization": f"Bearer {luot.token}"}
        assert luot.http.post("/api/v1/hits", json=pages, headers=told).status_code == 200
    luot.clock.forward(30 * 86_400)
    luot.hit("/5")
    assert luot.http.get("/trending?site=s1").get_json()["pages"]
    assert [] == refused(guarded)

    assert set() == allowed() - used(guarded) - CONNECTING


@pytest.mark.parametrize(
    "command",
    [
        *(
            ["CONFIG", "GET", "*"],
            ["FLUSHALL"],
            ["KEYS", "*"],
            ["SHUTDOWN"],
            ["DEBUG", "SLEEP", "0"],
        ),
        *(
            ["FUNCTION", "DELETE", "luot_v1"],
            ["ACL", "LIST"],
            ["MONITOR"],
            ["REPLICAOF", "NO", "ONE"],
        ),
        *(["GET", "another:key"], ["SCRIPT", "FLUSH"], ["MODULE", "LIST"], ["CLIENT", "LIST"]),
    ],
    ids=" ".join,
)
def test_nothing_else_is_allowed(guarded: servers.Valkey, command: list[str]) -> None:
    denied = guarded.client.execute_command("ACL", "DRYRUN", "luot", *command)  # type: ignore[no-untyped-call]

    assert str(denied) != "OK"
