import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from service import embedded
from service.counting.store import Store
from service.embedded import tied_to_parent
from service.errors import StoreUnavailable, StoreUnfit
from service.settings import Settings
from tests.servers import until

#: Starts a child that waits for ever and tells its pid.
PARENT = """
import subprocess, sys
from service.embedded import tied_to_parent
code = "print(1, flush=True); import signal; signal.pause()"
told = {"stdout": subprocess.PIPE, "preexec_fn": tied_to_parent()}
child = subprocess.Popen([sys.executable, "-c", code], **told)
child.stdout.readline()
print(child.pid, flush=True)
sys.stdin.read()
"""


def settings_in(folder: Path, redis_url: str = "") -> Settings:
    return Settings(data_dir=folder, redis_url=redis_url)


def answers(store: Store) -> bool:
    try:
        return bool(store.guarded(store.commands.ping))
    except StoreUnavailable:
        return False


def _run(data_dir: Path) -> subprocess.Popen[bytes]:
    """
    The store of a data directory, started as ``luot serve`` starts it.
    """
    command = embedded.command(data_dir)
    return subprocess.Popen(command, preexec_fn=tied_to_parent())  # noqa: PLW1509 - one system call


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[bytes]]]:
    processes: list[subprocess.Popen[bytes]] = []
    yield processes
    for process in processes:
        process.kill()
        process.wait(20)


def test_a_redis_of_ones_own_takes_the_place_of_the_embedded_store(tmp_path: Path) -> None:
    assert embedded.store_url(settings_in(tmp_path, "redis://h/1")) == "redis://h/1"


def test_the_socket_stands_in_the_data_directory() -> None:
    assert embedded.socket_path(Path("/srv/luot")) == Path("/srv/luot/valkey/valkey.sock")
    assert embedded.store_url(settings_in(Path("/srv/luot"))).endswith("/valkey/valkey.sock")


def test_a_directory_too_deep_for_a_socket_has_a_short_one_of_its_own() -> None:
    deep = [embedded.socket_path(Path("/srv", n * "x", "luot")) for n in (90, 91, 200)]

    assert all(len(os.fsencode(path)) <= embedded.SOCKET_PATH for path in deep)
    assert len(set(deep)) == 3
    assert deep[0] == embedded.socket_path(Path("/srv", 90 * "x", "luot"))


@pytest.mark.parametrize(
    "name",
    [
        "plain",
        "two words",
        "Lượt",
        "50%41",
        "a#b?c",
        """it's "so" \\ here""",
        "a\nport 1",
        "{folder}",
        "deep" * 30,
    ],
)
def test_the_store_runs_in_a_directory_of_any_name(
    tmp_path: Path, started: list[subprocess.Popen[bytes]], name: str
) -> None:
    folder = tmp_path / name
    store = Store(embedded.store_url(settings_in(folder)))

    started.append(_run(folder))
    until(lambda: answers(store))
    store.commands.set("a", "1")
    store.close()

    assert (folder / "valkey" / "appendonlydir").is_dir()


def test_what_the_store_was_told_is_there_after_it_was_killed(
    tmp_path: Path, started: list[subprocess.Popen[bytes]]
) -> None:
    store = Store(embedded.store_url(settings_in(tmp_path)))
    started.append(_run(tmp_path))
    until(lambda: answers(store))
    store.check_fitness()
    store.commands.set("a", "1")
    started[0].kill()
    started[0].wait(20)

    started.append(_run(tmp_path))
    until(lambda: answers(store))

    assert store.commands.get("a") == "1"
    assert store.commands.config_get("appendfsync") == {"appendfsync": "always"}
    assert store.commands.config_get("port") == {"port": "0"}
    store.close()


def test_only_its_user_reaches_the_store(
    tmp_path: Path, started: list[subprocess.Popen[bytes]]
) -> None:
    store = Store(embedded.store_url(settings_in(tmp_path / "data")))
    started.append(_run(tmp_path / "data"))
    until(lambda: answers(store))
    store.close()

    socket = embedded.socket_path(tmp_path / "data")
    assert (socket.stat().st_mode & 0o777, socket.parent.stat().st_mode & 0o777) == (0o700, 0o700)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_socket_in_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / ("deep" * 30)
    short = embedded.socket_path(folder).parent
    short.mkdir()
    try:
        os.chown(short, 65_534, -1)
        with pytest.raises(StoreUnfit, match="belongs to another user"):
            embedded.command(folder)
    finally:
        short.rmdir()


def test_the_program_is_that_of_this_machine() -> None:
    assert os.access(embedded.binary(), os.X_OK)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such thing")
def test_a_child_does_not_outlive_its_parent() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
        parent.wait(20)

        until(lambda: not is_running(child))


def is_running(pid: int) -> bool:
    try:
        status = Path("/proc", str(pid), "stat").read_text(encoding="ascii")
    except OSError:
        return False
    # One that ended and that nobody has asked about is a zombie.
    return status.rpartition(")")[2].split()[0] != "Z"
