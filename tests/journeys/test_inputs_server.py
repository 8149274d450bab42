"""
What is wrong below the doors: requests that are no HTTP, through a real server and a raw socket.
"""

from collections.abc import Iterator

import pytest

from tests.journeys.sockets import (
    BODY,
    CHUNKED,
    CLOSE,
    HOST,
    LENGTH,
    PAGE,
    Server,
    post,
    running,
    statuses,
)


def chunks(*parts: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)


SMUGGLED = post(b"X-Smuggled: 1\r\n" + LENGTH)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("server")) as here:
        yield here


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


def test_an_offer_to_speak_something_else_is_passed_over(server: Server) -> None:
    offer = b"GET /healthz HTTP/1.1\r\n" + HOST + b"Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n"

    assert statuses(server.send_and_leave(offer)) in ([200], [200, 400])
