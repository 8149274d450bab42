"""
Clients that are slow on purpose: what they cost the others, and when they are put out.
"""

import socket
import time
from collections.abc import Iterator

import pytest

from tests.journeys.sockets import BODY, CLOSE, HOST, Server, post, received, running, statuses

pytestmark = pytest.mark.alone

#: How many of each kind hold a connection: 500 in all.
EACH = 125

#: Seconds in which an honest client is answered, 99 times in 100.
HONEST_SECONDS = 0.25

#: Below what one visitor may send in a minute.
HONEST_REQUESTS = 250


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("server")) as here:
        yield here


def slow_clients(server: Server) -> list[socket.socket]:
    """
    Some say nothing, some begin a head, some begin a body, some only keep what they opened.
    """
    batch = post(b"Content-Length: 400000\r\n", b"[").replace(b"/hit", b"/api/v1/hits")
    begun = [b"", b"POST /hit HTTP/1.1\r\nHo", post(b"Content-Length: 900\r\n", b"{"), batch]
    clients = []
    for told in begun:
        for _ in range(EACH):
            client = server.connect()
            client.sendall(told)
            clients.append(client)
    return clients


def test_five_hundred_slow_clients_slow_nobody_down(server: Server) -> None:
    assert statuses(server.send(post())) == [204]
    views = server.views()
    slow = slow_clients(server)
    length = b"Content-Length: %d\r\n" % len(BODY)
    took = []
    with server.connect() as honest:
        for _ in range(HONEST_REQUESTS):
            begun = time.perf_counter()
            honest.sendall(post(length))
            assert statuses(honest.recv(65_536)) == [204]
            took.append(time.perf_counter() - begun)
    # Those whom Flask answers are served, too.
    assert statuses(server.send(b"GET /healthz HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n")) == [200]
    for client in slow:
        client.close()

    assert sorted(took)[HONEST_REQUESTS * 99 // 100] < HONEST_SECONDS
    assert server.views() - views == HONEST_REQUESTS


def test_who_says_nothing_for_ten_seconds_is_put_out(server: Server) -> None:
    views = server.views()
    wanted = {b"": [], b"POST /hit HTTP/1.1\r\nHo": [408]}
    wanted[post(b"Content-Length: 900\r\n", b"{")] = [408]
    begun = time.monotonic()
    waiting = {told: server.connect() for told in wanted}
    for told, here in waiting.items():
        here.sendall(told)
    answered = {told: statuses(received(here)) for told, here in waiting.items()}
    for here in waiting.values():
        here.close()

    assert wanted == answered
    assert 5 < time.monotonic() - begun < 13
    assert server.views() == views
