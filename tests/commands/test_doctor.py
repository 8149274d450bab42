"""
``luot doctor`` against real web processes: the whole way, and where it stops.
"""

import socket
import threading
from collections.abc import Iterator
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from service.jobs.following import Follower, Step
from service.web.app import create_app
from tests.conftest import Luot, MakeLuot


class Quiet(WSGIRequestHandler):
    """
    Writes no line for each request.
    """

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        pass


@pytest.fixture
def url(luot: Luot) -> Iterator[str]:
    """
    Where Luot answers.
    """
    server = make_server("127.0.0.1", 0, create_app(luot.runtime), handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def follow(luot: Luot, url: str, *, snapshots: bool = True) -> list[Step]:
    steps: list[Step] = []

    def tell(step: Step) -> None:
        steps.append(step)
        if step.name == "delta" and snapshots:
            luot.snapshot()

    follower = Follower(luot.runtime, luot.runtime.sites["s1"], url, 1.0)
    assert follower.follow(tell) == steps[-1].is_reached
    return steps


def test_a_test_hit_comes_to_the_report_and_is_in_no_number(luot: Luot, url: str) -> None:
    luot.hit("/a")
    luot.snapshot()
    steps = follow(luot, url)
    again = follow(luot, url)

    names = ["door", "journal", "Redis", "delta", "SQL", "report"]
    assert [(name, True) for name in names] == [(s.name, s.is_reached) for s in steps]
    assert "it is on disk" == steps[1].said
    assert again[-1].is_reached
    assert (1, 1, 1) == luot.totals("2026-11-22")
    assert {"test": 2} == luot.report("filtered", period="today")["filtered"]


def test_without_snapshots_it_stops_in_front_of_sql(luot: Luot, url: str) -> None:
    luot.hit("/a")
    steps = follow(luot, url, snapshots=False)

    assert ("SQL", False) == (steps[-1].name, steps[-1].is_reached)
    assert "does luot scheduler run?" in steps[-1].said


def test_nobody_who_answers_is_told(luot: Luot) -> None:
    luot.hit("/a")
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        steps = follow(luot, f"http://127.0.0.1:{nobody.getsockname()[1]}")

    assert ("door", False) == (steps[-1].name, steps[-1].is_reached)
    assert "does not answer" in steps[-1].said


@pytest.mark.parametrize(
    ("changes", "advice"),
    [
        ({"public_hosts": ["stats.example.vn"]}, "GET /readyz"),
        ({"site": {"hosts": ["*.elsewhere.example"]}}, ""),
    ],
)
def test_what_luot_refuses_is_told(
    make_luot: MakeLuot, changes: dict[str, object], advice: str
) -> None:
    luot = make_luot(**changes)
    server = make_server("127.0.0.1", 0, create_app(luot.runtime), handler_class=Quiet)
    thread = threading.Thread(target=server.handle_request)
    thread.start()
    follower = Follower(
        luot.runtime, luot.runtime.sites["s1"], f"http://127.0.0.1:{server.server_port}", 0.0
    )
    step = follower._door()
    thread.join()
    server.server_close()

    assert (not advice, True) == (step.is_reached, advice in step.said)
