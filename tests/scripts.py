"""
Other people's scripts that no package has: copies in a folder that the tests are told of.

They are not kept here. Whoever names a folder in ``LUOT_TEST_SCRIPTS`` has fetched them from the
sources of their projects; each has to be what it was, byte for byte.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

#: The variable that names the folder.
FOLDER = "LUOT_TEST_SCRIPTS"


@dataclass(frozen=True, slots=True)
class Script:
    """
    A file of a project's sources.
    """

    name: str
    #: Where it is from, for the reason of a skip.
    source: str
    sha256: str

    def text(self) -> str:
        """
        What is in it; skips where it is not there.
        """
        folder = os.environ.get(FOLDER, "")
        file = Path(folder, self.name)
        if not folder or not file.is_file():
            pytest.skip(f"no package has {self.name} ({self.source}); {FOLDER} may name its folder")
        raw = file.read_bytes()
        assert hashlib.sha256(raw).hexdigest() == self.sha256, f"{self.name} is not what it was"
        return raw.decode()
