"""
The caps of values, where a delta is added to SQL.
"""

import pytest

from tests.agreement import assert_agreement
from tests.conftest import Luot, MakeLuot


@pytest.fixture
def luot(make_luot: MakeLuot, database_url: str) -> Luot:
    return make_luot(database_url=database_url, values_per_site=3, values_per_page=2)


def come(luot: Luot, path: str, *sources: str) -> None:
    """
    One reader from each of these sources.
    """
    for source in sources:
        luot.serial += 1
        referrer = f"https://{source}.example/" if source else ""
        luot.hit(path, referrer=referrer, address=f"198.51.100.{luot.serial}")


def views(luot: Luot, **asked: str) -> dict[str, int]:
    rows = luot.report("breakdown/source", period="today", **asked)["values"]
    return {row["value"].removesuffix(".example"): row["views"] for row in rows}


def test_of_values_that_come_at_once_those_with_most_views_are_named(luot: Luot) -> None:
    come(luot, "/a", "e", "d", "c", "b", "a", "e", "d", "")
    luot.snapshot()

    assert views(luot) == {"e": 2, "d": 2, "a": 1, "(other)": 2, "(direct)": 1}
    assert views(luot, path="/a") == {"e": 2, "d": 2, "(other)": 3, "(direct)": 1}
    assert_agreement(luot)


def test_a_value_that_has_a_name_keeps_it(luot: Luot) -> None:
    come(luot, "/a", "x", "y")
    luot.snapshot()
    come(luot, "/a", "a", "a", "b", "b", "b", "x", "y")
    luot.snapshot()
    come(luot, "/a", "a", "b", "x")
    luot.snapshot()

    assert views(luot) == {"x": 3, "y": 2, "b": 4, "(other)": 3}
    assert views(luot, path="/a") == {"x": 3, "y": 2, "(other)": 7}
    assert_agreement(luot)


def test_a_page_names_no_value_that_the_site_does_not(luot: Luot) -> None:
    come(luot, "/a", "x", "y", "z", "x", "y", "z")
    come(luot, "/b", "w")
    luot.snapshot()

    assert views(luot, path="/b") == {"(other)": 1}


def test_names_of_one_day_take_no_place_on_another(luot: Luot) -> None:
    come(luot, "/a", "x", "y", "z")
    luot.snapshot()
    luot.clock.forward(86_400)
    come(luot, "/a", "p", "q")
    luot.snapshot()

    assert views(luot, path="/a") == {"p": 1, "q": 1}


def test_values_that_are_refused_leave_no_text(luot: Luot) -> None:
    come(luot, "/a", *(f"s{n}" for n in range(9)))
    luot.snapshot()

    with luot.runtime.database.read() as connection:
        texts = connection.exec_driver_sql("SELECT text FROM value WHERE text LIKE 's_.example'")
        assert len(texts.all()) == 3
