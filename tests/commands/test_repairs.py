"""
``luot reconcile`` and ``luot rebuild``, as an operator runs them.
"""

import pytest

from tests.commands.conftest import Terminal, a_line
from tests.servers import Valkey


@pytest.fixture
def counted(terminal: Terminal) -> Terminal:
    """
    Two pages of one day, in Redis and in SQL.
    """
    log = terminal.file(
        "access.log",
        "".join(a_line(f"203.0.113.{n}", "21/Nov/2026:10:00:00 +0000", f"/{n}") for n in (1, 2)),
    )
    assert terminal.run("import", "log", "--site", "s1", log).exit_code == 0
    return terminal


def epoch(valkey: Valkey) -> str | None:
    return valkey.client.hget("luot:{s1}:state", "epoch")  # type: ignore[return-value]


def test_a_site_that_lost_nothing_is_said_to_have_everything(counted: Terminal) -> None:
    done = counted.run("reconcile", "--site", "s1")

    assert (0, "s1: Redis has everything that SQL has\n") == (done.exit_code, done.output)


def test_what_is_missing_is_told_and_nothing_is_changed(counted: Terminal, valkey: Valkey) -> None:
    valkey.client.hdel("luot:{s1}:pages", "/1")
    done = counted.run("reconcile", "--site", "s1")

    assert 1 == done.exit_code
    assert (
        "/1: 0 views, 0 visits, 0 visitors in Redis, 1 views, 1 visits, 1 visitors in SQL\n"
        in done.output
    )
    assert "s1: Redis has lost 1 numbers; luot reconcile --repair restores it" in done.output
    assert (None, "1") == (valkey.client.hget("luot:{s1}:pages", "/1"), epoch(valkey))


def test_with_repair_what_was_lost_comes_back(counted: Terminal, valkey: Valkey) -> None:
    valkey.client.hdel("luot:{s1}:pages", "/1")
    done = counted.run("reconcile", "--site", "s1", "--repair")

    assert 0 == done.exit_code
    assert "s1: is being restored" in done.output
    assert str(valkey.client.hget("luot:{s1}:pages", "/1")).startswith("1 1 1 ")
    assert "2" == epoch(valkey)


def test_a_site_is_rebuilt_when_that_was_meant(counted: Terminal, valkey: Valkey) -> None:
    asked = counted.run("rebuild", "--site", "s1")
    before = epoch(valkey)
    done = counted.run("rebuild", "--site", "s1", "--yes")

    assert (1, "1") == (asked.exit_code, before)
    assert (0, "2") == (done.exit_code, epoch(valkey))
    assert "s1: restored under epoch 2; journals are heard next\n" in done.output


@pytest.mark.parametrize("words", [["reconcile"], ["rebuild", "--yes"]])
def test_an_unknown_site_is_refused(terminal: Terminal, words: list[str]) -> None:
    done = terminal.run(*words, "--site", "nowhere")

    said = "luot: --site: there is no such site; the settings have: s1\n"
    assert (2, said) == (done.exit_code, done.output)
