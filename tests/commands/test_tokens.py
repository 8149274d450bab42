import hashlib

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
