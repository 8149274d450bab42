"""
What the tests of the doors are given.
"""

from collections.abc import Iterator

import pytest

from tests.doors import opened
from tests.outcomes import Watched


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory, front: str) -> Iterator[Watched]:
    """
    A Luot with the doors of other trackers open.
    """
    with opened(tmp_path_factory.mktemp("luot"), front, rate_per_second=0) as running:
        yield running
