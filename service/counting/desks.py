"""
A desk: where the hits of one site wait until they are in a batch, and until it is settled.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from service.counting.outcomes import Recorded, Wish, queued, recorded
from service.counting.wire import LARGEST_BATCH, Item
from service.intake.hits import Hit
from service.intake.sites import Site


@dataclass(slots=True)
class Ticket:
    """
    Items that arrived together, and somebody who waits to hear what became of them.
    """

    items: Sequence[Item]
    wish: Wish
    future: asyncio.Future[Recorded]

    @property
    def name(self) -> str:
        """
        The digest of the name that all of its items came under; empty where they have none.
        """
        return self.items[0].batch if self.items else ""

    def answer(self, said: Recorded) -> None:
        """
        Whoever waits is told, unless they went away or were told before.
        """
        if not self.future.done():
            self.future.set_result(said)

    def refuse(self, error: Exception) -> None:
        """
        Whoever waits is told that nothing was kept.
        """
        if not self.future.done():
            self.future.set_exception(error)


@dataclass(slots=True)
class Group:
    """
    The tickets of one batch.
    """

    site: Site
    tickets: list[Ticket]

    @property
    def items(self) -> list[Item]:
        """
        All items, in the order of their places in the batch.
        """
        return [item for ticket in self.tickets for item in ticket.items]

    @property
    def online_since_ms(self) -> int | None:
        """
        The wish for numbers of those who have one.
        """
        asked = (ticket.wish.online_since_ms for ticket in self.tickets)
        return next((since for since in asked if since is not None), None)

    def answer(self, said: Recorded) -> None:
        """
        Each ticket is told its part.
        """
        place = page = 0
        for ticket in self.tickets:
            hits = sum(isinstance(item, Hit) for item in ticket.items)
            numbers = said.numbers
            if numbers is not None:
                wanted = ticket.wish.online_since_ms is not None
                pages = numbers.pages[page : page + hits]
                numbers = replace(numbers, pages=pages) if wanted else None
            ticket.answer(Recorded(said.results[place : place + len(ticket.items)], numbers))
            place, page = place + len(ticket.items), page + hits

    def refuse(self, error: Exception) -> None:
        """
        Every ticket is told that nothing was kept.
        """
        for ticket in self.tickets:
            ticket.refuse(error)


class Desk:
    """
    The hits of one site that wait to be gathered.
    """

    def __init__(self, site: Site) -> None:
        self.site = site
        self._tickets: deque[Ticket] = deque()

    def __bool__(self) -> bool:
        """
        Whether anything waits.
        """
        return bool(self._tickets)

    def add(self, ticket: Ticket) -> None:
        """
        The ticket waits.
        """
        self._tickets.append(ticket)

    def gather(self) -> Group:
        """
        The next batch: what came first, at most 500 items, and of one name never two copies.

        Redis looks at a name once for a whole batch, so a copy in the same would count again.
        """
        taken: list[Ticket] = []
        names: set[str] = set()
        room = LARGEST_BATCH
        while self._tickets and (len(self._tickets[0].items) <= room or not taken):
            name = self._tickets[0].name
            if name in names:
                break
            if name:
                names.add(name)
            taken.append(self._tickets.popleft())
            room -= len(taken[-1].items)
        return Group(self.site, taken)


class Waiting:
    """
    The batches of one lane that somebody still waits for.
    """

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._groups: dict[int, tuple[Group, asyncio.TimerHandle]] = {}
        self._on_change = on_change

    def __bool__(self) -> bool:
        """
        Whether anybody waits.
        """
        return bool(self._groups)

    def add(self, seq: int, group: Group, seconds: float) -> None:
        """
        The group is told what becomes of its batch, or after so many seconds that it is queued.
        """
        timer = asyncio.get_running_loop().call_later(seconds, self._expire, seq)
        self._groups[seq] = group, timer

    def settled(self, seq: int, reply: list[Any]) -> None:
        """
        Redis has the batch; whoever waits for it is told.
        """
        found = self._groups.get(seq)
        if found is not None:
            group, timer = found
            # Should the reply make no sense, the time that is set still ends the waiting.
            said = recorded(reply, _is_hit(group))
            del self._groups[seq]
            timer.cancel()
            group.answer(said)
        self._on_change()

    def known(self, last: int) -> None:
        """
        Redis has every batch up to this ``seq``; whoever waits for one of them is told.
        """
        for seq in [seq for seq in self._groups if seq <= last]:
            self.settled(seq, ["known", str(last)])

    def away(self) -> None:
        """
        Everybody is told that what they wait for is queued.
        """
        for seq in list(self._groups):
            self._expire(seq)

    def _expire(self, seq: int) -> None:
        group, timer = self._groups.pop(seq)
        timer.cancel()
        group.answer(queued(_is_hit(group)))
        self._on_change()


def _is_hit(group: Group) -> list[bool]:
    return [isinstance(item, Hit) for item in group.items]
