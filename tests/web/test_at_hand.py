import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest

from service.counting.counters import Caps
from service.counting.numbers import PageNumbers, SiteNumbers, Tally
from service.errors import Rejected
from service.intake.sites import Site
from service.runtime import Shown
from service.settings import SiteSettings
from service.web.at_hand import AtHand
from service.web.questions import Question

SITE = Site.of("s1", SiteSettings(name="Site one", hosts=["s1.example"]))
CAPS = Caps(1_000_000, 50_000)
NOON_MS = 1_795_348_800_000


class Redis:
    """
    Numbers that grow with each call, which waits until it is let go.
    """

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.gate = asyncio.Event()
        self.is_asked = asyncio.Event()
        self.is_away = False

    async def shown(self, _site: Site, pages: Sequence[str]) -> Shown | None:
        self.calls.append(list(pages))
        views = len(self.calls)
        self.is_asked.set()
        await self.gate.wait()
        if self.is_away:
            return None
        page = PageNumbers(Tally(views, 1, 1), "2026-11-22", views, 0, 0, 0)
        numbers = SiteNumbers(
            Tally(views, 1, 1), 0, 0, NOON_MS, 1, {}, tuple(page for _ in pages), len(pages)
        )
        return Shown(numbers, stale=False)


def question(*paths: str) -> Question:
    return Question(SITE, paths, paths)


async def asked(at_hand: AtHand, *paths: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(await at_hand.body(question(*paths)))
    return told


def test_what_is_asked_while_a_call_is_under_way_goes_together_in_the_next() -> None:
    async def main() -> None:
        redis = Redis()
        at_hand = AtHand(redis.shown, CAPS, lambda: NOON_MS, seconds=60, busy=0)
        first = asyncio.ensure_future(asked(at_hand, "/a"))
        await redis.is_asked.wait()
        later = [
            asyncio.ensure_future(asked(at_hand, *paths))
            for paths in (("/a", "/b"), ("/c",), ("/b", "/c"), ())
        ]
        asyncio.get_running_loop().call_soon(redis.gate.set)
        told = await asyncio.gather(first, *later)

        assert [["/a"], ["/b", "/c"]] == [sorted(call) for call in redis.calls]
        assert [{"/a"}, {"/a", "/b"}, {"/c"}, {"/b", "/c"}, set()] == [
            set(one["pages"]) for one in told
        ]

    asyncio.run(main())


def test_no_page_has_more_views_than_its_site() -> None:
    async def main() -> None:
        redis = Redis()
        redis.gate.set()
        at_hand = AtHand(redis.shown, CAPS, lambda: NOON_MS, seconds=60, busy=0)
        for paths in (("/a",), ("/a", "/b"), ("/b", "/c", "/a")):
            told = await asked(at_hand, *paths)
            pages = told["pages"]
            assert list(paths) == list(pages)
            assert told["views"]["total"] == max(page["views"] for page in pages.values())

        assert [["/a"], ["/b"], ["/c"]] == redis.calls

    asyncio.run(main())


def test_after_its_time_a_number_is_asked_for_anew() -> None:
    async def main() -> None:
        redis = Redis()
        redis.gate.set()
        at_hand = AtHand(redis.shown, CAPS, lambda: NOON_MS, seconds=0, busy=0)
        told = [await asked(at_hand, "/a") for _ in range(3)]

        assert [1, 2, 3] == [one["pages"]["/a"]["views"] for one in told]

    asyncio.run(main())


def test_where_there_are_no_numbers_everybody_hears_it_and_the_next_asks_again() -> None:
    async def main() -> None:
        redis = Redis()
        redis.is_away = True
        at_hand = AtHand(redis.shown, CAPS, lambda: NOON_MS, seconds=60, busy=0)
        both = [asyncio.ensure_future(asked(at_hand, path)) for path in ("/a", "/b")]
        await redis.is_asked.wait()
        redis.gate.set()
        told = await asyncio.gather(*both, return_exceptions=True)
        assert [Rejected, Rejected] == [type(one) for one in told]
        assert 1 == len(redis.calls)

        redis.is_away = False
        assert {"/a"} == set((await asked(at_hand, "/a"))["pages"])

    asyncio.run(main())


def test_who_leaves_takes_nothing_from_those_who_wait() -> None:
    async def main() -> None:
        redis = Redis()
        at_hand = AtHand(redis.shown, CAPS, lambda: NOON_MS, seconds=60, busy=0)
        leaves, stays = (asyncio.ensure_future(asked(at_hand, "/a")) for _ in range(2))
        await redis.is_asked.wait()
        leaves.cancel()
        redis.gate.set()

        assert {"/a"} == set((await stays)["pages"])
        with pytest.raises(asyncio.CancelledError):
            await leaves

    asyncio.run(main())


def test_where_few_ask_each_is_told_the_numbers_of_this_moment() -> None:
    async def main() -> None:
        redis = Redis()
        redis.gate.set()
        at_hand = AtHand(redis.shown, CAPS, lambda: NOON_MS, seconds=60, busy=3)
        told = [(await asked(at_hand, "/a"))["pages"]["/a"]["views"] for _ in range(6)]

        assert [1, 2, 3, 4, 4, 4] == told

    asyncio.run(main())
