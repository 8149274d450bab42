import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.commands.conftest import LUOT, PROJECT, Terminal, a_line
from tests.databases import only_sqlite

REFUSED = ("trusted_proxyes = 1\n", "trusted_proxyes: there is no such setting; did you mean")


@only_sqlite
def test_the_flags_stand_before_or_after_the_command(terminal: Terminal, tmp_path: Path) -> None:
    other = tmp_path / "other"
    told = {"LUOT_REDIS_URL": None}
    before = terminal.run("--data", str(other), "migrate", **told)
    after = terminal.run("migrate", "--data", str(tmp_path / "third"), **told)

    assert (before.exit_code, after.exit_code) == (0, 0)
    assert (other / "luot.sqlite3").is_file()
    assert (tmp_path / "third" / "luot.sqlite3").is_file()


def test_the_flag_after_the_command_wins(terminal: Terminal, tmp_path: Path) -> None:
    file = terminal.file("other.toml", REFUSED[0])

    assert terminal.run("job", "list", "--config", str(file)).exit_code == 2
    terminal.run("--data", tmp_path / "a", "migrate", "--data", tmp_path / "b")
    assert not (tmp_path / "a").exists()


def test_a_flag_wins_over_its_variable(terminal: Terminal, tmp_path: Path) -> None:
    terminal.run("migrate", "--data", str(tmp_path / "a"), LUOT_DATA_DIR=str(tmp_path / "b"))

    assert (tmp_path / "a").is_dir()
    assert not (tmp_path / "b").exists()


def test_a_variable_wins_over_the_file(terminal: Terminal, tmp_path: Path) -> None:
    terminal.run("migrate", LUOT_DATA_DIR=str(tmp_path / "b"))

    assert (tmp_path / "b").is_dir()


def test_the_file_may_be_named_by_a_variable(terminal: Terminal) -> None:
    file = terminal.file("other.toml", REFUSED[0])
    told = subprocess.run(
        [*LUOT, "job", "list"],
        env={**os.environ, "LUOT_CONFIG": str(file)},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert told.returncode == 2
    assert REFUSED[1] in told.stderr


def test_all_mistakes_are_told_each_in_a_line_that_begins_with_its_key(terminal: Terminal) -> None:
    terminal.write("trusted_proxyes = 1\nworkers = 0", sites="[sites.S1]\nname = 3\n")

    told = terminal.run("check", LUOT_NONSENSE="1")

    assert told.exit_code == 2
    assert sorted(line.split(":")[1].strip() for line in told.stderr.splitlines()) == [
        "LUOT_NONSENSE",
        "sites.S1.hosts",
        "sites.S1.name",
        "trusted_proxyes",
        "workers",
    ]
    assert told.stdout == ""


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["--help"], 0),
        (["import", "log", "--help"], 0),
        (["--version"], 0),
        (["colour"], 2),
        (["import"], 2),
        (["import", "log"], 2),
        (["import", "log", "file"], 2),
        (["report"], 2),
        (["report", "--site"], 2),
        (["report", "--site", "nope"], 2),
        (["report", "--site", "../x"], 2),
        (["report", "--site", "s1;rm"], 2),
        (["report", "--site", "--days"], 2),
        (["report", "--site", "s1\n"], 2),
        (["report", "--site", "*"], 2),
        (["report", "--site", "s1", "--days", "0"], 2),
        (["report", "--site", "s1", "--days", "x"], 2),
    ],
)
def test_a_command_line_that_makes_no_sense_ends_with_2(
    terminal: Terminal, words: list[str], status: int
) -> None:
    told = terminal.run(*words)

    assert told.exit_code == status
    assert "Traceback" not in told.output


def test_a_missing_settings_file_is_named(terminal: Terminal) -> None:
    told = terminal.run("check", "--config", "/nope.toml")

    assert (told.exit_code, told.stderr) == (2, "luot: /nope.toml: there is no such file\n")


@pytest.mark.parametrize(
    "url",
    [
        "redis://luot:hunter2@ss@localhost/0",
        "redis://luot:hunter2@localhost/99",
        "redis://luot:hunter2\N{ACCOUNT OF}@localhost/0",
        "redis://luot:hunter2@127.0.0.1:1/0",
    ],
)
@pytest.mark.parametrize(
    "words",
    [["check"], ["snapshot"], ["report", "--site", "s1"], ["baseline", "set", "--help"]],
)
def test_no_command_prints_the_password(terminal: Terminal, url: str, words: list[str]) -> None:
    told = terminal.run(*words, LUOT_REDIS_URL=url)

    assert "hunter2" not in told.output


def test_a_socket_that_does_not_exist_ends_with_2(terminal: Terminal) -> None:
    told = terminal.run("check", LUOT_REDIS_URL="unix:///nope")

    assert told.exit_code == 2
    assert told.stderr.startswith("luot: redis_url: there is no socket")


@pytest.mark.parametrize("words", [["migrate"], ["token", "create", "--site=s1", "--scope=read"]])
@pytest.mark.parametrize("folder", ["/proc/luot", "/dev/null", "/dev/null/luot"])
def test_a_data_directory_that_cannot_be_made_ends_with_2(
    terminal: Terminal, words: list[str], folder: str
) -> None:
    told = terminal.run(*words, "--data", folder)

    assert told.exit_code == 2
    assert told.stderr.startswith(f"luot: data_dir: {folder} cannot be made: ")


def test_a_process_ends_with_the_same_status(terminal: Terminal) -> None:
    terminal.write("trusted_proxyes = 1")
    told = terminal.start("check")

    assert told.returncode == 2
    assert told.stderr.startswith(f"luot: {REFUSED[1]}")


def test_a_reader_that_has_seen_enough_is_no_error(terminal: Terminal) -> None:
    reading, writing = os.pipe()
    with terminal.begin("job", "list", stdout=writing) as process:
        os.close(writing)
        os.close(reading)
        _, err = process.communicate(timeout=60)

    assert "Traceback" not in err
    assert "BrokenPipe" not in err


def test_the_first_line_can_be_read_alone(terminal: Terminal) -> None:
    told = subprocess.run(
        ["sh", "-c", '"$@" | head -1', "sh", *LUOT, "--config", str(terminal.settings), *JOBS],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert told.stdout.startswith("snapshot: every 60 s")
    assert (told.stdout.count("\n"), told.stderr) == (1, "")


JOBS = ["job", "list"]


@pytest.mark.parametrize("closing", [">&-", "2>&-", ">&- 2>&-", "<&-", ">/dev/full"])
def test_closed_streams_bring_no_traceback(terminal: Terminal, closing: str) -> None:
    told = subprocess.run(
        ["sh", "-c", f'"$@" {closing}', "sh", *LUOT, "--config", str(terminal.settings), *JOBS],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "Traceback" not in told.stderr


@pytest.mark.parametrize("locale", ["C", "C.UTF-8", "nonsense"])
def test_any_locale_shows_names_in_utf_8(terminal: Terminal, locale: str) -> None:
    terminal.write("", sites='[sites.s1]\nname = "Lượt"\nhosts = ["s1.example"]\n')
    plain = {"LANG": locale, "LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}

    told = terminal.start("report", "--site", "s1", variables=plain, encoding="utf-8")

    assert told.returncode == 0
    assert told.stdout.startswith("Lượt (s1), ")


@pytest.mark.parametrize(
    "words",
    [
        [b"report", b"--site", b"\xff"],
        [b"job", b"run", b"\xff"],
        [b"import", b"baseline", b"\xff.csv", b"--site", b"s1"],
        [b"check", b"--config", b"\xff"],
    ],
)
def test_words_that_are_no_text_bring_no_traceback(terminal: Terminal, words: list[bytes]) -> None:
    told = terminal.start(*words, variables={"LC_ALL": "C"})

    assert told.returncode in {1, 2}
    assert "Traceback" not in told.stderr


def test_no_check_goes_with_optimised_python(terminal: Terminal) -> None:
    terminal.write("trusted_proxyes = 1\nworkers = 0")
    plain, optimised = (
        terminal.start("check", variables={"PYTHONOPTIMIZE": level}) for level in ("", "2")
    )

    assert (plain.returncode, plain.stderr) == (optimised.returncode, optimised.stderr)
    assert optimised.returncode == 2


def test_optimised_python_counts_the_same(terminal: Terminal) -> None:
    log = terminal.file("a.log", a_line("203.0.113.7", "20/Nov/2026:10:00:00 +0000"))
    told = terminal.start(
        "import", "log", log, "--site", "s1", "--json", variables={"PYTHONOPTIMIZE": "2"}
    )

    assert json.loads(told.stdout)["counted"] == 1
    assert terminal.sql("SELECT views, visits, visitors FROM page WHERE path = ''") == [(1, 1, 1)]
