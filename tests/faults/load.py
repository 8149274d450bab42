"""
Readers: clients on raw sockets that send hits, remember what was said, and ask again if told to.

Everything that is about to be sent is noted and on disk first; the clients that send in the same
moment share one sync. How many clients there are, how fast they go and for how long is bounded.
"""

import asyncio
import json
import random
import threading
import time
from dataclasses import dataclass

from tests.conftest import CHROME
from tests.faults.ledger import Fate, Hit, Ledger

#: Seconds after which a client gives an answer up.
PATIENCE = 8.0

#: Hits that one load sends at most, whatever happens.
LARGEST_LOAD = 400_000


@dataclass(frozen=True, slots=True)
class Manner:
    """
    How clients behave.
    """

    clients: int = 8
    #: Seconds between an answer and the client's next hit.
    pace: float = 0.02
    #: Whether a hit that was not acknowledged is sent again under its id until it is.
    retries: bool = True
    #: Seconds between two attempts.
    again: float = 0.1
    keeps_alive: bool = True
    #: How often each hit is sent at once, at most; more than 1 is a storm of copies.
    copies: int = 1


_CLOSE = "Connection: close\r\n"


class NoAnswer(Exception):
    """
    Nobody knows what became of an attempt.
    """


class NotSent(Exception):
    """
    An attempt never left.
    """


class _Connection:
    """
    A client's connection, opened when it is needed.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: bytes) -> tuple[int, dict[str, str], bytes]:
        """
        Status, headers and body.
        """
        reader, writer = await self._open()
        try:
            async with asyncio.timeout(PATIENCE):
                writer.write(request)
                await writer.drain()
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                status, headers = _parsed(head)
                body = await reader.readexactly(int(headers.get("content-length", "0")))
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
            self.close()
            raise NoAnswer(type(error).__name__) from error
        if headers.get("connection", "").lower() == "close" or b"Connection: close" in request:
            self.close()
        return status, headers, body

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is None:
            try:
                async with asyncio.timeout(PATIENCE):
                    self._streams = await asyncio.open_connection("127.0.0.1", self._port)
            except (OSError, TimeoutError) as error:
                raise NotSent from error
        return self._streams

    def close(self) -> None:
        """
        The next question opens a new one.
        """
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None


def _parsed(head: str) -> tuple[int, dict[str, str]]:
    first, *lines = head.split("\r\n")
    rows = (line.partition(":") for line in lines if line)
    return int(first.split(" ")[1]), {name.lower(): value.strip() for name, _, value in rows}


def hit_request(hit: Hit, label: str, *, keeps_alive: bool = True) -> bytes:
    """
    The bytes of a hit.
    """
    told = {"site": hit.site, "path": hit.path, "id": f"{label}-{hit.number}"}
    body = json.dumps(told).encode()
    head = (
        f"POST /hit HTTP/1.1\r\nHost: localhost\r\nOrigin: https://{hit.site}.example\r\n"
        f"User-Agent: {CHROME}\r\nX-Forwarded-For: {hit.address}\r\nContent-Type: text/plain\r\n"
        f"Content-Length: {len(body)}\r\n{'' if keeps_alive else _CLOSE}\r\n"
    )
    return head.encode() + body


class Load:
    """
    Clients that run from ``start`` to ``finish``, in a thread of their own.
    """

    def __init__(self, port: int, label: str, ledger: Ledger, manner: Manner, seed: int) -> None:
        self._port, self._label, self._ledger, self._manner = port, label, ledger, manner
        self._random = random.Random(seed)
        self._ends = threading.Event()
        self._gives_up_at = float("inf")
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="load")
        self._failure: BaseException | None = None

    def start(self) -> "Load":
        """
        Hits are being sent.
        """
        self._thread.start()
        return self

    def finish(self, drain: float = 30.0) -> None:
        """
        No new hit is sent; those that are to be sent again were, for so many seconds at most.
        """
        self._gives_up_at = time.monotonic() + drain
        self._ends.set()
        self._thread.join(drain + 4 * PATIENCE)
        assert not self._thread.is_alive(), "a client hangs"
        if self._failure is not None:
            raise self._failure

    async def _run(self) -> None:
        self._unsynced: list[asyncio.Future[None]] = []
        self._wake = asyncio.Event()
        syncing = asyncio.create_task(self._keep_synced())
        try:
            await asyncio.gather(*(self._client() for _ in range(self._manner.clients)))
        except BaseException as error:  # noqa: BLE001 - told to whoever waits for the load
            self._failure = error
        finally:
            syncing.cancel()

    async def _keep_synced(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            waiting, self._unsynced = self._unsynced, []
            await asyncio.to_thread(self._ledger.sync)
            for future in waiting:
                if not future.done():
                    future.set_result(None)

    async def _on_disk(self) -> None:
        future = asyncio.get_running_loop().create_future()
        self._unsynced.append(future)
        self._wake.set()
        await future

    async def _client(self) -> None:
        connections = [_Connection(self._port) for _ in range(self._manner.copies)]
        while not self._ends.is_set() and len(self._ledger.hits) < LARGEST_LOAD:
            hit = self._ledger.draw()
            while True:
                await self._attempt_all(connections, hit)
                if hit.fate is Fate.ACKED or not self._manner.retries:
                    break
                if time.monotonic() > self._gives_up_at:
                    break
                await _pause(self._manner.again)
            if self._manner.pace:
                await _pause(self._manner.pace * self._random.uniform(0.5, 1.5))
        for connection in connections:
            connection.close()

    async def _attempt_all(self, connections: list[_Connection], hit: Hit) -> None:
        many = self._random.randint(1, len(connections))
        await asyncio.gather(*(self._attempt(c, hit) for c in connections[:many]))

    async def _attempt(self, connection: _Connection, hit: Hit) -> None:
        self._ledger.note_attempt(hit)
        await self._on_disk()
        began = time.monotonic()
        request = hit_request(hit, self._label, keeps_alive=self._manner.keeps_alive)
        try:
            status, headers, _ = await connection.ask(request)
        except NotSent:
            self._ledger.note_refused(hit)
        except NoAnswer as error:
            self._ledger.note_unknown(hit, str(error))
        else:
            result = headers.get("luot-result", "")
            self._ledger.note_answer(hit, status, result, time.monotonic() - began)


async def _pause(seconds: float) -> None:
    """
    Time passes.
    """
    never = asyncio.get_running_loop().create_future()
    await asyncio.wait([never], timeout=seconds)
    never.cancel()
