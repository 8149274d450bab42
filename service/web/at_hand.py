"""
Numbers that many ask for at once: each is asked for once and shown for a second.

Lists of articles ask for twenty pages each, and hardly two of them for the same twenty. So what is
held is not an answer but its parts: the site, and each page that somebody asked for. While one
call is under way, whoever asks for more waits, and all they lack goes together in the next call.

The parts of one answer come from one second. The site's is the newest of them, so that no page
has more views than its site. Where few ask, each is told the numbers of this very moment.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from service.counting.counters import Caps, page_bodies, site_body
from service.errors import Reason, Rejected
from service.intake.sites import Site
from service.runtime import Shown
from service.web.questions import Question

#: Seconds for which a number is shown again.
SHOWN_SECONDS = 1.0

#: Questions a second, of one process, above which numbers are shown again.
BUSY = 300

#: Pages of a site that are held, and pages of one call.
MOST_HELD, MOST_ASKED = 10_000, 500

Ask = Callable[[Site, Sequence[str]], Awaitable[Shown | None]]
NowMs = Callable[[], int]


class Second:
    """
    What was asked for about one site since its numbers were last thrown away.
    """

    def __init__(self, site: Site, until: float) -> None:
        self.site = site
        self.until = until
        #: The JSON of the site's part without its closing brace; empty until the first call.
        self.head = b""
        #: By path, the JSON of the page's part.
        self.pages: dict[str, bytes] = {}
        self.wanted: dict[str, None] = {}
        self.call: asyncio.Task[None] | None = None

    def body(self, asked: Question) -> bytes:
        """
        The answer, once nothing is missing.
        """
        told = [
            msgspec.json.encode(path) + b":" + self.pages[page]
            for path, page in zip(asked.paths, asked.pages, strict=True)
        ]
        return self.head + b',"pages":{' + b",".join(told) + b"}}"

    def want(self, asked: Question) -> bool:
        """
        Whether something is missing; it will be in the next call.
        """
        missing = [page for page in asked.pages if page not in self.pages]
        self.wanted.update(dict.fromkeys(missing))
        return bool(missing) or not self.head


class AtHand:
    """
    The numbers of the last second, by site.

    :param ask: the numbers of a site and some of its pages, as they are now
    :param seconds: for which a number is shown again when many ask
    :param busy: questions a second above which that is so
    """

    def __init__(
        self,
        ask: Ask,
        caps: Caps,
        now_ms: NowMs,
        seconds: float = SHOWN_SECONDS,
        busy: float = BUSY,
    ) -> None:
        self._ask = ask
        self._caps = caps
        self._now_ms = now_ms
        self._seconds = seconds
        self._busy = busy
        #: Questions since a moment, and how many there were in the second before.
        self._asked, self._since, self._rate = 0, 0.0, 0.0
        self._sites: dict[str, Second] = {}

    async def body(self, asked: Question) -> bytes:
        """
        The body of ``/counters``, JSON.

        :raises Rejected: storage, when there are no numbers anywhere
        """
        second = self._second(asked.site)
        while second.want(asked):
            if second.call is None:
                second.call = asyncio.ensure_future(self._fill(second))
                second.call.add_done_callback(_heard)
            # One who leaves does not take the numbers away from those who wait.
            await asyncio.shield(second.call)
        return second.body(asked)

    def _second(self, site: Site) -> Second:
        now = asyncio.get_running_loop().time()
        if not self._is_busy(now):
            return Second(site, now)
        held = self._sites.get(site.id)
        if held is None or now >= held.until or len(held.pages) >= MOST_HELD:
            held = self._sites[site.id] = Second(site, now + self._seconds)
        return held

    def _is_busy(self, now: float) -> bool:
        if now - self._since >= 1:
            self._rate = self._asked / (now - self._since)
            self._asked, self._since = 0, now
        self._asked += 1
        return max(self._asked, self._rate) > self._busy

    async def _fill(self, second: Second) -> None:
        pages = list(second.wanted)[:MOST_ASKED]
        try:
            self._put(second, pages, await self._ask(second.site, pages))
        except BaseException:
            # Whoever comes next shall not be told what was true a moment ago.
            second.until = 0.0
            raise
        finally:
            second.call = None

    def _put(self, second: Second, pages: Sequence[str], shown: Shown | None) -> None:
        if shown is None:
            raise Rejected(Reason.STORAGE, status=503)
        site, now, stale = second.site, self._now_ms(), shown.stale
        encode = msgspec.json.encode
        second.head = encode(site_body(site, shown.numbers, now, stale=stale))[:-1]
        told = page_bodies(site, shown.numbers, self._caps, now, stale=stale)
        for page, body in zip(pages, told, strict=True):
            second.pages[page] = encode(body)
            second.wanted.pop(page, None)


def _heard(call: asyncio.Task[None]) -> None:
    """
    A failure that nobody waits for any more is none.
    """
    if not call.cancelled():
        call.exception()
