"""
A link between a process and its store that does what networks do: it loses, delays and cuts.

It stands on a Unix socket in front of another one. Whatever a connection suffered it keeps: one
that went silent stays silent when the link is whole again, and only new ones pass.
"""

import contextlib
import random
import socket
import threading
from enum import StrEnum
from pathlib import Path

from tests.faults.waits import last

#: What a call that counts looks like on the wire.
RECORD = b"luot_v1_record"

_CHUNK = 1 << 18


class Mode(StrEnum):
    """
    What happens to whatever is sent.
    """

    WHOLE = "whole"
    #: Nothing arrives in either direction, and nobody is told.
    SILENT = "silent"
    #: Connections are reset as soon as something is sent.
    RESET = "reset"
    #: Each chunk waits.
    SLOW = "slow"
    #: Three chunks in ten come as late as TCP's first, second … repetition of a lost segment.
    LOSSY = "lossy"


class _Pair:
    """
    The two sockets of a connection.
    """

    def __init__(self, near: socket.socket, far: socket.socket) -> None:
        self.near, self.far = near, far
        #: Whether the replies to come are lost, and whether the sender is told by a close.
        self.loses = False
        self.closes = False
        self.is_silent = False

    def close(self) -> None:
        """
        Both ends are told.
        """
        for end in (self.near, self.far):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


class Link:
    """
    Forwards between ``socket`` and the one behind it, as its mode says.
    """

    def __init__(self, path: Path, behind: Path, seed: int = 0) -> None:
        self.socket = path
        self.mode = Mode.WHOLE
        self.delay = 0.0
        #: Replies that were lost after what was asked had been done.
        self.swallowed = 0
        self._behind = behind
        self._random = random.Random(seed)
        self._to_swallow = 0
        self._needle = RECORD
        self._closes = True
        self._lock = threading.Lock()
        self._pairs: set[_Pair] = set()
        path.unlink(missing_ok=True)
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        path.chmod(0o777)
        self._server.listen(256)
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def swallow(self, many: int, needle: bytes = RECORD, *, closes: bool = True) -> None:
        """
        The replies to the next so many requests that hold ``needle`` are lost.

        :param closes: whether the connection is closed then; else it goes silent
        """
        with self._lock:
            self._to_swallow, self._needle, self._closes = many, needle, closes

    @property
    def still_to_swallow(self) -> int:
        """
        Replies that are still to be lost.
        """
        return self._to_swallow

    def point_to(self, behind: Path) -> None:
        """
        New connections lead there.
        """
        self._behind = behind

    def cut(self) -> None:
        """
        Every connection is closed; new ones come in.
        """
        with self._lock:
            pairs = list(self._pairs)
        for pair in pairs:
            pair.close()

    def silence(self) -> None:
        """
        Every connection, and each new one until ``heal``, is there and carries nothing.
        """
        with self._lock:
            self.mode = Mode.SILENT
            for pair in self._pairs:
                pair.is_silent = True

    def heal(self) -> None:
        """
        New connections pass.
        """
        with self._lock:
            self.mode, self.delay, self._to_swallow = Mode.WHOLE, 0.0, 0

    def close(self) -> None:
        """
        Nobody listens, nothing is open.
        """
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join(5)
        self.cut()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._server.accept()
                far = socket.socket(socket.AF_UNIX)
                pair = _Pair(near, far)
                pair.is_silent = self.mode is Mode.SILENT
                try:
                    if not pair.is_silent:
                        far.connect(str(self._behind))
                except OSError:
                    pair.close()
                    continue
                with self._lock:
                    self._pairs.add(pair)
                for pump in (self._up, self._down):
                    threading.Thread(target=self._pump, args=[pump, pair], daemon=True).start()

    def _pump(self, pump: object, pair: _Pair) -> None:
        assert callable(pump)
        with contextlib.suppress(OSError, ValueError):
            pump(pair)
        pair.close()
        with self._lock:
            self._pairs.discard(pair)

    def _up(self, pair: _Pair) -> None:
        while asked := pair.near.recv(_CHUNK):
            if self.mode is Mode.RESET:
                return
            if pair.is_silent:
                continue
            with self._lock:
                if self._to_swallow and self._needle in asked:
                    self._to_swallow -= 1
                    pair.loses, pair.closes = True, self._closes
            self._wait()
            pair.far.sendall(asked)

    def _down(self, pair: _Pair) -> None:
        if pair.is_silent:
            # It has no other end: whatever is said is heard, above, by nobody.
            while not self._server.fileno() < 0 and pair.near.fileno() >= 0:
                last(0.1)
            return
        while answer := pair.far.recv(_CHUNK):
            if self.mode is Mode.RESET:
                return
            if pair.loses:
                with self._lock:
                    self.swallowed += 1
                if pair.closes:
                    return
                pair.loses, pair.is_silent = False, True
            if not pair.is_silent:
                self._wait()
                pair.near.sendall(answer)

    def _wait(self) -> None:
        if self.mode is Mode.SLOW:
            last(self.delay)
        elif self.mode is Mode.LOSSY:
            waits, late = 0.2, 0.0
            while self._random.random() < 0.3 and late < 3:
                late, waits = late + waits, waits * 2
            if late:
                last(late)
