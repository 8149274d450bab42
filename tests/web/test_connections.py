"""
Connections of a server that begins to stop.
"""

import signal
import socket
from pathlib import Path

import pytest

from tests.journeys.sockets import LENGTH, post, received, running, statuses
from tests.servers import until

pytestmark = pytest.mark.alone


def test_an_idle_connection_is_answered_once_more_when_the_server_stops(tmp_path: Path) -> None:
    with running(tmp_path) as server, server.connect() as used, server.connect() as unused:
        used.sendall(post(LENGTH))
        first = used.recv(65_536)
        server.process.send_signal(signal.SIGTERM)
        until(lambda: not _takes_connections(server.port))
        told = []
        for here in (used, unused):
            here.sendall(post(LENGTH))
            told.append(received(here))

        assert [204] == statuses(first)
        assert [[204], [204]] == [statuses(one) for one in told]
        assert all(b"\r\nconnection: close\r\n" in one for one in told)
        assert 3 == server.views()


def _takes_connections(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
