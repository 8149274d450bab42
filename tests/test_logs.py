"""
Logs: an event is a line of JSON that says which request it belongs to, and nothing of its reader.
"""

import io
import json
import logging
import logging.config
from collections.abc import Iterator

import pytest

from service.logs import log_config, name_request
from tests.conftest import CHROME, MakeLuot

FRONTS = ("wsgi", "asgi")


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """
    What the service's handler writes.
    """
    told = log_config("info")
    assert ["of_request"] == told["handlers"]["stderr"]["filters"]
    made = logging.config.DictConfigurator(told)
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(made.configure_formatter(told["formatters"]["json"]))
    handler.addFilter(made.configure_filter(told["filters"]["of_request"]))
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel("INFO")
    yield handler.stream
    root.removeHandler(handler)
    root.setLevel(before)


def lines(written: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_a_request_is_one_line_with_the_name_that_a_proxy_gave_it(
    make_luot: MakeLuot, written: io.StringIO
) -> None:
    luot = make_luot(access_log=True)
    name = "0123456789abcdef0123456789abcdef"
    luot.hit("/secret?token=x", headers={"X-Request-Id": name})
    found = [line for line in lines(written) if line["event"] == "request"]

    assert [name] == [line["request"] for line in found]
    told = json.dumps(found)
    assert not any(word in told for word in ("203.0.113", CHROME, "secret", "token"))


@pytest.mark.parametrize("told", ["203.0.113.7", "x" * 20, "0123456789abcdef\n", ""])
def test_a_name_that_could_say_something_is_not_taken(told: str, written: io.StringIO) -> None:
    name_request(told)
    logging.getLogger("any").warning("two\nlines", extra={"why": "because\r\n"})
    found = lines(written)

    assert 1 == len(found)
    assert told != found[0]["request"]
    assert 16 == len(str(found[0]["request"]))
