"""
What only the asynchronous front has to get right; what both have is tried by the journeys.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from service.web import asgi, live
from service.web.app import create_app
from service.web.asgi import Front
from tests.conftest import CHROME, Luot, MakeLuot
from tests.fronts import run

BODY = b'{"site":"s1","path":"/a"}'
HEADERS = [
    (b"host", b"localhost"),
    (b"origin", b"https://s1.example"),
    (b"user-agent", CHROME.encode()),
]
LEFT = {"type": "http.disconnect"}


def part(body: bytes, *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


class Sent(list[Any]):
    """
    What was sent for one request.
    """

    @property
    def status(self) -> int:
        return int(self[0]["status"])

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode("latin-1") for name, value in self[0]["headers"]}

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self[1:])


@pytest.fixture
def make_front() -> Iterator[Callable[..., Front]]:
    made: list[Front] = []

    def make(luot: Luot, seconds: float = 1.0) -> Front:
        made.append(Front(create_app(luot.runtime), seconds))
        return made[-1]

    yield make
    for front in made:
        front.close()


def call(
    front: Front,
    method: str,
    path: str,
    *messages: dict[str, Any],
    query: bytes = b"",
    headers: list[tuple[bytes, bytes]] | None = None,
    client: tuple[str, int] | None = ("203.0.113.9", 5),
) -> Sent:
    """
    What is sent when these messages are received; after them nothing more comes.
    """

    async def talk() -> Sent:
        told, sent = list(messages), Sent()

        async def receive() -> dict[str, Any]:
            if told:
                return told.pop(0)
            await asyncio.get_running_loop().create_future()
            raise AssertionError("unreachable")

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query,
            "headers": HEADERS if headers is None else headers,
            "client": client,
            "server": ("localhost", 80),
        }
        try:
            await asyncio.wait_for(front(scope, receive, send), 20)
        finally:
            # The recorder works in this loop, which ends here.
            await front.stop()
        return sent

    sent: Sent = run(talk())
    return sent


Make = Callable[..., Front]


def test_a_body_may_come_in_parts(luot: Luot, make_front: Make) -> None:
    sent = call(make_front(luot), "POST", "/hit", part(BODY[:9], more=True), part(BODY[9:]))

    assert (sent.status, sent.headers["luot-result"]) == (204, "counted")
    assert "content-length" not in sent.headers
    assert sent.headers["x-content-type-options"] == "nosniff"


def test_a_client_that_leaves_inside_its_body_is_no_error_and_no_hit(
    luot: Luot, make_front: Make, caplog: pytest.LogCaptureFixture
) -> None:
    # What has come is a whole hit, but its end was not told.
    sent = call(make_front(luot), "POST", "/hit", part(BODY, more=True), LEFT)

    assert sent == []
    assert caplog.records == []
    assert luot.counters()["views"]["total"] == 0


def test_a_body_that_is_shorter_than_announced_is_malformed(luot: Luot, make_front: Make) -> None:
    length = [(b"content-length", b"900")]
    sent = call(make_front(luot), "POST", "/hit", part(BODY), headers=HEADERS + length)

    assert (sent.status, json.loads(sent.body)) == (400, {"error": "malformed"})


def test_a_body_that_takes_too_long_ends_its_connection(
    luot: Luot, make_front: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asgi, "HIT_SECONDS", 0.05)
    sent = call(make_front(luot), "POST", "/hit", part(BODY, more=True))

    assert (sent.status, sent.headers["connection"]) == (408, "close")
    assert luot.counters()["views"]["total"] == 0


@pytest.mark.parametrize("rest", [[part(b"x" * 9_000)], [part(b"x" * 99_999, more=True), LEFT]])
def test_a_body_over_the_cap_is_not_read_to_its_end(
    luot: Luot, make_front: Make, rest: list[dict[str, Any]]
) -> None:
    sent = call(make_front(luot), "POST", "/hit", part(BODY, more=True), *rest)

    assert (sent.status, sent.headers["connection"]) == (413, "close")
    assert sent.headers["luot-result"] == "rejected; reason=size"


def test_a_header_that_was_given_twice_is_read_as_one(luot: Luot, make_front: Make) -> None:
    front = make_front(luot)
    twice = [*HEADERS, (b"x-forwarded-for", b"198.51.100.1"), (b"x-forwarded-for", b"192.0.2.1")]
    for address in (b"192.0.2.1", b"198.51.100.1"):
        once = [*HEADERS, (b"x-forwarded-for", address)]
        assert call(front, "POST", "/hit", part(BODY), headers=once).status == 204
    call(front, "POST", "/hit", part(BODY), headers=twice)

    # With one trusted proxy the last of the two is the client.
    assert luot.counters()["visitors"]["today"] == 2


def test_a_connection_without_an_address_counts(luot: Luot, make_front: Make) -> None:
    sent = call(make_front(luot), "POST", "/hit", part(BODY), client=None)

    assert sent.headers["luot-result"] == "counted"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/hit", 405),
        ("HEAD", "/hit.gif", 405),
        ("POST", "/hit/", 404),
        ("GET", "/nope", 404),
        ("GET", "/healthz", 200),
        ("OPTIONS", "/counters", 200),
    ],
)
def test_everything_else_is_flask_s(
    luot: Luot, make_front: Make, method: str, path: str, status: int
) -> None:
    sent = call(make_front(luot), method, path, query=b"raw=\xff\x01", client=None)

    assert sent.status == status
    assert sent.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert ("allow" in sent.headers) == (status == 405 or method == "OPTIONS")


def test_a_name_with_an_underscore_cannot_pass_for_another(luot: Luot, make_front: Make) -> None:
    headers = [(b"host", b"localhost"), (b"x_forwarded_for", b"203.0.113.7")]
    front = make_front(luot)
    here = call(front, "GET", "/metrics", headers=headers, client=("127.0.0.1", 5))

    assert here.status == 200


def test_a_batch_that_is_cut_is_no_batch(luot: Luot, make_front: Make) -> None:
    token = [*HEADERS, (b"authorization", b"Bearer " + luot.token.encode())]
    headers = [*token, (b"content-type", b"application/json"), (b"content-length", b"4000")]
    whole = b"[" + BODY[:-1] + b',"user_agent":"Mozilla/5.0 Chrome/142"}]'
    cut = call(
        make_front(luot), "POST", "/api/v1/hits", part(whole, more=True), LEFT, headers=headers
    )

    assert cut == []
    assert luot.counters()["views"]["total"] == 0


def test_what_nobody_foresaw_is_logged_and_told_as_a_reason_to_come_back(
    luot: Luot,
    make_front: Make,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    front = make_front(luot)
    monkeypatch.setattr(luot.runtime, "intake", None)
    sent = call(front, "POST", "/hit", part(BODY))

    assert (sent.status, json.loads(sent.body)) == (503, {"error": "storage"})
    assert sent.headers["retry-after"] == "5"
    assert [record.message for record in caplog.records] == ["unforeseen error"]


def test_a_log_line_tells_the_route_and_nothing_of_the_reader(
    make_luot: MakeLuot, make_front: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "luot.access")
    call(make_front(make_luot(access_log=True)), "POST", "/hit", part(BODY), query=b"secret=1")

    (record,) = caplog.records
    told = {key: vars(record)[key] for key in ("method", "route", "status", "result")}
    assert told == {"method": "POST", "route": "/hit", "status": 204, "result": "counted"}


def test_where_few_ask_public_and_private_numbers_are_those_of_this_moment(
    make_luot: MakeLuot, make_front: Make
) -> None:
    private = {"s2": {"name": "Two", "hosts": ["s2.example"], "public": False}}
    luot = make_luot(sites=private)
    front = make_front(luot, seconds=60)
    token = [*HEADERS, (b"authorization", b"Bearer " + luot.token.encode())]

    def views(site: bytes, headers: list[tuple[bytes, bytes]]) -> int:
        sent = call(front, "GET", "/counters", query=b"site=" + site, headers=headers)
        return int(json.loads(sent.body)["views"]["total"])

    first = [views(b"s1", HEADERS), views(b"s1", token), views(b"s2", token)]
    luot.hit()
    luot.site = "s2"
    luot.hit(headers={"Origin": "https://s2.example"})
    second = [views(b"s1", HEADERS), views(b"s1", token), views(b"s2", token)]

    assert (first, second) == ([0, 0, 0], [1, 1, 1])
    assert call(front, "GET", "/counters", query=b"site=s2").status == 404


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        (b"if-none-match", b"*", 304),
        (b"if-none-match", b'W/"x", "TAG"', 304),
        (b"if-none-match", b'"x"', 200),
        (b"if-match", b'"x"', 412),
    ],
)
def test_who_has_the_numbers_already_is_told_so(
    luot: Luot, make_front: Make, header: bytes, value: bytes, status: int
) -> None:
    front = make_front(luot)
    tag = call(front, "GET", "/counters", query=b"site=s1").headers["etag"].strip('"').encode()
    headers = [*HEADERS, (header, value.replace(b"TAG", tag))]
    sent = call(front, "GET", "/counters", query=b"site=s1", headers=headers)
    flask = luot.http.get(
        "/counters?site=s1", headers={n.decode(): v.decode() for n, v in headers[3:]}
    )

    assert (sent.status, flask.status_code) == (status, status)
    assert (sent.body == b"") == (status != 200)
    assert sent.headers["etag"] == flask.headers["ETag"]


@pytest.mark.parametrize("query", [b"site=s2", b"site=nope"])
def test_a_stream_of_a_private_site_is_its_readers_only(
    make_luot: MakeLuot, make_front: Make, query: bytes
) -> None:
    private = {"s2": {"name": "Two", "hosts": ["s2.example"], "public": False}}
    luot = make_luot(sites=private)
    sent = call(make_front(luot), "GET", "/live", LEFT, query=query)
    flask = luot.http.get(f"/live?{query.decode()}")

    assert (sent.status, sent.body) == (404, flask.data)
    assert sent.headers["access-control-allow-origin"] == "*"


def test_past_the_last_stream_a_page_is_told_to_come_back(
    luot: Luot, make_front: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LARGEST_AUDIENCE", 0)
    sent = call(make_front(luot), "GET", "/live", LEFT, query=b"site=s1")

    assert (sent.status, sent.headers["retry-after"]) == (503, "5")


def test_a_stream_that_nobody_reads_is_dropped(
    luot: Luot, monkeypatch: pytest.MonkeyPatch, make_front: Make
) -> None:
    monkeypatch.setattr(live, "PATIENCE_SECONDS", 0.05)
    front = make_front(luot)

    class Transport:
        aborted = False

        def set_write_buffer_limits(self, high: int) -> None:
            assert high == live.LARGEST_BUFFER

        def abort(self) -> None:
            self.aborted = True

    transport = Transport()

    async def talk() -> None:
        async def never() -> Any:
            await asyncio.get_running_loop().create_future()

        async def send(message: Any) -> None:
            if message["type"] == "http.response.body":
                await never()

        scope = {
            "type": "http",
            "method": "GET",
            "path": "/live",
            "query_string": b"site=s1",
            "headers": HEADERS,
            "extensions": {"luot.transport": transport},
        }
        await asyncio.wait_for(front(scope, never, send), 20)

    run(talk())
    assert transport.aborted


def test_a_quiet_stream_says_that_it_is_there(
    luot: Luot, monkeypatch: pytest.MonkeyPatch, make_front: Make
) -> None:
    monkeypatch.setattr(live, "QUIET_SECONDS", 0.05)
    front, told = make_front(luot), b""

    async def talk() -> bytes:
        beats, gone = b"", asyncio.Event()

        async def receive() -> Any:
            await gone.wait()
            return LEFT

        async def send(message: Any) -> None:
            nonlocal beats
            beats += message.get("body", b"")
            if beats.endswith(b":\n\n"):
                gone.set()

        scope = {"type": "http", "method": "GET", "path": "/live", "query_string": b"site=s1"}
        await asyncio.wait_for(front({**scope, "headers": HEADERS}, receive, send), 20)
        return beats

    told = run(talk())
    assert told.startswith(b"retry: 5000\nid: ")
    assert told.endswith(b"}\n\n:\n\n")


def test_a_web_socket_is_refused(luot: Luot, make_front: Make) -> None:
    sent: list[Any] = []

    async def talk() -> None:
        async def receive() -> Any:
            return {"type": "websocket.connect"}

        async def send(message: Any) -> None:
            sent.append(message)

        await make_front(luot)({"type": "websocket"}, receive, send)

    run(talk())
    assert sent == [{"type": "websocket.close"}]
