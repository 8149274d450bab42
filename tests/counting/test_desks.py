"""
Hits wait at a desk, go together, and each sender hears its own part.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from msgspec.structs import replace

from service.counting.desks import Desk, Group, Ticket, Waiting
from service.counting.numbers import SiteNumbers
from service.counting.outcomes import Recorded, Wish
from service.counting.wire import LARGEST_BATCH, Item, Result
from service.errors import StoreUnavailable
from service.intake.hits import Filter, Filtered
from tests.conftest import Luot
from tests.counting.builders import a_hit


@pytest.fixture
def hit(luot: Luot) -> Item:
    return a_hit(luot, "/a")


@pytest.fixture
def filtered(luot: Luot) -> Item:
    site = luot.runtime.sites["s1"]
    return Filtered("s1", Filter.BOT, site.moment(luot.clock.ms), "")


def a_ticket(items: list[Item], wish: Wish | None = None) -> Ticket:
    return Ticket(items, wish or Wish(), asyncio.get_running_loop().create_future())


def in_a_loop(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), 10))


def test_a_batch_is_what_came_first_and_never_more_than_fits(luot: Luot, hit: Item) -> None:
    async def gather() -> None:
        desk = Desk(luot.runtime.sites["s1"])
        sizes = [1, LARGEST_BATCH - 1, 300, 201, LARGEST_BATCH]
        for size in sizes:
            desk.add(a_ticket([hit] * size))
        gathered = []
        while desk:
            gathered.append([len(ticket.items) for ticket in desk.gather().tickets])

        assert [[1, LARGEST_BATCH - 1], [300], [201], [LARGEST_BATCH]] == gathered

    in_a_loop(gather)


def test_copies_of_a_named_batch_never_share_a_batch(luot: Luot, hit: Item) -> None:
    # Redis looks at its name once, before the first of its hits: a copy there would count.
    one, other = (replace(a_hit(luot, "/a"), batch=name) for name in ("one", "other"))

    async def gather() -> None:
        desk = Desk(luot.runtime.sites["s1"])
        told: list[list[Item]] = [[one, one], [hit], [other], [one], [hit], [other]]
        for items in told:
            desk.add(a_ticket(items))
        gathered = []
        while desk:
            gathered.append([len(ticket.items) for ticket in desk.gather().tickets])

        assert [[2, 1, 1], [1, 1, 1]] == gathered

    in_a_loop(gather)


def numbers(*pages: Any) -> SiteNumbers:
    """
    Numbers of a site of which a desk only deals out the pages.
    """
    found = object.__new__(SiteNumbers)
    for name in SiteNumbers.__slots__:
        object.__setattr__(found, name, pages if name == "pages" else None)
    return found


def test_each_ticket_hears_its_own_part(luot: Luot, hit: Item, filtered: Item) -> None:
    async def answer() -> None:
        wish = Wish(online_since_ms=7)
        tickets = [
            a_ticket([hit, filtered], wish),
            a_ticket([hit]),
            a_ticket([filtered, hit, hit], wish),
        ]
        group = Group(luot.runtime.sites["s1"], tickets)
        words = list(Result)[:6]
        group.answer(Recorded(tuple(words), numbers("a", "b", "c", "d")))
        said = [ticket.future.result() for ticket in tickets]

        assert 7 == group.online_since_ms
        assert [tuple(words[:2]), tuple(words[2:3]), tuple(words[3:])] == [s.results for s in said]
        shown: list[object] = [s.numbers and s.numbers.pages for s in said]
        assert [("a",), None, ("c", "d")] == shown

    in_a_loop(answer)


def test_who_went_away_stops_nobody(luot: Luot, hit: Item) -> None:
    async def answer() -> None:
        gone, here, refused = (a_ticket([hit]) for _ in range(3))
        gone.future.cancel()
        Group(luot.runtime.sites["s1"], [gone, here]).answer(
            Recorded((Result.COUNTED, Result.DUPLICATE))
        )
        Group(luot.runtime.sites["s1"], [gone, here, refused]).refuse(StoreUnavailable("late"))

        assert (Result.DUPLICATE,) == here.future.result().results
        assert isinstance(refused.future.exception(), StoreUnavailable)

    in_a_loop(answer)


def test_who_waits_too_long_is_told_that_it_is_queued(
    luot: Luot, hit: Item, filtered: Item
) -> None:
    async def wait() -> None:
        changed = asyncio.Event()
        waiting = Waiting(changed.set)
        ticket = a_ticket([hit, filtered])
        waiting.add(1, Group(luot.runtime.sites["s1"], [ticket]), 0.01)
        said = await ticket.future
        waiting.settled(1, ["applied", ["counted", "filtered"], False])

        assert (Result.QUEUED, Result.FILTERED) == said.results
        assert (True, False) == (changed.is_set(), bool(waiting))

    in_a_loop(wait)


def test_what_is_settled_or_away_is_told_at_once(luot: Luot, hit: Item) -> None:
    async def wait() -> None:
        waiting = Waiting(lambda: None)
        first, second = a_ticket([hit]), a_ticket([hit])
        waiting.add(1, Group(luot.runtime.sites["s1"], [first]), 60)
        waiting.add(2, Group(luot.runtime.sites["s1"], [second]), 60)
        waiting.settled(1, ["applied", ["duplicate"], False])
        still = bool(waiting)
        waiting.away()

        assert (Result.DUPLICATE,) == first.future.result().results
        assert (Result.QUEUED,) == second.future.result().results
        assert (True, False) == (still, bool(waiting))

    in_a_loop(wait)


def test_a_reply_that_makes_no_sense_leaves_nobody_waiting(luot: Luot, hit: Item) -> None:
    async def wait() -> None:
        waiting = Waiting(lambda: None)
        ticket = a_ticket([hit])
        waiting.add(1, Group(luot.runtime.sites["s1"], [ticket]), 0.01)
        with pytest.raises(ValueError, match="nonsense"):
            waiting.settled(1, ["applied", ["nonsense"], False])

        assert (Result.QUEUED,) == (await ticket.future).results

    in_a_loop(wait)
