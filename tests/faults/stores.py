"""
Stores that faults are done to: a Valkey with everything that can be turned, and PostgreSQL.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Self, cast

import redis

from service.embedded import binary, tied_to_parent
from tests import servers
from tests.faults.waits import until
from tests.machines import ClusterServers


class Store:
    """
    A Valkey on a Unix socket, with an append-only file as its options say.
    """

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.socket = folder / "v.sock"
        self.url = f"unix://{self.socket}"
        self.options: dict[str, str] = {"appendonly": "yes", "appendfsync": "everysec"}
        self.environment = environment
        self.process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)

    def start(self) -> "Store":
        """
        It answers afterwards.
        """
        told = {
            "port": "0",
            "unixsocket": str(self.socket),
            "dir": str(self.folder),
            "save": "",
            "loglevel": "notice",
            "enable-debug-command": "local",
            "logfile": str(self.folder.parent / f"{self.folder.name}.log"),
            **self.options,
        }
        self.socket.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [str(binary()), *(word for key, value in told.items() for word in (f"--{key}", value))],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **self.environment},
            preexec_fn=tied_to_parent(),  # noqa: PLW1509 - it calls one system call
        )
        until(self.answers, 30, "the store answers")
        return self

    def answers(self) -> bool:
        """
        Whether it answers and has read its file.
        """
        with contextlib.suppress(redis.RedisError, OSError), self.client() as client:
            return bool(client.ping())
        return False

    def client(self, timeout: float = 10.0) -> "redis.Redis":
        """
        A connection past everything that stands in between.
        """
        return redis.Redis(
            unix_socket_path=str(self.socket),
            decode_responses=True,
            encoding_errors="surrogateescape",
            socket_timeout=timeout,
            single_connection_client=True,
        )

    def send(self, number: signal.Signals) -> None:
        """
        It has been sent a signal.
        """
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        """
        It is gone, as by ``kill -9``.
        """
        if self.process is not None:
            self.process.kill()
            self.process.wait(20)
            self.process = None

    def stop(self) -> None:
        """
        It has ended in order.
        """
        assert self.process is not None
        self.process.terminate()
        self.process.wait(30)
        self.process = None

    def wipe(self) -> None:
        """
        It is not running, and its folder is empty.
        """
        self.kill()
        for entry in self.folder.iterdir():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


class ClusterStore(Store):
    """
    Three Valkeys that share the sites between them.
    """

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        super().__init__(folder, environment)
        self.cluster = ClusterServers(folder)
        self.url = self.cluster.url

    def start(self) -> "Store":
        """
        Each site has a node, and every node knows which.
        """
        self.cluster.start()
        self.process = self.cluster.servers[0].process
        return self

    def client(self, timeout: float = 10.0) -> "redis.Redis":
        """
        A connection to each node; it is not the service's own client.
        """
        one = redis.RedisCluster(
            host="127.0.0.1",
            port=self.cluster.servers[0].port,
            decode_responses=True,
            encoding_errors="surrogateescape",
            socket_timeout=timeout,
        )
        return cast("redis.Redis", one)

    def send(self, number: signal.Signals) -> None:
        """
        All have been sent a signal.
        """
        for server in self.cluster.servers:
            if server.process is not None:
                server.process.send_signal(number)

    def kill(self) -> None:
        """
        All are gone, as by ``kill -9``.
        """
        self.cluster.kill()
        self.process = None


class Postgres:
    """
    A PostgreSQL on a Unix socket that can be stopped, killed and started again.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="lp"))
        self.url = f"postgresql://postgres@/postgres?host={self.folder}"
        self._user = servers._unprivileged(self.folder)
        self._programs = servers._postgresql_programs(self.folder, self._user)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """
        It runs.
        """
        told = [str(self._programs / "initdb"), "-D", str(self.folder / "data"), "-U", "postgres"]
        subprocess.run(
            [*told, "-A", "trust", "-E", "UTF8", "--no-sync"],
            user=self._user,
            check=True,
            capture_output=True,
        )
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """
        It is gone with all it had.
        """
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """
        It answers afterwards.
        """
        self._process = subprocess.Popen(
            [
                *(str(self._programs / "postgres"), "-D", str(self.folder / "data")),
                *("-h", "", "-k", str(self.folder)),
            ],
            user=self._user,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=tied_to_parent(),  # noqa: PLW1509 - it calls one system call
        )
        until(lambda: servers._greets(str(self.folder)), 30, "PostgreSQL answers")

    def stop(self) -> None:
        """
        It has ended at once, in order.
        """
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """
        It has ended without order; its processes are gone.
        """
        self._end(signal.SIGQUIT)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(30)
            self._process = None
