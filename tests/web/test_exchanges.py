from collections.abc import Iterator

import pytest

from service.web.exchanges import _head
from tests.journeys.sockets import BODY, LENGTH, Server, post, received, running, statuses


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("exchanges")) as server:
        yield server


def test_a_head_is_what_it_was_told_and_nothing_more() -> None:
    expected = b"HTTP/1.1 204 No Content\r\nluot-result: counted\r\nvary: Origin\r\n"
    assert expected == _head(204, (("Luot-Result", "counted"), ("Vary", "Origin")))


@pytest.mark.parametrize(
    "header", [("A", "b\r\nC: d"), ("A\r\nB", "c"), ("A: b", "c"), ("A", "\n")]
)
def test_a_header_that_would_be_two_is_refused(header: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="not a header"):
        _head(200, (header,))


def test_answers_to_pipelined_hits_come_in_order_and_each_has_one_head(server: Server) -> None:
    views = server.views()
    refused = post(LENGTH).replace(b'"s1"', b'"s2"')
    told = server.send(post(LENGTH) + refused + post())

    assert [204, 404, 204] == statuses(told)
    assert 3 == told.count(b"\r\ndate: ") == told.count(b"\r\nx-content-type-options: nosniff\r\n")
    assert 1 == told.count(b"\r\nconnection: close\r\n")
    assert views + 2 == server.views()


@pytest.mark.parametrize("places", [(1,), (40,), (-1,), (-len(BODY),), (-len(BODY) - 1, -3)])
def test_a_hit_in_pieces_counts_as_one_in_one_piece(
    server: Server, places: tuple[int, ...]
) -> None:
    whole, views = post(), server.views()
    with server.connect() as here:
        begun = 0
        for place in [len(whole) + place if place < 0 else place for place in places]:
            here.sendall(whole[begun:place])
            begun = place
            # Whatever the server answers to it shows that it has read the piece.
            assert server.answers()
        here.sendall(whole[begun:])
        told = received(here)

    assert [204] == statuses(told)
    assert views + 1 == server.views()


def test_who_expects_to_be_told_to_go_on_is_told(server: Server) -> None:
    whole = post(b"Expect: 100-continue\r\nConnection: close\r\n" + LENGTH)
    with server.connect() as here:
        here.sendall(whole[: -len(BODY)])
        assert here.recv(64).startswith(b"HTTP/1.1 100 ")
        here.sendall(BODY)
        assert [204] == statuses(received(here))


def test_an_old_client_is_answered_and_let_go(server: Server) -> None:
    told = server.send(post(LENGTH).replace(b"HTTP/1.1", b"HTTP/1.0"))

    assert [204] == statuses(told)
    assert b"\r\nconnection: close\r\n" in told
