"""
What can be read back from a batch that was packed before.
"""

from service.counting.breakdowns import Rules, combination, pairs_of
from service.counting.wire import Item, Limits, batch, keys_of
from service.dimensions import Dimension
from service.intake.hits import Filter, Filtered
from tests.conftest import Luot
from tests.counting.builders import a_hit


def test_keys_and_kinds_of_items_are_in_the_bytes(luot: Luot) -> None:
    site = luot.runtime.sites["s1"]
    items: list[Item] = [
        a_hit(luot, "/a"),
        Filtered("s1", Filter.BOT, site.moment(luot.clock.ms), "name"),
    ]
    told = batch(site, items, Limits.of(luot.runtime.settings), luot.clock.ms)

    assert keys_of("s1", told.packed) == told.keys
    assert told.is_hit == (True, False)


def test_a_batch_that_is_packed_a_day_later_names_the_keys_of_both_days(luot: Luot) -> None:
    # Given a hit of Sunday that is packed on Monday, so that its batch knows Monday too
    hit = a_hit(luot, "/a")
    luot.clock.forward(86_400)
    site = luot.runtime.sites["s1"]
    told = batch(site, [hit], Limits.of(luot.runtime.settings), luot.clock.ms)

    assert "luot:{s1}:views:2026-11-23" in told.keys


def test_a_text_stands_in_a_batch_once(luot: Luot) -> None:
    site = luot.runtime.sites["s1"]
    sizes = []
    for many in (1, 2):
        items = [a_hit(luot, "/a/page/with/a/long/name") for _ in range(many)]
        told = batch(site, items, Limits.of(luot.runtime.settings), luot.clock.ms)
        sizes.append(len(told.packed))

    assert sizes[1] - sizes[0] < 25


def test_a_combination_gives_back_its_values() -> None:
    values = [(f"v{n}",) for n in range(len(Dimension) - 4)]
    told = combination([("Google",), ("search",), *values, (), ("a", "b")])

    pairs = pairs_of(told)
    assert pairs[:3] == [(1, "Google"), (2, "search"), (3, "v0")]
    assert pairs[-2:] == [(17, "a"), (17, "b")]


def test_rules_travel_as_text() -> None:
    rules = Rules(5, 2, frozenset({1, 8}))

    assert Rules.parse(rules.text()) == rules
