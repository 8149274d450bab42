"""
Framing behind the nginx that is shipped: what it sends on, Luot reads as nginx does.

The settings are those of ``config/nginx.conf``; only folders, the port and Luot's address differ.
"""

import subprocess
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.journeys.serving import free_port
from tests.journeys.sockets import (
    BODY,
    CHUNKED,
    CLOSE,
    HOST,
    LENGTH,
    PAGE,
    ROOT,
    Server,
    post,
    running,
    statuses,
)
from tests.servers import until
from tests.tools import program

#: A hit that hides in the body of another request.
HIDDEN = post(CLOSE + LENGTH)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """
    A Luot behind nginx; what is sent goes to nginx.
    """
    nginx, folder = program("nginx", "nginx"), tmp_path_factory.mktemp("nginx")
    # Its workers are nobody, and need the folders on the way to theirs.
    for part in (folder, *folder.parents[:3]):
        part.chmod(0o755)
    with running(tmp_path_factory.mktemp("server")) as luot:
        port = free_port()
        told = (ROOT / "config" / "nginx.conf").read_text(encoding="utf-8")
        for old, new in (
            ("/tmp/", f"{folder}/"),  # noqa: S108 - its own folder instead
            ("/dev/stdout", f"{folder}/access.log"),
            ("server luot:8000", f"server 127.0.0.1:{luot.port}"),
            ("listen 8080", f"listen 127.0.0.1:{port}"),
            ("worker_processes auto", "worker_processes 1"),
        ):
            assert old in told
            told = told.replace(old, new)
        settings = folder / "nginx.conf"
        settings.write_text(told, encoding="utf-8")
        with (folder / "error.log").open("w") as errors:
            process = subprocess.Popen(
                [nginx, "-p", str(folder), "-c", str(settings), "-g", "daemon off;"],
                stderr=errors,
            )
        behind = replace(luot, port=port, process=process)
        try:
            until(behind.answers, 20)
            yield behind
        finally:
            process.terminate()
            process.wait(20)


@pytest.mark.parametrize(
    "request_",
    [
        post(CLOSE + LENGTH + CHUNKED, BODY + HIDDEN),
        post(CHUNKED + LENGTH, b"0\r\n\r\n" + HIDDEN),
        post(LENGTH + b"Content-Length: 3\r\n", BODY + HIDDEN),
        post(b"Transfer-Encoding: xchunked\r\n", BODY + HIDDEN),
        post(b"Transfer-Encoding: chunked, identity\r\n", b"0\r\n\r\n" + HIDDEN),
        post(CHUNKED + CHUNKED, b"0\r\n\r\n" + HIDDEN),
        post(CHUNKED, b"zz\r\n" + BODY + b"\r\n0\r\n\r\n" + HIDDEN),
        post(CHUNKED, b"%x\r\n%sXX0\r\n\r\n" % (len(BODY), BODY) + HIDDEN),
        *(post(b"Content-Length: %s\r\n" % n, BODY + HIDDEN) for n in (b"+5", b"-1", b"0x5")),
        post(LENGTH, host=HOST + b"Host: evil\r\n", body=BODY + HIDDEN),
        post(LENGTH, host=b"Host : luot.example\r\n", body=BODY + HIDDEN),
        post(b"X-A: a\0b\r\n" + LENGTH, BODY + HIDDEN),
    ],
)
def test_what_the_two_could_read_differently_is_read_by_neither(
    server: Server, request_: bytes
) -> None:
    views = server.views()
    told = server.send(request_)

    assert {400, 501} >= set(statuses(told)[:1])
    assert len(statuses(told)) <= 1
    assert server.views() == views


@pytest.mark.parametrize(
    ("first", "views"),
    [
        # A body that looks like a request is a body.
        (b"GET /healthz HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n%s", 1),
        (b"GET /nope HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n%s", 1),
        (b"POST /nope HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n%s", 1),
        (b"POST /hit HTTP/1.1\r\n" + HOST + PAGE + b"Content-Length: %d\r\n\r\n%s", 1),
    ],
)
def test_a_request_that_hides_in_a_body_is_not_found(
    server: Server, first: bytes, views: int
) -> None:
    before = server.views()
    told = server.send(first % (len(HIDDEN), HIDDEN) + HIDDEN)

    assert len(statuses(told)) == 2
    assert statuses(told)[1] == 204
    assert server.views() - before == views


def test_chunks_are_sent_on_whole(server: Server) -> None:
    before = server.views()
    body = b"%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n" % (7, BODY[:7], len(BODY) - 7, BODY[7:])
    told = server.send(post(CHUNKED, body) + HIDDEN)

    assert ([204, 204], 2) == (statuses(told), server.views() - before)


def test_nobody_can_say_through_nginx_who_they_are(server: Server) -> None:
    """
    The page's own ``X-Forwarded-For`` is replaced, so all of these are one visitor.
    """
    for number in range(3):
        forged = PAGE.replace(b"203.0.113.7", b"203.0.113.%d" % number)
        assert statuses(server.send(HIDDEN.replace(PAGE, forged))) == [204]
    told = server.send(b"GET /counters?site=s1 HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n")

    assert b'"visitors":{"today":1,' in told


def test_metrics_stay_inside(server: Server) -> None:
    told = server.send(b"GET /metrics HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n")

    assert statuses(told) == [404]
