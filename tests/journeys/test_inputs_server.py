"""
What is wrong below the doors: requests that are no HTTP, through a real server and a raw socket.
"""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis

from service.archive.databases import Database
from service.archive.migrating import migrate
from service.archive.tokens import Scope, create_token
from tests import servers
from tests.conftest import CHROME, settings_for
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


def chunks(*parts: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)


SMUGGLED = post(b"X-Smuggled: 1\r\n" + LENGTH)


@dataclass
class Server:
    """
    A gunicorn that serves Luot, seen from a socket.
    """

    port: int
    store: redis.Redis
    token: str

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


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
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
                "LUOT_REDIS_URL": valkey.url,
                "PROMETHEUS_MULTIPROC_DIR": str(folder / "metrics"),
            },
            stderr=lines,
        )
        try:
            running = Server(port, valkey.client, token)
            servers.until(running.answers, 60)
            yield running
        finally:
            process.terminate()
            process.wait(30)
    assert "unforeseen" not in log.read_text()
    assert "Traceback" not in log.read_text()


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (post(CLOSE + LENGTH + CHUNKED, chunks(BODY) + b"0\r\n\r\n"), 400),
        (post(CLOSE + LENGTH + LENGTH), 400),
        (post(CLOSE + LENGTH + b"Content-Length: 3\r\n"), 400),
        *((post(CLOSE + b"Content-Length: %s\r\n" % n), 400) for n in (b"+5", b"-1", b"1e1", b"")),
        *(
            (post(CLOSE + b"Content-Length: %s\r\n" % n), 400)
            for n in (b"0x5", b"5,5", b"\xef\xbc\x91")
        ),
        (post().replace(b"\r\n", b"\n"), 400),
        (post(b"X-A: a\nX-B: b\r\n" + CLOSE + LENGTH), 400),
        (post(b"X-A: a\r\n b\r\n" + CLOSE + LENGTH), 400),
        (post(host=b"Host : luot.example\r\n"), 400),
        (post(host=HOST + HOST), 400),
        (post(host=HOST + b"Host: evil\r\n"), 400),
        (post(b"X-A: a\0b\r\n" + CLOSE + LENGTH), 400),
        (post().replace(b"Mozilla", b"Mozilla\0"), 400),
        (post().replace(b"/hit", b"/hit\0"), 400),
        (post().replace(b"POST", b"PO ST"), 400),
        (post().replace(b"HTTP/1.1", b"HTTP/2.0"), 400),
        (post(CLOSE + b"Transfer-Encoding: xchunked\r\n"), 501),
        (post(CLOSE + b"Transfer-Encoding: chunked, identity\r\n"), 400),
        (post().replace(b"/hit", b"/hit?" + 5_000 * b"a"), 414),
        (post(b"X-A: " + 9_000 * b"a" + b"\r\n" + CLOSE + LENGTH), 431),
        (post(b"".join(b"X-%d: a\r\n" % n for n in range(101)) + CLOSE + LENGTH), 431),
        (b"\x16\x03\x01\x02\x00\x01\xfc\x03\x03" * 20 + b"\r\n\r\n", 400),
    ],
)
def test_what_is_no_http_reaches_no_door(server: Server, request_: bytes, status: int) -> None:
    views = server.views()
    told = server.send(request_)

    assert statuses(told) == [status]
    assert b"Traceback" not in told
    assert server.views() == views


@pytest.mark.parametrize(
    "body",
    [
        b"zz\r\n" + BODY + b"\r\n0\r\n\r\n",
        b"-5\r\n" + BODY + b"\r\n0\r\n\r\n",
        b"%x\r\n%sXX0\r\n\r\n" % (len(BODY), BODY),
        chunks(BODY) + b"0\r\nbad trailer\r\n\r\n",
        b"\r\n" + chunks(BODY) + b"0\r\n\r\n",
    ],
)
def test_a_body_in_broken_chunks_is_refused_and_hides_no_second_hit(
    server: Server, body: bytes
) -> None:
    views = server.views()
    told = server.send(post(CHUNKED, body + SMUGGLED + SMUGGLED))

    assert set(statuses(told)) <= {400}
    assert statuses(told)
    assert server.views() == views


def test_a_body_in_chunks_counts(server: Server) -> None:
    views = server.views()
    told = server.send(post(CLOSE + CHUNKED, chunks(BODY[:7], BODY[7:]) + b"0\r\n\r\n"))

    assert (statuses(told), server.views() - views) == ([204], 1)


def test_chunks_without_end_are_cut_off_at_the_cap(server: Server) -> None:
    views = server.views()
    endless = chunks(b"{" + b" " * 4_095, *(40 * (b" " * 4_096,)))
    told = server.send(post(CHUNKED, endless))

    assert statuses(told) == [413]
    assert b'{"error":"size"}' in told
    assert server.views() == views


@pytest.mark.parametrize("door", ["/hit", "/api/v1/hits"])
def test_a_connection_that_is_cut_inside_the_body_counts_nothing(server: Server, door: str) -> None:
    views = server.views()
    body = BODY if door == "/hit" else b"[" + BODY[:-1] + b',"user_agent":"Mozilla/5.0"}]'
    token = b"Authorization: Bearer " + server.token.encode() + b"\r\n"
    kind = b"Content-Type: application/json\r\n"
    # What has come is a whole hit; only the announced length tells that more was to follow.
    told = server.send_and_leave(
        post(CLOSE + token + kind + b"Content-Length: 8000\r\n", body).replace(
            b"/hit", door.encode()
        )
    )

    assert statuses(told) == [400]
    assert server.views() == views


@pytest.mark.parametrize(
    "request_",
    [
        b"GET http://evil/hit.gif?site=s1&path=/a HTTP/1.1\r\n" + HOST + CLOSE,
        b"GET HTTP://evil:80/hit.gif?site=s1&path=/a HTTP/1.1\r\n" + HOST + CLOSE,
        b"GET http://evil/hit.gif?site=s1&path=/a HTTP/1.1\r\nHost: evil\r\n" + CLOSE,
        b"GET /hit.gif?site=s1&path=/a HTTP/1.1\r\nHost: evil\r\n" + CLOSE,
        b"GET /hit.gif?site=s1&path=/a HTTP/1.1\r\n" + CLOSE,
        b"GET /hit.gif?site=s1&path=/a HTTP/1.0\r\n",
        b"GET /hit.gif?site=s1&path=/a HTTP/1.1\r\nHost:\r\n" + CLOSE,
    ],
)
def test_a_request_for_another_host_is_refused(server: Server, request_: bytes) -> None:
    views = server.views()
    told = server.send(request_ + PAGE + b"\r\n")

    assert statuses(told) == [400]
    assert b"rejected; reason=host" in told
    assert server.views() == views


def test_a_request_for_the_own_host_by_its_whole_url_counts(server: Server) -> None:
    line = b"GET http://luot.example/hit.gif?site=s1&path=/a HTTP/1.1\r\n"
    told = server.send(line + HOST + CLOSE + PAGE + b"\r\n")

    assert statuses(told) == [200]
    assert b"luot-result: counted" in told.lower()


def test_a_hit_and_its_repeat_on_one_connection_are_one_hit(server: Server) -> None:
    views = server.views()
    body = BODY[:-1] + b',"id":"1234567890123456"}'
    length = b"Content-Length: %d\r\n" % len(body)
    told = server.send(post(length, body) + post(CLOSE + length, body))

    assert statuses(told) == [204, 204]
    assert told.index(b"luot-result: counted") < told.index(b"luot-result: duplicate")
    assert server.views() - views == 1


def test_what_follows_a_body_that_is_too_long_is_not_mixed_up_with_it(server: Server) -> None:
    views = server.views()
    body = BODY + b" " * 8_200
    told = server.send(post(b"Content-Length: %d\r\n" % len(body), body) + post())

    assert statuses(told) in ([413], [413, 204])
    assert server.views() - views == len(statuses(told)) - 1
