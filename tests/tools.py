"""
Programs of the distribution that tests need: installed ones, else unpacked into a folder of ours.

Nothing is installed: a package is fetched and unpacked, so that no service of it starts.
"""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

#: Where packages are unpacked; tests that run at once share it.
FOLDER = Path(tempfile.gettempdir()) / f"luot-tools-{os.getuid()}"


@cache
def program(name: str, package: str) -> str:
    """
    The path of a program; the test is skipped where it cannot be had.
    """
    places = [os.environ.get("PATH", ""), "/usr/sbin", "/sbin"]
    places += [str(FOLDER / package / part) for part in ("usr/bin", "usr/sbin", "sbin")]
    where = os.pathsep.join(places)
    found = shutil.which(name, path=where)
    if found is None and shutil.which("apt-get") and shutil.which("dpkg-deb"):
        _unpack(package)
        found = shutil.which(name, path=where)
    if found is None:
        pytest.skip(f"{name} cannot be had: install the package {package}")
    return found


def runs(*words: str, text: str = "", folder: Path | None = None) -> str:
    """
    What a program says, which has ended well.
    """
    done = subprocess.run(
        words, input=text, cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def _unpack(package: str) -> None:
    FOLDER.mkdir(mode=0o700, exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (FOLDER / package).exists():
            return
        with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
            fetch = ["apt-get", "download", "-q", package]
            if not _does(fetch, folder):
                _does(["apt-get", "update", "-qq"], folder)
                _does(fetch, folder)
            for file in Path(folder).glob("*.deb"):
                _does(["dpkg-deb", "-x", str(file), str(FOLDER / package)], folder)


def _does(words: Sequence[str], folder: str) -> bool:
    try:
        done = subprocess.run(words, cwd=folder, capture_output=True, timeout=300, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
