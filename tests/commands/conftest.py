"""
A terminal in a folder of its own, with a settings file of one site and a clock that stands still.
"""

import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from service.cli import luot
from tests.conftest import CHROME, SetClock
from tests.databases import Databases, databases
from tests.servers import Valkey

SITE = """
[sites.s1]
name = "Site one"
hosts = ["s1.example"]
"""

#: As a command line program is started.
LUOT = [sys.executable, "-m", "service.cli"]

#: What may stand on a command line.
Word = str | bytes | Path

PROJECT = Path(__file__).parents[2]


def a_line(
    address: str,
    time: str,
    target: str = "/a",
    *,
    agent: str = CHROME,
    method: str = "GET",
    status: int = 200,
) -> str:
    """
    A line of an access log in the combined format.
    """
    return f'{address} - - [{time}] "{method} {target} HTTP/1.1" {status} 1 "-" "{agent}"\n'


def shift_to(clock: SetClock) -> str:
    """
    The seconds by which a process has to be shifted to have this clock's time now.
    """
    return str(clock.ms / 1000 - time.time())


class Terminal:
    """
    Runs ``luot``, in this process or in one of its own.
    """

    def __init__(self, folder: Path, redis_url: str, clock: SetClock) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.settings = folder / "luot.toml"
        self.clock = clock
        self.databases = databases
        self._clock_file = folder / "clock"
        self.variables = {"LUOT_REDIS_URL": redis_url, "LUOT_TEST_CLOCK": str(self._clock_file)}
        self.write("")

    def write(self, text: str, sites: str = SITE) -> None:
        self.settings.write_text(f'data_dir = "{self.data}"\n{text}\n{sites}', encoding="utf-8")

    def file(self, name: str, content: str | bytes) -> Path:
        raw = content.encode() if isinstance(content, str) else content
        (self.folder / name).write_bytes(raw)
        return self.folder / name

    def run(self, *words: object, **variables: str | None) -> Result:
        """
        What a command says; only ``SystemExit`` may end it.
        """
        self._clock_file.write_text(shift_to(self.clock))
        told = ["--config", str(self.settings), *map(str, words)]
        environment = {**self._sql(words), **self.variables, **variables}
        return CliRunner().invoke(luot, told, env=environment, catch_exceptions=False)

    def start(self, *words: Word, **options: Any) -> subprocess.CompletedProcess[str]:
        """
        The same in a process of its own.
        """
        with self.begin(*words, **options) as process:
            out, err = process.communicate(timeout=60)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def begin(self, *words: Word, **options: Any) -> subprocess.Popen[str]:
        self._clock_file.write_text(shift_to(self.clock))
        variables = {**self._sql(words), **self.variables, **options.pop("variables", {})}
        told = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        return subprocess.Popen(
            [*LUOT, "--config", str(self.settings), *words],
            env={**os.environ, **variables},
            cwd=PROJECT,
            text=True,
            **told,
        )

    def _sql(self, words: Sequence[object]) -> dict[str, str]:
        """
        Where a command finds the SQL of its data directory.
        """
        told = [after for word, after in pairwise(words) if word == "--data"]
        return self.databases.variables(Path(str(told[-1])) if told else self.data)

    def sql(self, question: str) -> list[Any]:
        return self.databases.rows(self.data, question)


@pytest.fixture
def terminal(tmp_path: Path, valkey: Valkey, clock: SetClock) -> Iterator[Terminal]:
    root = logging.getLogger()
    before = root.level, root.handlers[:]
    terminal = Terminal(tmp_path, valkey.url, clock)
    assert terminal.run("migrate").exit_code == 0
    yield terminal
    # Commands let this process log to their own standard error, which is closed by now.
    root.level, root.handlers[:] = before


@pytest.fixture
def on_postgresql(terminal: Terminal, postgresql_url: str) -> Iterator[Terminal]:
    """
    The same, with a new database in a real PostgreSQL.
    """
    terminal.databases = Databases(postgresql_url)
    assert terminal.run("migrate").exit_code == 0
    yield terminal
    terminal.databases.drop_below(terminal.folder)
