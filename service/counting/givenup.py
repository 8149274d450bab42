"""
Hits of sites that were given up: until when they are dropped, as SQL says.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterable

from service.counting.houses import House
from service.errors import LuotError

log = logging.getLogger(__name__)


class GivenUp:
    """
    What an owner knows of sites that were given up.
    """

    def __init__(self, house: House) -> None:
        self._house = house
        self._is_known = False
        #: For each site the time until which its hits are dropped, in ms; journals look here.
        self.until: dict[str, int] = {}

    async def ask_once(self) -> None:
        """
        It is known, unless SQL is away; then the next look asks.
        """
        if not self._is_known:
            await self.ask()

    async def ask(self) -> None:
        """
        What is known is new.
        """
        try:
            self.until.update(await asyncio.to_thread(self._house.purged))
            self._is_known = True
        except LuotError as error:
            log.warning("nobody says which sites were given up", extra={"why": str(error)})

    async def may_trim(self) -> bool:
        """
        Whether it is as late as it seems, so that what is old may go; what is given up is new.
        """
        await self.ask()
        doubt = await asyncio.to_thread(self._house.clock_doubt)
        if doubt:
            log.warning("journals are not trimmed", extra={"why": doubt})
        return not doubt


async def watermarks_of(house: House, sites: Iterable[str]) -> dict[str, dict[str, int]]:
    """
    For each producer and site the ``seq`` up to which SQL has its batches.
    """
    marks: dict[str, dict[str, int]] = defaultdict(dict)
    for site in sites:
        told = await asyncio.to_thread(house.watermarks, site)
        for producer, seq in told.items():
            marks[producer][site] = seq
    return marks
