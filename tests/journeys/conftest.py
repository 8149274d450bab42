"""
What journeys are given besides: a whole Luot in processes of its own.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.serving import Served


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    served = Served(tmp_path / "data")
    served.folder.mkdir()
    served.start()
    yield served
    if served.process is not None and served.process.poll() is None:
        served.kill_all()
