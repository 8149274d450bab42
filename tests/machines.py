"""
Several Redis servers that belong together, on loopback: a cluster, and a primary with Sentinels.
"""

import contextlib
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import redis
from redis.crc import key_slot

from service.embedded import tied_to_parent
from tests.servers import redis_server, until

#: Slots of a cluster.
SLOTS = 16_384


def free_ports(many: int) -> list[int]:
    """
    Ports that nobody listens on, and whose ports for the cluster's own talk are free, too.
    """
    found: list[int] = []
    with contextlib.ExitStack() as held:
        while len(found) < many:
            one = held.enter_context(socket.socket())
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
            if port < 55_000:
                found.append(port)
    return found


@dataclass
class Server:
    """
    One Valkey that listens on loopback.
    """

    folder: Path
    port: int
    options: dict[str, str] = field(default_factory=dict)
    config: str = ""
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> "Server":
        """
        It answers afterwards.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        told = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "dir": str(self.folder),
            "loglevel": "notice",
            "logfile": str(self.folder / "log"),
            **self.options,
        }
        words = [word for key, value in told.items() for word in (f"--{key}", value)]
        if self.config:
            (self.folder / "valkey.conf").write_text(self.config, encoding="ascii")
            words = [str(self.folder / "valkey.conf"), *words, "--sentinel"]
        self.process = subprocess.Popen(
            [redis_server(), *words],
            stdout=subprocess.DEVNULL,
            preexec_fn=tied_to_parent(),  # noqa: PLW1509 - it calls one system call
        )
        until(self.answers)
        return self

    def answers(self) -> bool:
        with contextlib.suppress(redis.RedisError, OSError), self.client() as client:
            return bool(client.ping())
        return False

    def client(self) -> "redis.Redis":
        return redis.Redis(
            port=self.port,
            decode_responses=True,
            encoding_errors="surrogateescape",
            socket_timeout=10,
            single_connection_client=True,
        )

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(20)
            self.process = None


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="lm"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class ClusterServers:
    """
    A cluster of three primaries.
    """

    def __init__(self, folder: Path) -> None:
        told = {
            "cluster-enabled": "yes",
            "cluster-node-timeout": "2000",
            "save": "",
            "appendonly": "no",
        }
        self.servers = [
            Server(folder / str(number), port, told) for number, port in enumerate(free_ports(3))
        ]
        self.url = "redis+cluster://" + ",".join(f"127.0.0.1:{s.port}" for s in self.servers)

    def start(self) -> None:
        """
        Each slot has a node, and every node knows which.
        """
        share = SLOTS // len(self.servers) + 1
        for number, server in enumerate(self.servers):
            with server.start().client() as client:
                first, last = number * share, min((number + 1) * share, SLOTS) - 1
                client.execute_command("CLUSTER ADDSLOTSRANGE", first, last)
                client.execute_command("CLUSTER SET-CONFIG-EPOCH", number + 1)
        with self.servers[0].client() as client:
            for other in self.servers[1:]:
                client.execute_command("CLUSTER MEET", "127.0.0.1", other.port)
        until(lambda: all(self._is_whole(server) for server in self.servers))

    def holder(self, site: str) -> Server:
        """
        The node that has a site's keys.
        """
        slot = key_slot(site.encode())
        with self.servers[0].client() as client:
            rows = client.execute_command("CLUSTER SLOTS")
        port = next(primary[1] for low, high, primary, *_ in rows if low <= slot <= high)
        return next(server for server in self.servers if server.port == port)

    def move(
        self, site: str, to: Server, parcel: int = 10, meanwhile: Callable[[], object] = int
    ) -> int:
        """
        The slot of a site is the other node's, with all its keys; returns how many there were.

        As an operator's tool does it: both are told, keys go in small parcels, all are told.

        :param meanwhile: called after each parcel
        """
        slot, source, moved = key_slot(site.encode()), self.holder(site), 0
        ids = {server.port: self._id(server) for server in self.servers}
        with to.client() as target, source.client() as origin:
            target.execute_command("CLUSTER SETSLOT", slot, "IMPORTING", ids[source.port])
            origin.execute_command("CLUSTER SETSLOT", slot, "MIGRATING", ids[to.port])
            while keys := origin.execute_command("CLUSTER GETKEYSINSLOT", slot, parcel):
                origin.execute_command("MIGRATE", "127.0.0.1", to.port, "", 0, 5000, "KEYS", *keys)
                moved += len(keys)
                meanwhile()
            for server in (to, source, *self.servers):
                with server.client() as client:
                    client.execute_command("CLUSTER SETSLOT", slot, "NODE", ids[to.port])
        return moved

    def kill(self) -> None:
        for server in self.servers:
            server.kill()

    def _id(self, server: Server) -> str:
        with server.client() as client:
            return str(client.execute_command("CLUSTER MYID"))

    def _is_whole(self, server: Server) -> bool:
        with server.client() as client:
            said = client.execute_command("CLUSTER INFO")
            nodes = client.execute_command("CLUSTER NODES")
        return said["cluster_state"] == "ok" and len(nodes) == len(self.servers)


@contextlib.contextmanager
def cluster() -> Iterator[ClusterServers]:
    """
    A running cluster.
    """
    with _folder() as folder:
        servers = ClusterServers(folder)
        try:
            servers.start()
            yield servers
        finally:
            servers.kill()


class Watched:
    """
    A primary with a replica, and a Sentinel that watches them.
    """

    def __init__(self, folder: Path) -> None:
        first, second, third = free_ports(3)
        told = {"save": "", "repl-diskless-sync-delay": "0", "enable-debug-command": "local"}
        self.primary = Server(folder / "a", first, told)
        replica = {**told, "replicaof": f"127.0.0.1 {first}"}
        self.replica = Server(folder / "b", second, replica)
        config = (
            f"sentinel monitor luot 127.0.0.1 {first} 1\n"
            "sentinel down-after-milliseconds luot 500\n"
            "sentinel failover-timeout luot 3000\n"
        )
        self.sentinel = Server(folder / "s", third, {}, config)
        self.url = f"redis+sentinel://127.0.0.1:{third}/luot/0"

    def start(self) -> None:
        """
        The replica has what the primary has, and the Sentinel knows both.
        """
        self.primary.start()
        self.replica.start()
        until(self.is_level)
        self.sentinel.start()
        until(lambda: self._said()["num-slaves"] == 1)

    def is_level(self) -> bool:
        """
        Whether the replica follows.
        """
        with self.replica.client() as client:
            said = client.info("replication")
        return said.get("master_link_status") == "up" and not said["master_sync_in_progress"]

    def leader(self) -> int:
        """
        The port of the server that the Sentinel calls the primary.
        """
        with self.sentinel.client() as client:
            return int(client.execute_command("SENTINEL GET-MASTER-ADDR-BY-NAME", "luot")[1])

    def kill(self) -> None:
        for server in (self.sentinel, self.replica, self.primary):
            server.kill()

    def _said(self) -> dict[str, int]:
        with self.sentinel.client() as client:
            return dict(client.execute_command("SENTINEL MASTER", "luot"))


@contextlib.contextmanager
def watched() -> Iterator[Watched]:
    """
    A running primary, its replica, and a Sentinel.
    """
    with _folder() as folder:
        servers = Watched(folder)
        try:
            servers.start()
            yield servers
        finally:
            servers.kill()
