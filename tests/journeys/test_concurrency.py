"""
Many threads of many processes, one page, one visitor: exact numbers.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.agreement import assert_agreement
from tests.conftest import MakeLuot
from tests.databases import databases
from tests.servers import Valkey

pytestmark = pytest.mark.alone

PROCESSES, THREADS, EACH = 4, 32, 25

SETTINGS = """
redis_url = "{url}"
data_dir = "{folder}"
access_log = false
flood_per_minute = 0
rate_per_second = 0
[sites.s1]
name = "Site one"
hosts = ["s1.example"]
"""


def test_32_threads_of_4_processes_give_exact_numbers(
    make_luot: MakeLuot, tmp_path: Path, valkey: Valkey
) -> None:
    # Given a Luot whose site nobody has opened yet, and four more processes with its settings
    luot = make_luot()
    file = tmp_path / "luot.toml"
    file.write_text(SETTINGS.format(url=valkey.url, folder=tmp_path), encoding="utf-8")
    command = [sys.executable, "-m", "tests.hammer", str(file), str(EACH)]
    told = {"PYTHONPATH": str(Path.cwd()), **databases.variables(tmp_path)}
    hammers = [
        subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, **told})
        for _ in range(PROCESSES)
    ]

    # When each of their threads sends its hits
    printed = [hammer.communicate()[0].decode() for hammer in hammers]

    # Then every answer said counted, and there are exactly as many views
    assert PROCESSES * [str({"counted": THREADS * EACH})] == printed
    luot.clock.ms = luot.runtime.store.commands.time()[0] * 1000
    luot.snapshot()
    assert_agreement(luot)
    numbers = luot.counters("/a")
    total = PROCESSES * THREADS * EACH
    assert (total, 1, 1) == (
        numbers["views"]["total"],
        numbers["visits"]["total"],
        numbers["visitor_days"]["total"],
    )
    assert {"views": total, "visits": 1, "visitors": 1, "today": total} == numbers["pages"]["/a"]
