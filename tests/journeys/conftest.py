"""
What journeys are given besides: a whole Luot in processes of its own.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chromium import installed
from tests.conftest import CHROME
from tests.journeys.serving import Served


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    served = Served(tmp_path / "data")
    served.folder.mkdir()
    served.start()
    yield served
    if served.process is not None and served.process.poll() is None:
        served.kill_all()


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, object]:
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
    return {"executable_path": installed(), "args": [*quiet, "--disable-component-update"]}


@pytest.fixture(scope="session")
def browser_context_args() -> dict[str, object]:
    # A browser without a window says so, and is filtered as the machine that it is.
    return {"user_agent": CHROME}
