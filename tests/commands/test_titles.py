import pytest

from tests.commands.conftest import Terminal, a_line


def test_a_title_is_pinned_and_taken_back_and_the_trail_says_so(terminal: Terminal) -> None:
    log = terminal.file("log", a_line("192.0.2.1", "22/Nov/2026:11:00:00 +0000", "/tin/a"))
    assert terminal.run("import", "log", log, "--site", "s1").exit_code == 0
    pinned = terminal.run("title", "pin", "--site", "s1", "/tin//a/", "  Bài\tmột ")
    held = terminal.sql("SELECT pinned_title FROM page WHERE path = '/tin/a'")
    unpinned = terminal.run("title", "unpin", "--site", "s1", "/tin/a")

    assert (pinned.exit_code, pinned.stdout) == (0, "s1: /tin/a is called Bàimột\n")
    assert held == [("Bàimột",)]
    assert unpinned.exit_code == 0
    assert terminal.sql("SELECT pinned_title FROM page WHERE path = '/tin/a'") == [(None,)]
    assert terminal.sql("SELECT actor, action, detail FROM audit WHERE action = 'title'") == [
        ("luot title pin", "title", '{"path": "/tin/a", "title": "B\\u00e0im\\u1ed9t"}'),
        ("luot title unpin", "title", '{"path": "/tin/a", "title": null}'),
    ]


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["pin", "--site", "s1", "/none", "T"], 1),
        (["unpin", "--site", "s1", "/none"], 1),
        (["pin", "--site", "s2", "/a", "T"], 2),
        (["pin", "--site", "s1", "/a\n", "T"], 2),
        (["pin", "--site", "s1", "/a", " \n"], 2),
        (["pin", "--site", "s1", "/a"], 2),
    ],
)
def test_what_cannot_be_pinned_is_told_in_a_sentence(
    terminal: Terminal, words: list[str], status: int
) -> None:
    told = terminal.run("title", *words)

    assert (told.exit_code, told.stdout) == (status, "")
    assert told.stderr
