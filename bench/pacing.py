"""
Load at a steady rate, with the time that a request had to wait before it could be sent.

A program of its own, ``python -m bench.pacing``: reads a ``Pace`` as JSON from standard input and
writes when each request was due and how long after that it was answered. The schedule is made
beforehand and does not wait for answers: while a server stands still, requests go on being due,
and each of them counts from then on. A timer of the kernel wakes the program for each request,
because Python's own waiting is only good to a millisecond.
"""

import ctypes
import json
import os
import re
import select
import socket
import subprocess
import sys
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from itertools import islice

from bench.traffic import hits

#: Linux: a clock that only goes forward, and a timer that is never waited for.
_CLOCK_MONOTONIC, _TFD_NONBLOCK = 1, 0o4000

#: Seconds that the last answers have, and that a first connection takes at most.
PATIENCE = 10.0

#: Asked once over each connection before it is used.
_GREETING = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Pace:
    """
    What is sent: so many requests a second, for so long, over so many connections.
    """

    port: int
    rate: float
    seconds: float
    connections: int
    seed: int


@dataclass(frozen=True, slots=True)
class Paced:
    """
    What became of a run. Times are of the machine's monotonic clock, in ns.
    """

    #: For each answer when its request was due, and how long after that it was there, in ns.
    answers: list[tuple[int, int]]
    #: Requests that were answered with a status of 400 and above, or not at all.
    bad: int

    def between(self, began: int, ended: int) -> list[int]:
        """
        The waits of requests that were due in this span.
        """
        return [wait for due, wait in self.answers if began <= due < ended]

    @property
    def waits(self) -> list[int]:
        """
        All waits, in ns.
        """
        return [wait for _, wait in self.answers]


def start(pace: Pace) -> subprocess.Popen[str]:
    """
    The program runs and its first request is due; ``finish`` gets what it found.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.pacing"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    if process.stdin is not None:
        process.stdin.write(json.dumps(asdict(pace)))
        process.stdin.close()
    if process.stdout is None or process.stdout.readline() != "begun\n":
        raise RuntimeError("the load at a steady rate did not begin")
    return process


def finish(process: subprocess.Popen[str]) -> Paced:
    """
    What a program that was started came to.

    :raises RuntimeError: it failed
    """
    if process.stdout is None:
        raise RuntimeError("the program has no output")
    with process.stdout as stdout:
        told = stdout.read()
    if process.wait():
        raise RuntimeError("the load at a steady rate failed")
    found = json.loads(told)
    return Paced([(due, wait) for due, wait in found["answers"]], found["bad"])


@dataclass(slots=True)
class _Run:
    pace: Pace
    poll: select.epoll = field(default_factory=select.epoll)
    #: Used in turns: a server with threads gives one to each connection that says nothing.
    free: deque[socket.socket] = field(default_factory=deque)
    #: By file number: the socket and when the request on it was due.
    busy: dict[int, tuple[socket.socket, int]] = field(default_factory=dict)
    #: Requests that were due when no connection was free.
    late: deque[int] = field(default_factory=deque)
    answers: list[tuple[int, int]] = field(default_factory=list)
    bad: int = 0

    def connect(self) -> None:
        for _ in range(self.pace.connections):
            self.connect_one()

    def connect_one(self) -> None:
        made = socket.create_connection(("127.0.0.1", self.pace.port), timeout=PATIENCE)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        made.sendall(_GREETING)
        read_whole(made)
        made.setblocking(False)
        self.poll.register(made, select.EPOLLIN)
        self.free.append(made)

    def go(self) -> None:
        count = int(self.pace.rate * self.pace.seconds)
        requests = iter([hit.request() for hit in islice(hits(self.pace.seed), count)])
        gap = int(1_000_000_000 / self.pace.rate)
        timer = _timer(gap)
        self.poll.register(timer, select.EPOLLIN)
        os.write(1, b"begun\n")
        begin = time.monotonic_ns() + gap
        sent = 0
        limit = begin + int((self.pace.seconds + PATIENCE) * 1_000_000_000)
        while (sent < count or self.busy or self.late) and time.monotonic_ns() < limit:
            for number, _ in self.poll.poll(1):
                if number == timer:
                    os.read(timer, 8)
                else:
                    self.take(number)
            now = time.monotonic_ns()
            while sent < count and begin + sent * gap <= now:
                self.late.append(begin + sent * gap)
                sent += 1
            while self.free and self.late:
                self.send(next(requests))
        os.close(timer)
        self.bad += len(self.busy) + len(self.late)

    def send(self, request: bytes) -> None:
        made = self.free.popleft()
        made.send(request)
        self.busy[made.fileno()] = made, self.late.popleft()

    def take(self, number: int) -> None:
        if number not in self.busy:
            self.mind_free(number)
            return
        made, due = self.busy.pop(number)
        answer = made.recv(65_536)
        self.answers.append((due, time.monotonic_ns() - due))
        if not answer.startswith(b"HTTP/1.1 20"):
            self.bad += 1
        if answer:
            self.free.append(made)
        else:
            self.replace(made)

    def mind_free(self, number: int) -> None:
        made = next(one for one in self.free if one.fileno() == number)
        # A refusal's body may come after its head; nothing at all is the server's good-bye.
        if not made.recv(65_536):
            self.free.remove(made)
            self.replace(made)

    def replace(self, made: socket.socket) -> None:
        self.poll.unregister(made)
        made.close()
        self.connect_one()

    def close(self) -> None:
        for made in [*self.free, *(made for made, _ in self.busy.values())]:
            made.close()
        self.poll.close()


def read_whole(connection: socket.socket) -> bytes:
    """
    One answer with its body, which servers may send apart from its head.
    """
    answer = b""
    while more := connection.recv(65_536):
        answer += more
        head, end, body = answer.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)^content-length: *(\d+)", head, re.MULTILINE)
        if end and len(body) >= (int(length[1]) if length else 0):
            break
    return answer


class _Moment(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class _Interval(ctypes.Structure):
    _fields_ = (("every", _Moment), ("first", _Moment))


def _timer(gap: int) -> int:
    """
    A file that can be read each time another gap has passed.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    timer = int(libc.timerfd_create(_CLOCK_MONOTONIC, _TFD_NONBLOCK))
    moment = _Moment(*divmod(gap, 1_000_000_000))
    interval = _Interval(moment, moment)
    if timer < 0 or libc.timerfd_settime(timer, 0, ctypes.byref(interval), None):
        raise OSError(ctypes.get_errno(), "no timer")
    return timer


def main() -> None:
    """
    Runs what standard input asks for.
    """
    run = _Run(Pace(**json.load(sys.stdin)))
    try:
        run.connect()
        run.go()
    finally:
        run.close()
    json.dump({"answers": run.answers, "bad": run.bad}, sys.stdout)


if __name__ == "__main__":
    main()
