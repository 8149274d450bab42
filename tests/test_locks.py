"""
The locks have what pyproject.toml asks for, and everything in them has a hash.
"""

import os
import re
import subprocess
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests import locks


@pytest.mark.parametrize(
    "row", list(locks.wanted()), ids=lambda row: f"{row.lock}-{row.requirement}"
)
def test_what_is_asked_for_is_locked(row: locks.Wanted) -> None:
    asked = Requirement(row.requirement)
    pinned = locks.pins(row.lock)
    name = re.sub(r"[-_.]+", "-", asked.name).lower()

    assert name in pinned, "make lock"
    assert asked.specifier.contains(pinned[name]), "make lock"


@pytest.mark.parametrize("lock", [*locks.LOCKS, locks.BUILD])
def test_everything_that_is_locked_has_a_hash(lock: str) -> None:
    text = (locks.CONFIG / lock).read_text(encoding="utf-8").replace("\\\n", "")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]

    assert lines
    assert [] == [line for line in lines if "--hash=sha256:" not in line or "==" not in line]


@pytest.mark.skipif("LUOT_LONG" not in os.environ, reason="asks the index")
def test_a_second_run_of_the_lock_writes_the_same(tmp_path: Path) -> None:
    for lock in (*locks.LOCKS, locks.BUILD):
        (tmp_path / lock).write_bytes((locks.CONFIG / lock).read_bytes())
        try:
            written = locks.compiled(lock, tmp_path)
        except subprocess.CalledProcessError as error:
            pytest.skip(f"no index: {error.stderr.decode()[-200:]}")

        assert (locks.CONFIG / lock).read_bytes() == written.read_bytes()
