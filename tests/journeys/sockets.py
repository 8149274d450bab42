"""
A gunicorn that serves Luot as deployed, seen from raw sockets.
"""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis

from service.archive.databases import Database
from service.archive.migrating import migrate
from service.archive.tokens import Scope, create_token
from tests import servers
from tests.conftest import CHROME, settings_for
from tests.databases import databases
from tests.journeys.serving import free_port

ROOT = Path(__file__).parents[2]

SETTINGS = """
trusted_proxies = 1
workers = 1
access_log = false
public_hosts = ["luot.example"]
[sites.s1]
name = "Site one"
hosts = ["s1.example"]
"""

BODY = b'{"site":"s1","path":"/a"}'
HOST = b"Host: luot.example\r\n"
PAGE = b"".join(
    (
        *(b"User-Agent: ", CHROME.encode(), b"\r\nOrigin: https://s1.example\r\n"),
        b"X-Forwarded-For: 203.0.113.7\r\n",
    )
)
CLOSE, CHUNKED = b"Connection: close\r\n", b"Transfer-Encoding: chunked\r\n"
LENGTH = b"Content-Length: %d\r\n" % len(BODY)


def post(headers: bytes = CLOSE + LENGTH, body: bytes = BODY, host: bytes = HOST) -> bytes:
    return b"POST /hit HTTP/1.1\r\n" + host + PAGE + headers + b"\r\n" + body


@dataclass
class Server:
    """
    A gunicorn that serves Luot, seen from a socket.
    """

    port: int
    store: redis.Redis
    token: str
    process: subprocess.Popen[bytes]

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=15)

    def answers(self) -> bool:
        try:
            return self.send(b"GET /healthz HTTP/1.0\r\n" + HOST + b"\r\n").startswith(b"HTTP/1.")
        except OSError:
            return False

    def send(self, request: bytes) -> bytes:
        """
        Everything that is answered until the server closes.
        """
        with self.connect() as here:
            try:
                here.sendall(request)
            except OSError:
                # It closed while it was told more than it would hear.
                return received(here)
            return received(here)

    def send_and_leave(self, request: bytes) -> bytes:
        """
        What is answered when nothing more will follow.
        """
        with self.connect() as here:
            here.sendall(request)
            here.shutdown(socket.SHUT_WR)
            return received(here)

    def views(self) -> int:
        return int(self.store.hget("luot:{s1}:state", "views") or 0)


def received(here: socket.socket) -> bytes:
    told = b""
    try:
        while part := here.recv(65_536):
            told += part
    except ConnectionResetError:
        return told
    return told


def statuses(told: bytes) -> list[int]:
    return [int(found) for found in re.findall(rb"HTTP/1\.[01] (\d{3}) ", told)]


@contextmanager
def running(folder: Path) -> Iterator[Server]:
    """
    A server with one worker, which logs nothing that it did not foresee.
    """
    (folder / "luot.toml").write_text(SETTINGS)
    (folder / "metrics").mkdir()
    log = folder / "gunicorn.log"
    with servers.valkey() as valkey, log.open("w") as lines:
        database = Database.of(settings_for(folder, valkey.url))
        migrate(database)
        token = create_token(database, "s1", Scope.WRITE, 0)
        database.close()
        port = free_port()
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.conf.py"),
                *("-b", f"127.0.0.1:{port}"),
            ],
            cwd=ROOT,
            env={
                **os.environ,
                "LUOT_CONFIG": str(folder / "luot.toml"),
                "LUOT_DATA_DIR": str(folder),
                **databases.variables(folder),
                "LUOT_REDIS_URL": valkey.url,
                "PROMETHEUS_MULTIPROC_DIR": str(folder / "metrics"),
            },
            stderr=lines,
        )
        try:
            server = Server(port, valkey.client, token, process)
            servers.until(server.answers, 60)
            yield server
        finally:
            process.terminate()
            process.wait(40)
    assert "unforeseen" not in log.read_text()
    assert "Traceback" not in log.read_text()
