"""
A whole Luot, started as an operator starts it.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tests.conftest import CHROME
from tests.databases import databases
from tests.servers import until


def free_port() -> int:
    """
    A port of the loopback address that nobody listens on.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Served:
    """
    ``luot serve`` with the demo, on a port and in a folder of its own.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder.parent / "serve.log"
        self.port = free_port()
        self.base = f"http://localhost:{self.port}"
        self.process: subprocess.Popen[str] | None = None
        self.printed: list[str] = []
        self._clock = folder.parent / "clock"

    def start(self) -> None:
        """
        It is ready afterwards.
        """
        if not self._clock.exists():
            self.shift_clock(0)
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "service.cli", "serve"),
                    *("--port", str(self.port), "--data", str(self.folder)),
                ],
                env={
                    **_environment(),
                    **databases.variables(self.folder),
                    "LUOT_DEMO": "true",
                    "LUOT_SNAPSHOT_SECONDS": "1",
                    "LUOT_TEST_CLOCK": str(self._clock),
                },
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        until(self.is_ready, 60)

    def shift_clock(self, seconds: float) -> None:
        """
        It is so many seconds later than it is, for all of its processes from now on.
        """
        new = self._clock.with_suffix(".new")
        new.write_text(str(seconds), encoding="ascii")
        new.rename(self._clock)

    def is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()
        try:
            return bool(self.get("/readyz") == {"status": "ready"})
        except OSError:
            return False

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.base + path, timeout=10) as answer:
            return json.load(answer)

    def hit(self, path: str = "/demo/", **body: Any) -> int:
        """
        The status of a hit; 0 when nobody answered.
        """
        told = {"site": "demo", "path": path, **body}
        request = urllib.request.Request(
            self.base + "/hit",
            json.dumps(told).encode(),
            {"Origin": self.base, "User-Agent": CHROME, "Content-Type": "text/plain"},
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def counters(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.get("/counters?site=demo&path=/demo/")
        return answer

    def children(self) -> dict[str, int]:
        """
        The processes that it looks after, by their command lines.
        """
        assert self.process is not None
        return dict(_children(self.process.pid))

    def child(self, part: str) -> int:
        """
        The process whose command line has this part.
        """
        found = [pid for args, pid in self.children().items() if part in args]
        assert found, self.children()
        return found[0]

    def stop(self) -> int:
        """
        The exit status after SIGTERM.
        """
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        self.printed = self.process.communicate(timeout=60)[0].splitlines()
        return self.process.returncode

    def kill_all(self) -> None:
        """
        Every process of it is gone at once.
        """
        assert self.process is not None
        tree = _descendants(self.process.pid)
        for pid in (self.process.pid, *tree):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.communicate()
        until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in tree), 20)


def _environment() -> dict[str, str]:
    """
    Of this process, without what only tests know: a Luot refuses a setting that there is not.
    """
    return {name: value for name, value in os.environ.items() if name != "LUOT_LONG"}


def _children(pid: int) -> list[tuple[str, int]]:
    """
    The command lines and numbers of the processes that this one started.
    """
    listed = subprocess.run(
        ["ps", "-ww", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True
    ).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()]
    return [(row[2], int(row[0])) for row in rows if len(row) == 3 and int(row[1]) == pid]


def _descendants(pid: int) -> list[int]:
    found = [child for _, child in _children(pid)]
    return found + [below for child in found for below in _descendants(child)]
