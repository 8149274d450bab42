import hashlib

import pytest

from tests.commands.conftest import Terminal


def test_a_link_is_the_last_word_and_sql_holds_only_its_hash(terminal: Terminal) -> None:
    told = terminal.run("share", "create", "--site", "s1", "--name", "the mayor")
    secret = told.stdout.split()[-1].removeprefix("/share/")

    assert told.exit_code == 0
    assert len(secret) == 32
    assert terminal.sql("SELECT hash, site, name FROM share_link") == [
        (hashlib.sha256(secret.encode()).hexdigest(), "s1", "the mayor")
    ]


def test_links_are_listed_without_their_secrets_and_revoked_by_number(terminal: Terminal) -> None:
    secret = terminal.run("share", "create", "--site", "s1").stdout.split()[-1].split("/")[-1]
    assert terminal.run("share", "create", "--site", "s1", "--public").stdout == "/sites/s1\n"
    listed = terminal.run("share", "list", "--site", "s1").stdout

    assert [line.split()[:3] for line in listed.splitlines()] == [
        ["1", "s1", "secret"],
        ["2", "s1", "public"],
    ]
    assert secret not in listed
    assert terminal.run("share", "revoke", "--site", "s1", 1).exit_code == 0
    assert terminal.run("share", "revoke", "--site", "s1", 1).exit_code == 1
    assert terminal.sql("SELECT id FROM share_link") == [(2,)]


@pytest.mark.parametrize("site", ["s2", "../x", "*"])
def test_a_link_is_of_a_known_site(terminal: Terminal, site: str) -> None:
    assert terminal.run("share", "create", "--site", site).exit_code == 2
    assert terminal.sql("SELECT id FROM share_link") == []
