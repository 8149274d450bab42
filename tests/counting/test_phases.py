"""
The functions that give a site back to Redis: fenced by epoch, and each step by the one before.
"""

from collections.abc import Sequence
from typing import Any

import pytest

from service.counting import phases
from service.counting.keys import SiteKeys
from service.errors import SiteNotOpen
from tests.conftest import Luot, MakeLuot

KEYS = SiteKeys("s1")


def call(luot: Luot, function: str, keys: Sequence[str], *args: object) -> Any:
    return luot.runtime.store.call(function, [KEYS.state, *keys], list(args))


def begin(luot: Luot, epoch: int) -> None:
    phases.begin(luot.runtime.store, "s1", epoch)


def test_a_site_that_is_given_back_has_what_was_loaded_and_nothing_else(luot: Luot) -> None:
    luot.hit("/old")
    begin(luot, 2)
    phases.clear(luot.runtime.store, "s1", 2)
    call(luot, "load", [KEYS.state], 2, "views", 7, "visits", 3, "visitors", 2)
    call(luot, "load", [KEYS.pages], 2, "/a", "7 3 2 2026-11-22 7 0 0 0")
    call(luot, "finish", [], 2, "a head", "count", 0)
    call(luot, "advance", [], 2, "count", "open", 0)

    shown = luot.counters("/a", "/old")
    assert (7, 3) == (shown["views"]["total"], shown["visits"]["total"])
    assert (7, 0) == tuple(shown["pages"][path]["views"] for path in ("/a", "/old"))
    status = luot.runtime.store.status("s1")
    assert (2, "open", "a head") == (status.epoch, status.phase, status.tip)


@pytest.mark.parametrize("epoch", [0, 1])
def test_no_restore_begins_under_an_epoch_that_is_not_above(luot: Luot, epoch: int) -> None:
    luot.hit("/a")

    with pytest.raises(SiteNotOpen):
        begin(luot, epoch)
    assert 1 == luot.counters("/a")["pages"]["/a"]["views"]


def test_a_restore_that_another_took_over_goes_no_further(luot: Luot) -> None:
    luot.hit("/a")
    begin(luot, 2)
    begin(luot, 3)

    for function, keys, args in (
        ("load", [KEYS.state], ("views", 9)),
        ("finish", [], ("h", "open", 0)),
    ):
        with pytest.raises(SiteNotOpen):
            call(luot, function, keys, 2, *args)


def test_nothing_is_counted_or_shown_while_a_site_is_given_back(make_luot: MakeLuot) -> None:
    luot = make_luot(redis_wait_ms=200)
    luot.hit("/a")
    luot.snapshot()
    begin(luot, 2)

    assert "queued" == luot.hit("/a").headers["Luot-Result"]
    assert luot.counters("/a")["stale"]


def test_a_phase_that_is_over_already_is_left_alone(luot: Luot) -> None:
    luot.hit("/a")

    assert "open" == call(luot, "advance", [], 1, "remember", "count", 0)
