"""
What is typed wrongly, and how commands are listed.
"""

import re

import click
import pytest
from click.testing import CliRunner

from service.cli import luot
from service.commands.groups import Commands
from tests.commands.conftest import Terminal


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nonsense"], "No such command 'nonsense'; luot --help says more"),
        (["--foo"], "No such option '--foo'; luot --help says more"),
        (["report"], "Missing option '--site'; luot report --help says more"),
        (["report", "--site", "A B"], "--site: is no site's id; luot report --help says more"),
        (
            ["report", "--site", "s1", "--days", "0"],
            "--days: 0 is not in the range 1<=x<=36525; luot report --help says more",
        ),
        (
            ["restore", "none.zip"],
            "FILE: File 'none.zip' does not exist; luot restore --help says more",
        ),
    ],
)
def test_misuse_is_told_in_one_line(terminal: Terminal, words: list[str], said: str) -> None:
    told = terminal.start(*words)

    assert (2, "", f"luot: {said}\n") == (told.returncode, told.stdout, told.stderr)


def test_luot_alone_says_what_there_is() -> None:
    told = CliRunner().invoke(luot, [], prog_name="luot")

    assert told.exit_code == 2
    assert told.stderr.startswith("Usage: luot [OPTIONS] COMMAND")


def groups_of(group: Commands) -> list[Commands]:
    below = [each for each in group.commands.values() if isinstance(each, click.Group)]
    assert all(isinstance(each, Commands) for each in below)
    return [group, *(each for each in below if isinstance(each, Commands))]


def test_no_list_of_commands_ends_a_sentence_in_dots() -> None:
    for group in groups_of(luot):
        told = group.get_help(click.Context(group, info_name="luot"))

        assert "..." not in told.partition("Options:")[2]
        for name in group.commands:
            assert re.search(rf"^  {name} +[A-Z]", told, re.MULTILINE), name


def test_every_option_says_what_it_is_for() -> None:
    commands = [each for group in groups_of(luot) for each in (group, *group.commands.values())]
    options = [each for command in commands for each in command.params]

    silent = [
        option.name for option in options if isinstance(option, click.Option) and not option.help
    ]
    assert [] == silent
