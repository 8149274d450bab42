"""
Packages of npm for tests that run other people's scripts: fetched, checked, and never kept here.
"""

import base64
import hashlib
import os
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

#: Seconds that a package may take to come.
PATIENCE = 60


@dataclass(frozen=True, slots=True)
class Package:
    """
    A released version, which never changes: its tarball has this SHA-512.
    """

    name: str
    version: str
    sha512: str

    def folder(self, cache: Path) -> Path:
        """
        Where its files are, after they have been fetched if need be; skips where they cannot be.
        """
        home = cache / f"{self.name.replace('/', '+')}@{self.version}"
        if not home.exists():
            self._fetch(home)
        return home / "package"

    def _fetch(self, home: Path) -> None:
        npm = shutil.which("npm")
        if npm is None or shutil.which("node") is None:
            pytest.skip("no node and npm here")
        home.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=home.parent) as folder:
            tarball = self._pack(npm, Path(folder))
            digest = base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode()
            assert digest == self.sha512, f"{self.name} is not what it was"
            unpacked = Path(folder, "unpacked")
            with tarfile.open(tarball) as archive:
                archive.extractall(unpacked, filter="data")
            try:
                unpacked.rename(home)
            except OSError:
                # Another process of the tests was faster.
                assert home.exists()

    def _pack(self, npm: str, folder: Path) -> Path:
        told = [npm, "pack", "--silent", f"{self.name}@{self.version}"]
        try:
            done = subprocess.run(
                told, cwd=folder, capture_output=True, timeout=PATIENCE, check=False, env=os.environ
            )
        except subprocess.TimeoutExpired:
            pytest.skip("the registry of npm does not answer")
        found = list(folder.glob("*.tgz"))
        if done.returncode or not found:
            pytest.skip(f"the registry of npm does not give {self.name}")
        return found[0]
