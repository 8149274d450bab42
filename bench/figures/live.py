"""
Memory that an open ``/live`` connection takes in one worker, against an idle one.

5,000 readers wait for numbers at the same time. What the worker's memory grew by is divided by
their number; then a hit is counted, and each of them has to hear of it. Beside it as many idle
connections are open to an empty server of the same kind. Each round has fresh workers, because
memory that one round gave back would serve the next. Bound: at most 20 KiB each.
"""

import resource
import select
import socket
import time
from contextlib import ExitStack

from bench import traffic
from bench.feeding import feed
from bench.homes import Front, Home, deployed_front, empty_front, home
from bench.load import LoadError
from bench.plans import Plan
from bench.processes import rss_bytes
from bench.rounds import alternate
from bench.rows import Bound, Row, Side, Subject

#: Connections that are open at once, and the KiB that each may take.
CONNECTIONS, ALLOWED = 5_000, 20.0

#: Files that this program has besides, and seconds that an answer may take.
OTHER_FILES, PATIENCE = 200, 30.0

#: Seconds after which a stream that is still open is one that stays.
STAYING = 1.0

_LIVE = f"GET /live?site={traffic.SITE}&path=/a HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
_IDLE = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"

_BOUND = Bound(Side.AT_MOST, ALLOWED, Subject.OURS)
_WHAT = f"memory of each of {CONNECTIONS:,} open /live connections, 1 worker"
_AGAINST = "idle connection to an empty server"


def measure(plan: Plan) -> list[Row]:
    """
    One row.
    """
    with home(plan, "home", workers=1) as at:
        missing = _missing(at)
        if missing:
            return [Row("live", _WHAT, _AGAINST, "KiB", _BOUND, missing=missing)]
        pairs = alternate(plan.few_rounds, lambda: _ours(at), lambda: _beside(at))
    note = f"each of {CONNECTIONS:,} heard of a hit"
    return [Row("live", _WHAT, _AGAINST, "KiB", _BOUND, pairs.ours, pairs.beside, notes=[note])]


def _missing(at: Home) -> str:
    """
    Why it cannot be measured, if that is so; as many files as are needed may be open otherwise.
    """
    wanted = CONNECTIONS + OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        return f"not measured: this user may open {hard} files, and {wanted} are needed"
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    with deployed_front(at) as front, socket.create_connection(("127.0.0.1", front.port)) as probe:
        probe.settimeout(STAYING)
        probe.sendall(_LIVE)
        try:
            while said := probe.recv(65_536):
                if b" 404 " in said.partition(b"\r\n")[0]:
                    return "not there: the front has no /live"
        except TimeoutError:
            return ""
    return "not there: the front closes /live at once"


def _ours(at: Home) -> float:
    token = at.token("write")
    with deployed_front(at) as front, ExitStack() as stack:
        feed(front, token, traffic.hits(time.monotonic_ns()), 1)
        before = rss_bytes(front.workers()[0])
        readers = _connect(stack, front, _LIVE)
        grown = rss_bytes(front.workers()[0]) - before
        # A hit changes the site's number, and every reader has to hear of it.
        feed(front, token, traffic.hits(time.monotonic_ns()), 1)
        _hear(readers)
    return grown / CONNECTIONS / 1024


def _beside(at: Home) -> float:
    with empty_front(at) as front, ExitStack() as stack:
        before = rss_bytes(front.workers()[0])
        _connect(stack, front, _IDLE)
        return (rss_bytes(front.workers()[0]) - before) / CONNECTIONS / 1024


def _connect(stack: ExitStack, front: Front, request: bytes) -> list[socket.socket]:
    """
    So many connections are open, and each has been answered once.
    """
    readers = []
    for _ in range(CONNECTIONS):
        reader = stack.enter_context(socket.create_connection(("127.0.0.1", front.port), PATIENCE))
        reader.sendall(request)
        readers.append(reader)
    _hear(readers)
    # A stream's first event may come apart from its head.
    for reader in readers:
        reader.setblocking(False)
        try:
            reader.recv(65_536)
        except BlockingIOError:
            continue
    return readers


def _hear(readers: list[socket.socket]) -> None:
    """
    Each of them has received something.

    :raises LoadError: one did not, or was closed
    """
    poll, waiting = select.epoll(), {reader.fileno(): reader for reader in readers}
    for reader in readers:
        poll.register(reader, select.EPOLLIN)
    limit = time.monotonic() + PATIENCE
    while waiting and time.monotonic() < limit:
        for number, _ in poll.poll(1):
            reader = waiting.pop(number)
            poll.unregister(reader)
            if not reader.recv(65_536):
                raise LoadError("a connection was closed")
    poll.close()
    if waiting:
        raise LoadError(f"{len(waiting)} of {len(readers)} connections heard nothing")
