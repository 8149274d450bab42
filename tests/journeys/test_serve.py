"""
``luot serve``: started, stopped, killed, and parts of it killed.
"""

import os
import signal
from pathlib import Path

import pytest

from tests.journeys.serving import Served
from tests.servers import until


def test_a_stop_and_a_kill_of_everything_change_no_number(served: Served) -> None:
    # Given a demo whose page was shown three times
    for _ in range(3):
        assert served.hit() == 204
    before = served.counters()
    assert (before["views"]["total"], before["pages"]["/demo/"]["views"]) == (4_241_517, 403)

    # When it is told to stop, and started again
    assert served.stop() == 0
    served.start()

    # Then the numbers are what they were
    assert before["views"] == served.counters()["views"]
    assert before["visits"] == served.counters()["visits"]

    # And when all of it is killed at once after one more view
    assert served.hit() == 204
    served.kill_all()
    served.start()

    # Then that view is there, too, and the demo's past was not added again
    after = served.counters()
    assert (after["views"]["total"], after["pages"]["/demo/"]["views"]) == (4_241_518, 404)
    assert served.stop() == 0
    assert served.printed[-1].split()[-1].startswith("luot_")


@pytest.mark.parametrize("part", ["valkey-server", "gunicorn", "scheduler"])
def test_a_part_that_dies_is_started_again(served: Served, part: str) -> None:
    assert served.hit() == 204
    died = served.child(part)
    os.kill(died, signal.SIGKILL)
    until(lambda: any(part in args and pid != died for args, pid in served.children().items()), 30)
    # Tried again with one id, as a page does, it counts once however often it arrived.
    until(lambda: served.hit(id="tried-again-and-again") == 204, 30)
    until(lambda: _views(served) == 402, 30)

    assert "ended and is started again" in served.log.read_text()


def _views(served: Served) -> int:
    try:
        return int(served.counters()["pages"]["/demo/"]["views"])
    except OSError:
        return 0


def test_a_second_luot_is_refused_the_same_data(served: Served) -> None:
    second = Served(served.folder)
    with pytest.raises(AssertionError, match="another Luot runs in"):
        second.start()

    assert second.process is not None
    assert second.process.returncode == 2
    second.process.communicate()


def test_the_store_listens_on_no_network_port(served: Served) -> None:
    store = served.child("valkey-server")
    proc = Path(f"/proc/{store}")
    files = [str(file.readlink()) for file in (proc / "fd").iterdir()]
    sockets = {name[8:-1] for name in files if name.startswith("socket:[")}
    listed = "".join((proc / "net" / kind).read_text() for kind in ("tcp", "tcp6"))

    assert sockets
    assert not sockets & {line.split()[9] for line in listed.splitlines()}
