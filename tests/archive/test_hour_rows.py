"""
What follows from the rows of a delta for hours and for dimensions.
"""

from typing import Any

from service.archive.breakdown_rows import breakdown_rows
from service.archive.hour_rows import hour_rows
from service.counting.breakdowns import PLACES, Rules, combination
from service.counting.deltas import Delta, Is, Went, parse_delta
from service.dimensions import Dimension

DAY = "2026-11-22"

#: A visitor's first view of a visit's first page.
FIRST = Is.VIEW | Is.NEW_VISIT | Is.NEW_VISITOR | Is.PAGE_VISIT | Is.PAGE_VISITOR


def values(event: str = "", *tags: str) -> str:
    told: dict[Dimension, tuple[str, ...]] = {d: (f"{d} x",) for d in Dimension}
    told |= {Dimension.EVENT: (event,) if event else (), Dimension.TAG: tags}
    return combination(told.values())


def a_delta(**rows: Any) -> Delta:
    rules = Rules(9, 9, frozenset({1, PLACES[Dimension.EVENT]}))
    return Delta("t", 1, "p", 1, rules=rules, **rows)


def test_the_first_view_of_a_visit_is_its_entry_and_exit() -> None:
    rows = hour_rows(a_delta(hits={(DAY, 5, int(FIRST), "/a", values()): 3}))

    assert rows == {
        (DAY, 5, ""): [3, 3, 3, 0, 0, 0, 0, 0],
        (DAY, 5, "/a"): [3, 3, 3, 3, 3, 0, 0, 0],
    }


def test_a_visit_that_begins_with_an_event_is_engaged_and_enters_later() -> None:
    begins = Is.EVENT | Is.NEW_VISIT | Is.NEW_VISITOR
    rows = hour_rows(
        a_delta(
            hits={(DAY, 5, int(begins), "/a", values("play")): 1},
            moves={(DAY, 5, int(Went.IN), "", "/b"): 1},
        )
    )

    assert rows == {
        (DAY, 5, ""): [0, 1, 1, 0, 0, 1, 0, 1],
        (DAY, 5, "/a"): [0, 0, 0, 0, 0, 0, 0, 1],
        (DAY, 5, "/b"): [0, 0, 0, 1, 1, 1, 0, 0],
    }


def test_a_visit_that_goes_on_is_engaged_where_it_entered_and_leaves_that_page() -> None:
    rows = hour_rows(a_delta(moves={(DAY, 5, int(Went.ON | Went.ENGAGED), "/a", "/b"): 2}))

    assert rows == {
        (DAY, 5, ""): [0, 0, 0, 0, 0, 2, 0, 0],
        (DAY, 5, "/a"): [0, 0, 0, 0, -2, 2, 0, 0],
        (DAY, 5, "/b"): [0, 0, 0, 0, 2, 0, 0, 0],
    }


def test_a_page_has_the_dimensions_of_the_rules_and_events_only_a_number() -> None:
    rows = breakdown_rows(
        a_delta(
            hits={
                (DAY, 5, int(FIRST), "/a", values("", "x", "y")): 1,
                (DAY, 6, int(Is.EVENT), "/a", values("play")): 2,
            }
        )
    )

    event, tag = PLACES[Dimension.EVENT], PLACES[Dimension.TAG]
    assert rows[DAY, "/a"] == {(1, "source x"): [1, 1, 1, 0], (event, "play"): [0, 0, 0, 2]}
    of_site = rows[DAY, ""]
    assert len(of_site) == len(Dimension) - 2 + 3
    assert (of_site[tag, "x"], of_site[tag, "y"]) == ([1, 1, 1, 0], [1, 1, 1, 0])
    assert of_site[event, "play"] == [0, 0, 0, 2]


def test_fields_that_cannot_be_read_are_set_aside() -> None:
    marks = {f"m\t{name}": "1" for name in ("token", "number", "parent", "epoch", "fields")}
    wrong = {
        f"c\t{DAY}\t5\t1\t/a\ttoo\tfew": "1",
        f"c\t{DAY}\t5\t64\t/a\t{values()}": "1",
        f"c\t{DAY}\t5\t1\t/a\t{values()}\0": "1",
        f"v\t{DAY}\t5\t1\t/a": "1",
        f"e\t{DAY}\t5\t/a": "-1",
        "x\t1": "1",
        "l\trules": "many",
    }
    delta = parse_delta(marks | wrong | {f"c\t{DAY}\t5\t1\t/a\t{values()}": "2"})

    assert delta.unreadable == wrong
    assert list(delta.hits.values()) == [2]
    assert delta.rules == Rules()
