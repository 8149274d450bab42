"""
``GET /live`` as deployed: events while somebody counts, and streams that end with the server.
"""

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.sockets import HOST, Server, post, received, running, statuses

LISTEN = b"GET /live?site=s1&path=/a HTTP/1.1\r\n" + HOST + b"\r\n"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with running(tmp_path) as here:
        yield here


def read_until(here: socket.socket, last: bytes) -> bytes:
    told = b""
    while last not in told:
        part = here.recv(65_536)
        assert part, told
        told += part
    return told


def numbers(told: bytes) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(told.rpartition(b"data: ")[2].partition(b"\n")[0])
    return body


def test_a_stream_tells_every_change_and_ends_with_the_server(server: Server) -> None:
    assert statuses(server.send(post())) == [204]
    with server.connect() as one, server.connect() as other:
        for here in (one, other):
            here.sendall(LISTEN)
        first = [read_until(here, b"}}}\n\n") for here in (one, other)]
        assert statuses(server.send(post())) == [204]
        second = [read_until(here, b"}}}\n\n") for here in (one, other)]
        begun = time.monotonic()
        server.process.terminate()
        ends = [received(here) for here in (one, other)]
        server.process.wait(20)
        took = time.monotonic() - begun

    for told in first:
        assert b"text/event-stream" in told
        assert b"x-accel-buffering: no" in told.lower()
        assert b"access-control-allow-origin: *" in told.lower()
        assert b"cache-control: no-store" in told.lower()
        assert b"retry: 5000\nid: 20" in told
        assert numbers(told)["pages"]["/a"]["views"] == 1
    for told in second:
        assert numbers(told)["pages"]["/a"]["views"] == 2
    # The stream ends as one does that is over, so the page comes back for the next.
    assert ends == [b"0\r\n\r\n", b"0\r\n\r\n"]
    assert took < 10


def test_a_listener_that_left_is_asked_about_no_more(server: Server) -> None:
    assert statuses(server.send(post())) == [204]
    with server.connect() as here:
        here.sendall(LISTEN)
        read_until(here, b"}}}\n\n")
    seen = -1
    while (calls := _asked(server)) != seen:
        seen = calls
        _wait_a_round(server)

    assert _asked(server) == seen > 0


def _asked(server: Server) -> int:
    # Who is online is a part of the numbers, and of nothing else.
    return int(server.store.info("commandstats").get("cmdstat_zcount", {}).get("calls", 0))


def _wait_a_round(server: Server) -> None:
    """
    Longer than it takes until the numbers are looked at again.
    """
    with server.connect() as here:
        here.settimeout(1.5)
        try:
            here.recv(1)
        except TimeoutError:
            return
