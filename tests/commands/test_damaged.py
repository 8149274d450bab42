"""
A SQLite file that is damaged, closed or without room: what every command says, and what goes on.
"""

import os
import random
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from service.archive.migrating import migrate
from service.archive.sql_troubles import DAMAGED
from service.errors import ArchiveBehind, ArchiveUnavailable
from tests.commands.conftest import Terminal, a_line
from tests.commands.test_serve import free_port
from tests.conftest import Luot
from tests.databases import only_sqlite

pytestmark = only_sqlite

PAGE = 4_096


def _noise(whole: bytes) -> bytes:
    """
    Every second page but the first is overwritten by chance.
    """
    chance, pages = random.Random(7), len(whole) // PAGE
    kept = bytearray(whole)
    for page in range(1, pages, 2):
        kept[page * PAGE : (page + 1) * PAGE] = chance.randbytes(PAGE)
    return bytes(kept)


#: What can become of the file.
DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "noise": _noise,
    "noise at its head": lambda whole: random.Random(7).randbytes(PAGE) + whole[PAGE:],
    "half of it": lambda whole: whole[: len(whole) // 2],
    "a page and a bit": lambda whole: whole[: PAGE + 100],
    "no database": lambda _: b"The quick brown fox jumps over the lazy dog.\n" * 500,
}

DOCTOR = ("doctor", "--site", "s1", "--url", "http://127.0.0.1:9", "--wait", "0")

COMMANDS = {
    "report": ("report", "--site", "s1"),
    "snapshot": ("snapshot",),
    "doctor": DOCTOR,
    "check": ("check",),
    "migrate": ("migrate",),
    "export": ("export", "--site", "s1", "-"),
    "backup": ("backup", "out.zip"),
}


def file_of(folder: Path) -> Path:
    return folder / "luot.sqlite3"


def whole(folder: Path) -> bytes:
    """
    The file with all that its log has, which is emptied.
    """
    with closing(sqlite3.connect(file_of(folder))) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return file_of(folder).read_bytes()


def put(folder: Path, content: bytes) -> None:
    for file in folder.glob("luot.sqlite3*"):
        file.unlink()
    file_of(folder).write_bytes(content)


#: A file that has a history, made once for all tests of a process.
_made: dict[str, bytes] = {}


@pytest.fixture
def content(terminal: Terminal) -> bytes:
    """
    A file with the history of some pages.
    """
    if not _made:
        lines = (
            a_line(f"203.0.113.{n % 250}", f"21/Nov/2026:10:{n % 60:02}:00 +0000", f"/page-{n}")
            for n in range(600)
        )
        log = terminal.file("access.log", "".join(lines))
        assert terminal.run("import", "log", log, "--site", "s1").exit_code == 0
        assert terminal.run("snapshot").exit_code == 0
        _made["whole"] = whole(terminal.data)
    return _made["whole"]


@pytest.mark.parametrize("damage", DAMAGES)
def test_every_command_says_that_the_file_is_damaged(
    terminal: Terminal, content: bytes, damage: str
) -> None:
    put(terminal.data, DAMAGES[damage](content))

    for name, words in COMMANDS.items():
        told = terminal.run(*words)
        assert (1, name) == (told.exit_code, name)
        assert (DAMAGED in told.output, name) == (True, name), told.output
        assert ("Traceback" in told.output, name) == (False, name)


@pytest.mark.parametrize("damage", ["noise", "half of it", "no database"])
def test_nothing_is_served_from_a_damaged_file(
    terminal: Terminal, content: bytes, damage: str
) -> None:
    put(terminal.data, DAMAGES[damage](content))

    told = terminal.start("serve", "--port", str(free_port()))

    assert 1 == told.returncode
    assert DAMAGED in told.stderr.splitlines()[-1]
    assert "Traceback" not in told.stderr


def test_an_empty_file_has_no_tables(terminal: Terminal) -> None:
    put(terminal.data, b"")

    for words in (COMMANDS["report"], COMMANDS["snapshot"], COMMANDS["check"], DOCTOR):
        told = terminal.run(*words)
        assert (1, words[0]) == (told.exit_code, words[0])
        assert "run luot migrate" in told.output


def test_nothing_is_taken_from_redis_for_an_emptied_file(luot: Luot) -> None:
    luot.hit("/a")
    luot.snapshot()
    luot.runtime.database.close()
    put(luot.runtime.settings.data_dir, b"")
    migrate(luot.runtime.database)
    luot.hit("/a")

    with pytest.raises(ArchiveBehind, match="Put back the newer database"):
        luot.snapshot()
    with pytest.raises(ArchiveBehind, match="Put back the newer database"):
        luot.runtime.open_site("s1")
    assert 204 == luot.hit("/a").status_code
    assert 3 == luot.counters()["views"]["total"]


@pytest.mark.parametrize("seed", range(6))
def test_bytes_by_chance_are_never_a_traceback(
    terminal: Terminal, content: bytes, seed: int
) -> None:
    chance, changed = random.Random(seed), bytearray(content)
    for _ in range(len(changed) // 200):
        changed[chance.randrange(PAGE, len(changed))] = chance.randrange(256)
    put(terminal.data, bytes(changed))

    # Some questions meet none of the bytes, and are answered.
    for words in COMMANDS.values():
        told = terminal.run(*words)
        assert told.exit_code in {0, 1}
        assert "Traceback" not in told.output


@pytest.mark.parametrize("damage", DAMAGES)
def test_hits_are_counted_and_shown_while_the_file_is_damaged(luot: Luot, damage: str) -> None:
    folder = luot.runtime.settings.data_dir
    luot.hit("/a")
    luot.snapshot()
    luot.runtime.database.close()
    good = whole(folder)
    put(folder, DAMAGES[damage](good))

    assert 204 == luot.hit("/a").status_code
    assert (2, False) == (luot.counters("/a")["pages"]["/a"]["views"], luot.counters()["stale"])
    with pytest.raises(ArchiveUnavailable, match="luot restore"):
        luot.snapshot()
    assert 503 == luot.http.get("/readyz").status_code

    luot.runtime.database.close()
    put(folder, good)
    assert (2, 1, 1) == luot.totals("2026-11-22")


@contextmanager
def mounted(folder: Path, kib: int) -> Iterator[Path]:
    """
    A small file system in a folder.
    """
    folder.mkdir(exist_ok=True)
    told = ["mount", "-t", "tmpfs", "-o", f"size={kib}k,mode=700", "small", str(folder)]
    if os.geteuid() or not shutil.which("mount") or subprocess.run(told, check=False).returncode:
        pytest.skip("a small file system needs root and mount")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_file_that_may_not_be_written_says_who_has_to_let_it(
    terminal: Terminal, content: bytes, tmp_path: Path
) -> None:
    with mounted(tmp_path / "closed", 8_192) as closed:
        file_of(closed).write_bytes(content)
        subprocess.run(["mount", "-o", "remount,ro", str(closed)], check=True)
        for words in (COMMANDS["snapshot"], COMMANDS["migrate"], COMMANDS["check"], DOCTOR):
            told = terminal.run(*words, "--data", closed)
            assert (1, words[0]) == (told.exit_code, words[0])
            assert "Traceback" not in told.output
            assert any(what in told.output for what in ("right to write", "may Luot's user"))


def test_a_full_disk_says_so_and_loses_nothing(
    terminal: Terminal, content: bytes, tmp_path: Path
) -> None:
    with mounted(tmp_path / "full", len(content) // 1024 + 256) as full:
        file_of(full).write_bytes(content)
        lines = (
            a_line("203.0.113.9", "20/Nov/2026:10:00:00 +0000", f"/{'x' * 200}-{n}")
            for n in range(3_000)
        )
        log = terminal.file("more.log", "".join(lines))
        told = terminal.run("import", "log", log, "--site", "s1", "--data", full)
        assert 1 == told.exit_code
        assert "make room on the disk of data_dir" in told.output
        assert "Traceback" not in told.output
