"""
Answers are whole numbers, whatever the database calls them.
"""

from typing import Any

import pytest

from tests.conftest import Luot, MakeLuot


@pytest.fixture
def luot(make_luot: MakeLuot, database_url: str) -> Luot:
    return make_luot(database_url=database_url)


def leaves(body: Any) -> list[Any]:
    """
    Every value of a JSON body.
    """
    if isinstance(body, dict):
        return [leaf for value in body.values() for leaf in leaves(value)]
    return [leaf for value in body for leaf in leaves(value)] if isinstance(body, list) else [body]


@pytest.mark.parametrize(
    ("question", "numbers"),
    [("totals", 7), ("series", 180), ("pages", 8), ("breakdown/source", 4), ("filtered", 1)],
)
def test_every_count_is_a_whole_number(luot: Luot, question: str, numbers: int) -> None:
    luot.hit()
    luot.hit(headers={"DNT": "1"})
    luot.snapshot()
    found = leaves(luot.report(question))

    assert numbers == sum(type(leaf) is int for leaf in found)
    assert not any(str(leaf).isdigit() for leaf in found if not isinstance(leaf, int))
