"""
What can be read back from a batch that was packed before.
"""

from service.counting.breakdowns import Rules, combination, pairs_of
from service.counting.wire import Item, Limits, batch, is_hit_of, keys_of, last_day_end_ms
from service.dimensions import Dimension
from service.intake.hits import Filter, Filtered
from tests.conftest import Luot
from tests.counting.builders import a_hit

#: 2026-11-23T00:00:00Z, where the tests' day ends.
MIDNIGHT = 1_795_392_000_000


def test_keys_and_kinds_of_items_are_in_the_bytes(luot: Luot) -> None:
    site = luot.runtime.sites["s1"]
    items: list[Item] = [
        a_hit(luot, "/a"),
        Filtered("s1", Filter.BOT, site.moment(luot.clock.ms), "name"),
    ]
    told = batch(site, items, Limits.of(luot.runtime.settings), luot.clock.ms)

    assert keys_of("s1", told.packed) == told.keys
    assert is_hit_of(told.packed) == told.is_hit == (True, False)
    assert last_day_end_ms(told.packed) == MIDNIGHT


def test_only_days_that_items_fall_on_count_for_the_end(luot: Luot) -> None:
    # Given a hit of Sunday that is packed on Monday, so that its batch knows Monday too
    hit = a_hit(luot, "/a")
    luot.clock.forward(86_400)
    site = luot.runtime.sites["s1"]
    told = batch(site, [hit], Limits.of(luot.runtime.settings), luot.clock.ms)

    assert last_day_end_ms(told.packed) == MIDNIGHT
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
