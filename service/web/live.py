"""
``GET /live``: the numbers of ``/counters`` as a stream, with an event whenever one changes.

What many watch is asked for once: a round a second goes over the questions that somebody listens
to, one after the other, so that listeners of many pages slow the round down and not Redis. A
listener is told the newest numbers only; nothing is kept for one who does not read.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from service.errors import LuotError, Reason, Rejected
from service.web.bodies import Receive
from service.web.bridge import Send
from service.web.events import HEARTBEAT, event, opening
from service.web.questions import Question

#: Seconds between two looks at the numbers.
ROUND_SECONDS = 1.0

#: Seconds without an event after which a stream says that it is still there.
QUIET_SECONDS = 15.0

#: Seconds that a listener may take to read what was sent before.
PATIENCE_SECONDS = 10.0

#: Streams of one process.
LARGEST_AUDIENCE = 5_000

#: Bytes that wait for a listener until nothing more is sent.
LARGEST_BUFFER = 4_096

Key = tuple[str, tuple[str, ...]]
Ask = Callable[[Question], Awaitable[dict[str, object]]]


class Channel:
    """
    A question and those who listen to its answer.
    """

    def __init__(self, asked: Question) -> None:
        self.asked = asked
        self.listeners: set[Listener] = set()
        self.told = b""
        self._plain = b""

    def tell(self, numbers: dict[str, object]) -> None:
        """
        Every listener will send these numbers, unless they are those it sent last.
        """
        plain = msgspec.json.encode(numbers)
        if plain == self._plain:
            return
        self._plain, self.told = plain, event(numbers)
        for listener in self.listeners:
            listener.wake()


class Listener:
    """
    One stream: what it has sent, and what wakes it.
    """

    __slots__ = ("_future", "is_gone")

    def __init__(self) -> None:
        self.is_gone = False
        self._future: asyncio.Future[None] | None = None

    def wake(self) -> None:
        """
        There is something to do.
        """
        if self._future is not None and not self._future.done():
            self._future.set_result(None)

    def leave(self) -> None:
        """
        The client has left, or the process stops.
        """
        self.is_gone = True
        self.wake()

    async def wait(self) -> bool:
        """
        Whether it was woken before it had been quiet for too long.
        """
        loop = asyncio.get_running_loop()
        self._future = loop.create_future()
        timer = loop.call_later(QUIET_SECONDS, self._future.cancel)
        try:
            await self._future
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            return False
        finally:
            timer.cancel()
            self._future = None
        return True


class Live:
    """
    The streams of one process.

    :param ask: the present numbers; raises ``LuotError`` when there are none
    """

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._channels: dict[Key, Channel] = {}
        #: Channels that wait for their first numbers; thousands may come back at one moment.
        self._opening: dict[Key, asyncio.Task[Channel]] = {}
        self._rounds: asyncio.Task[None] | None = None
        self._audience = 0
        self._is_closed = False

    async def first(self, asked: Question) -> Channel:
        """
        The channel of a question, which has something to tell.

        :raises Rejected: limit, when too many listen; storage, when there are no numbers
        """
        if self._audience >= LARGEST_AUDIENCE or self._is_closed:
            raise Rejected(Reason.LIMIT, status=503)
        key = _key(asked)
        channel = self._channels.get(key)
        if channel is not None:
            return channel
        if key not in self._opening:
            task = self._opening[key] = asyncio.ensure_future(self._open(asked))
            task.add_done_callback(lambda _: self._opening.pop(key))
        return await asyncio.shield(self._opening[key])

    async def stream(
        self, channel: Channel, scope: dict[str, Any], receive: Receive, send: Send
    ) -> None:
        """
        Sends events until the client leaves, reads too slowly, or the process stops.
        """
        transport = scope.get("extensions", {}).get("luot.transport")
        if transport is not None:
            transport.set_write_buffer_limits(high=LARGEST_BUFFER)
        channel, listener = self._enter(channel)
        watch = asyncio.ensure_future(_watch(receive, listener))
        try:
            await self._send_events(channel, listener, send)
        except TimeoutError:
            if transport is not None:
                transport.abort()
        finally:
            watch.cancel()
            self._leave(channel, listener)

    def close(self) -> None:
        """
        Every stream ends now, and none begins.
        """
        self._is_closed = True
        for channel in self._channels.values():
            for listener in channel.listeners:
                listener.leave()

    async def _send_events(self, channel: Channel, listener: Listener, send: Send) -> None:
        sent, part = channel.told, opening() + channel.told
        while not listener.is_gone:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await send({"type": "http.response.body", "body": part, "more_body": True})
            if channel.told is sent and not listener.is_gone:
                was_woken = await listener.wait()
                part = b"" if was_woken else HEARTBEAT
            if channel.told is not sent:
                sent = part = channel.told
        if self._is_closed:
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _open(self, asked: Question) -> Channel:
        channel = Channel(asked)
        channel.tell(await self._ask(asked))
        return channel

    def _enter(self, channel: Channel) -> tuple[Channel, Listener]:
        """
        The listener, and the channel that its question has had since another came first.
        """
        channel = self._channels.setdefault(_key(channel.asked), channel)
        listener = Listener()
        channel.listeners.add(listener)
        self._audience += 1
        if self._is_closed:
            listener.leave()
        if self._rounds is None or self._rounds.done():
            self._rounds = asyncio.ensure_future(self._go_round())
        return channel, listener

    def _leave(self, channel: Channel, listener: Listener) -> None:
        channel.listeners.discard(listener)
        self._audience -= 1
        if not channel.listeners:
            self._channels.pop(_key(channel.asked), None)

    async def _go_round(self) -> None:
        loop = asyncio.get_running_loop()
        while self._channels and not self._is_closed:
            begun = loop.time()
            for channel in list(self._channels.values()):
                # Without numbers the last ones stand; the page is not told of every bad second.
                with contextlib.suppress(LuotError):
                    channel.tell(await self._ask(channel.asked))
            await asyncio.sleep(max(0.0, begun + ROUND_SECONDS - loop.time()))


def _key(asked: Question) -> Key:
    return asked.site.id, asked.paths


async def _watch(receive: Receive, listener: Listener) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    listener.leave()
