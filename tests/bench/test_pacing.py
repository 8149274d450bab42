import http.server
import threading
from collections.abc import Iterator
from itertools import pairwise

import pytest

from bench.pacing import Pace, finish, start
from bench.samples import percentile


class Answers(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    status = 204
    seen: list[str]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.status)
        self.end_headers()

    def do_GET(self) -> None:
        # Head and body go out apart, as asynchronous servers send them.
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"alive")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its base has it
        pass


@pytest.fixture(params=[204])
def port(request: pytest.FixtureRequest) -> Iterator[int]:
    told = type("Told", (Answers,), {"status": request.param})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), told) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_every_request_is_due_on_a_schedule_and_answered(port: int) -> None:
    paced = finish(start(Pace(port, rate=100, seconds=0.5, connections=4, seed=1)))

    dues = sorted(due for due, _ in paced.answers)
    assert (50, 0) == (len(paced.answers), paced.bad)
    assert {10_000_000} == {later - due for due, later in pairwise(dues)}
    assert percentile(paced.waits, 0.01) > 0


def test_requests_of_a_span_are_those_that_were_due_in_it(port: int) -> None:
    paced = finish(start(Pace(port, rate=100, seconds=0.3, connections=4, seed=1)))

    first = min(due for due, _ in paced.answers)
    assert 10 == len(paced.between(first, first + 100_000_000))


@pytest.mark.parametrize("port", [503], indirect=True)
def test_refusals_are_told(port: int) -> None:
    assert 10 == finish(start(Pace(port, rate=100, seconds=0.1, connections=2, seed=1))).bad
