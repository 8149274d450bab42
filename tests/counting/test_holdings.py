"""
What Redis holds of a site, as it stands there.
"""

from service.counting.holdings import Holdings, read_holdings, read_page_totals
from service.counting.numbers import Tally
from tests.conftest import Luot
from tests.servers import Valkey


def test_a_site_that_nobody_counted_holds_nothing(luot: Luot) -> None:
    assert Holdings(Tally(), {}, frozenset()) == read_holdings(luot.runtime.store, "s1")


def test_totals_and_days_are_those_that_were_counted(luot: Luot, valkey: Valkey) -> None:
    luot.hit("/a")
    luot.hit("/b", address="203.0.113.9")
    luot.clock.forward(86_400)
    luot.hit("/a")
    held = read_holdings(luot.runtime.store, "s1")

    assert Tally(3, 3, 3) == held.total
    assert {"2026-11-22": Tally(2, 2, 2), "2026-11-23": Tally(1, 1, 1)} == held.days
    assert {"2026-11-22", "2026-11-23"} == held.remembered
    valkey.client.delete("luot:{s1}:visitors:2026-11-22")
    assert {"2026-11-23"} == read_holdings(luot.runtime.store, "s1").remembered


def test_pages_are_asked_for_in_any_number(luot: Luot) -> None:
    luot.hit("/a")
    paths = ["/a", *(f"/{number}" for number in range(1_500)), "/a"]
    found = read_page_totals(luot.runtime.store, "s1", paths)

    assert 1_501 == len(found)
    assert (Tally(1, 1, 1), Tally()) == (found["/a"], found["/1499"])
    assert {} == read_page_totals(luot.runtime.store, "s1", [])
