"""
What journeys are given besides: a whole Luot in processes of its own.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chromium import installed
from tests.conftest import CHROME
from tests.journeys.pages import Pages
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
    return {
        "executable_path": installed(),
        "args": [*quiet, "--disable-component-update"],
        # Readers' browsers have this cache.
        "ignore_default_args": ["--disable-back-forward-cache"],
    }


@pytest.fixture(scope="session")
def browser_context_args() -> dict[str, object]:
    # A browser without a window says so, and is filtered as the machine that it is.
    return {"user_agent": CHROME}


@pytest.fixture(scope="session")
def stats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """
    A Luot for all tests of the tracker, each with pages of its own.
    """
    running = Served(tmp_path_factory.mktemp("stats") / "data")
    running.folder.mkdir()
    running.start()
    yield running
    running.kill_all()


@pytest.fixture(scope="session")
def pages() -> Iterator[Pages]:
    made = Pages()
    yield made
    made.close()
