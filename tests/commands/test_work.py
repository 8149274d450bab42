import pytest

from service.jobs.table import jobs
from tests.commands.conftest import Terminal
from tests.conftest import MakeLuot

NAMES = [row.name for row in jobs(60)]


def test_the_list_has_a_line_for_each_job(terminal: Terminal) -> None:
    terminal.write("snapshot_seconds = 7")
    told = terminal.run("job", "list")

    lines = told.stdout.splitlines()
    assert told.exit_code == 0
    assert [line.partition(":")[0] for line in lines] == NAMES
    assert lines[0].startswith("snapshot: every 7 s, adds what was counted to SQL; if missed, ")


@pytest.mark.parametrize("name", NAMES)
def test_each_job_runs_by_hand(terminal: Terminal, name: str) -> None:
    terminal.run("job", "run", "confirm")
    told = terminal.run("job", "run", name)

    assert (told.exit_code, told.stdout) == (0, f"{name}: done\n")


@pytest.mark.parametrize("name", ["nope", "", "../snapshot", "\N{SNOWMAN}"])
def test_an_unknown_job_ends_with_2(terminal: Terminal, name: str) -> None:
    told = terminal.run("job", "run", name)

    assert (told.exit_code, told.stdout) == (2, "")
    assert told.stderr == f"luot: {name}: there is no such job; luot job list tells them\n"


def test_a_snapshot_by_hand_brings_hits_to_sql(terminal: Terminal, make_luot: MakeLuot) -> None:
    luot = make_luot(data_dir=terminal.data)
    luot.hit()

    assert terminal.sql("SELECT views FROM page") == []
    assert terminal.run("snapshot").stdout == "snapshot: done\n"
    assert terminal.sql("SELECT views FROM page WHERE path = ''") == [(1,)]
    assert terminal.run("snapshot").exit_code == 0
    assert terminal.sql("SELECT views FROM page WHERE path = ''") == [(1,)]


def test_a_job_that_fails_says_for_which_site(terminal: Terminal) -> None:
    told = terminal.run("snapshot", LUOT_REDIS_URL="redis://127.0.0.1:1")

    assert (told.exit_code, told.stdout) == (1, "")
    assert told.stderr.splitlines()[-1] == "luot: snapshot failed for s1: Redis: ConnectionError"
