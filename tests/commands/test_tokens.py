import hashlib
import re

import pytest

from tests.commands.conftest import Terminal


def test_a_token_is_the_last_word_and_sql_holds_only_its_hash(terminal: Terminal) -> None:
    told = terminal.run("token", "create", "--site", "s1", "--scope", "read")
    token = told.stdout.split()[-1]

    assert told.exit_code == 0
    assert token.startswith("luot_")
    assert len(token) >= 27
    assert terminal.sql("SELECT hash, site, scope FROM token") == [
        (hashlib.sha256(token.encode()).hexdigest(), "s1", "read")
    ]
    files = [file for file in terminal.data.rglob("*") if file.is_file()]
    assert [file for file in files if token.encode() in file.read_bytes()] == []


def test_every_token_is_another(terminal: Terminal) -> None:
    words = ["token", "create", "--site", "*", "--scope", "admin"]

    assert terminal.run(*words).stdout != terminal.run(*words).stdout
    assert terminal.sql("SELECT count(*) FROM token WHERE site = '*'") == [(2,)]


def test_a_name_is_held_by_one_token(terminal: Terminal) -> None:
    words = ["token", "create", "--site", "s1", "--scope", "write", "--name", "cms"]
    terminal.run(*words)
    newest = terminal.run(*words).stdout.split()[-1]

    hashed = hashlib.sha256(newest.encode()).hexdigest()
    assert terminal.sql("SELECT hash, name FROM token") == [(hashed, "cms")]


def test_the_first_token_needs_no_database(terminal: Terminal) -> None:
    told = terminal.run(
        "token", "create", "--site", "s1", "--scope", "read", "--data", terminal.folder / "new"
    )

    assert told.exit_code == 0


@pytest.mark.parametrize(
    "words",
    [
        ["--site", "s2", "--scope", "read"],
        ["--site", "../x", "--scope", "read"],
        ["--site", "s1", "--scope", "all"],
        ["--site", "s1"],
        ["--scope", "read"],
    ],
)
def test_a_token_is_for_a_known_site_and_scope(terminal: Terminal, words: list[str]) -> None:
    told = terminal.run("token", "create", *words)

    assert (told.exit_code, told.stdout) == (2, "")
    assert terminal.sql("SELECT * FROM token") == []


def test_tokens_are_listed_without_what_lets_in(terminal: Terminal) -> None:
    first = terminal.run("token", "create", "--site", "s1", "--scope", "read", "--expires", "12h")
    terminal.run("token", "create", "--site", "*", "--scope", "admin", "--name", "me")
    listed = terminal.run("token", "list").stdout
    terminal.clock.forward(12 * 3600 + 60)

    # The clock of a command goes on while the command runs.
    assert re.sub(r":[0-9]{2}Z", ":..Z", listed).splitlines() == [
        "   1  s1                read   2026-11-22T12:00:..Z  ends 2026-11-23T00:00:..Z",
        "   2  *                 admin  2026-11-22T12:00:..Z  never ends                  me",
    ]
    assert first.stdout.strip() not in listed
    assert "ended 2026-11-23T00:00:" in terminal.run("token", "list").stdout


def test_a_token_is_revoked_by_its_number_once(terminal: Terminal) -> None:
    terminal.run("token", "create", "--site", "s1", "--scope", "read")

    assert terminal.run("token", "revoke", 1).exit_code == 0
    assert terminal.sql("SELECT * FROM token") == []
    again = terminal.run("token", "revoke", 1)
    assert (again.exit_code, again.stdout) == (1, "")


@pytest.mark.parametrize("text", ["0d", "-1d", "1y", "90", "99999d", "９d", "1d ", "d"])
def test_an_end_is_days_or_hours_from_now(terminal: Terminal, text: str) -> None:
    told = terminal.run("token", "create", "--site", "s1", "--scope", "read", f"--expires={text}")

    assert (told.exit_code, told.stdout) == (2, "")
    assert terminal.sql("SELECT * FROM token") == []
