"""
Corrections in the terminal and by the API.
"""

import json
from typing import Any

import pytest

from service.archive.tokens import Scope, create_token
from tests.commands.conftest import Terminal, a_line
from tests.conftest import Luot
from tests.servers import Valkey


@pytest.fixture
def counted(terminal: Terminal) -> Terminal:
    lines = [
        a_line(f"203.0.113.{n}", f"21/Nov/2026:10:0{n}:00 +0000", f"/{n % 2}") for n in (1, 2, 3)
    ]
    log = terminal.file("access.log", "".join(lines))
    assert terminal.run("import", "log", "--site", "s1", log).exit_code == 0
    return terminal


def test_a_wave_is_removed_listed_shown_and_brought_back(counted: Terminal, valkey: Valkey) -> None:
    days = ("--from", "2026-11-21", "--to", "2026-11-21")
    removed = counted.run("remove", "--site", "s1", "--path", "/1", *days, "--why", "a wave")
    live = valkey.client.hget("luot:{s1}:state", "views")
    listed = counted.run("correction", "list", "--site", "s1")
    shown = json.loads(counted.run("correction", "show", 1, "--site", "s1", "--json").output)
    undone = counted.run("correction", "undo", 1, "--site", "s1", "--why", "a mistake")
    again = counted.run("correction", "undo", 1, "--site", "s1", "--why", "a mistake")

    assert "s1: -2 views, -2 visits, -2 visitors, +0 events; correction 1\n" == removed.output
    assert "1" == live
    assert "remove by luot" in listed.output
    assert {"from": "2026-11-21", "to": "2026-11-21", "path": "/1"} == shown["asked"]
    assert "s1: correction 1 is undone\n" == undone.output
    assert "3" == valkey.client.hget("luot:{s1}:state", "views")
    assert (1, True) == (again.exit_code, "is undone already" in again.output)


def test_a_baseline_is_a_correction_that_can_be_undone(counted: Terminal, valkey: Valkey) -> None:
    counted.run("baseline", "set", "--site", "s1", "--views", 100, "--visits", 50)
    counted.run("baseline", "set", "--site", "s1", "--views", 700, "--visits", 60)
    counted.run("correction", "undo", 2, "--site", "s1", "--why", "a slip")

    state = valkey.client.hmget("luot:{s1}:state", ["baseline_views", "baseline_visits"])
    assert ["100", "50"] == state


def test_several_pages_become_one(counted: Terminal, valkey: Valkey) -> None:
    done = counted.run("page", "merge", "/0", "/1", "--into", "/2", "--site", "s1", "--why", "new")

    assert 0 == done.exit_code
    assert str(valkey.client.hget("luot:{s1}:pages", "/2")).startswith("3 3 3 ")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--path", "/nowhere"), "/nowhere has no numbers"),
        (("--dimension", "moon", "--value", "x"), "there is no such dimension"),
        (("--dimension", "browser"), "a dimension needs a value"),
        ((), "name a page, or a dimension"),
    ],
)
def test_what_cannot_be_removed_is_told(
    counted: Terminal, words: tuple[str, ...], why: str
) -> None:
    days = ("--from", "2026-11-21", "--to", "2026-11-21")
    done = counted.run("remove", "--site", "s1", *words, *days, "--why", "a wave")

    assert (1, True) == (done.exit_code, why in done.output)


class Programs:
    """
    A program with an administrator's token.
    """

    def __init__(self, luot: Luot) -> None:
        self.luot = luot

    def ask(self, verb: str, path: str = "", body: Any = None, token: str = "") -> Any:
        return self.luot.http.open(
            f"/api/v1/sites/s1/corrections{path}",
            method=verb,
            json=body,
            headers={"Authorization": f"Bearer {token or self.luot.token}"},
        )


@pytest.fixture
def programs(luot: Luot) -> Programs:
    luot.hit("/a")
    return Programs(luot)


def test_programs_make_list_and_undo_corrections(programs: Programs) -> None:
    made = programs.ask("POST", body={"kind": "merge", "from": "/a", "to": "/b", "why": "moved"})
    number = made.get_json()["id"]
    listed = programs.ask("GET").get_json()["corrections"]
    undone = programs.ask("DELETE", f"/{number}")
    again = programs.ask("DELETE", f"/{number}")

    assert (201, "merge", {"from": "/a", "to": "/b"}) == (
        made.status_code,
        made.get_json()["kind"],
        made.get_json()["asked"],
    )
    assert [number] == [row["id"] for row in listed]
    assert (200, "2026-11-22T12:00:00Z") == (undone.status_code, undone.get_json()["undone_at"])
    assert (409, "application/problem+json") == (again.status_code, again.mimetype)
    assert "is undone already" in again.get_json()["detail"]
    assert 1 == programs.luot.counters("/a")["pages"]["/a"]["views"]


def test_programs_set_a_baseline_and_remove_a_wave(programs: Programs) -> None:
    past = {"kind": "baseline", "views": 9, "visits": 4, "why": "older counter"}
    wave = {"kind": "remove", "path": "/a", "from": "2026-11-22", "to": "2026-11-22", "why": "x"}
    answers = [programs.ask("POST", body=body).status_code for body in (past, wave)]

    assert [201, 201] == answers
    assert 9 == programs.luot.counters()["views"]["total"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"kind": "moon", "why": "x"}, 400),
        ({"kind": "merge", "from": "/a", "to": "/b"}, 400),
        ({"kind": "merge", "from": "/a", "to": "/a", "why": "x"}, 409),
        ({"kind": "remove", "path": "/a", "from": "x", "to": "2026-11-22", "why": "x"}, 400),
        ({"kind": "baseline", "views": -1, "visits": 4, "why": "x"}, 400),
        ([], 400),
    ],
)
def test_what_is_no_correction_is_refused(programs: Programs, body: Any, status: int) -> None:
    answer = programs.ask("POST", body=body)

    assert (status, "application/problem+json") == (answer.status_code, answer.mimetype)
    assert 1 == programs.luot.counters("/a")["pages"]["/a"]["views"]


@pytest.mark.parametrize(("scope", "status"), [(Scope.READ, 403), (Scope.WRITE, 403), (None, 401)])
@pytest.mark.parametrize(
    ("verb", "path"), [("GET", ""), ("POST", ""), ("GET", "/1"), ("DELETE", "/1")]
)
def test_only_administrators_correct(
    programs: Programs, scope: Scope | None, status: int, verb: str, path: str
) -> None:
    luot = programs.luot
    database, now = luot.runtime.database, luot.clock.now_ms()
    token = create_token(database, "s1", scope, now) if scope else "luot_none"

    assert status == programs.ask(verb, path, token=token).status_code


def test_a_number_that_is_none_is_not_found(programs: Programs) -> None:
    assert [404, 404] == [programs.ask(verb, "/77").status_code for verb in ("GET", "DELETE")]
