import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.errors import SettingsError
from service.supervisor import FIRST_WAIT, Child, Supervisor, lock_folder
from tests.servers import until

#: Writes its pid when it begins and its name when it is told to stop.
POLITE = """
import os, signal, sys, threading
name, folder = sys.argv[1:]
stopped = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stopped.set())
with open(f"{folder}/begun", "a") as told:
    told.write(f"{name} {os.getpid()}\\n")
stopped.wait()
with open(f"{folder}/stopped", "a") as told:
    told.write(f"{name}\\n")
"""

#: A supervisor of three such children, until a signal comes.
KEEPER = """
import sys
from service.supervisor import Child, Supervisor
code, folder = sys.argv[1:]
keeper = Supervisor()
keeper.catch_signals()
for name in ("store", "scheduler", "web"):
    keeper.start(Child(name, [sys.executable, "-c", code, name, folder], {}))
keeper.watch()
"""


@pytest.fixture
def children() -> Iterator[list[Child]]:
    made: list[Child] = []
    yield made
    for child in made:
        if child.process is not None and child.process.poll() is None:
            child.process.kill()
            child.process.wait(20)


def a_child(made: list[Child], code: str, *words: str, **environment: str) -> Child:
    child = Child("test", [sys.executable, "-c", code, *words], environment)
    made.append(child)
    return child


def begun(folder: Path) -> list[str]:
    file = folder / "begun"
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def has_ended(child: Child) -> bool:
    assert child.process is not None
    return child.process.poll() is not None


def test_a_child_has_its_own_variables_besides_those_of_everybody(
    tmp_path: Path, children: list[Child]
) -> None:
    code = "import os, sys; open(sys.argv[1], 'w').write(os.environ['A'] + os.environ['PATH'])"
    child = a_child(children, code, str(tmp_path / "said"), A="a")
    child.start()
    until(lambda: has_ended(child))

    assert (tmp_path / "said").read_text(encoding="utf-8") == "a" + os.environ["PATH"]


def test_a_child_that_ended_is_started_again_and_later_each_time(
    tmp_path: Path, children: list[Child]
) -> None:
    restarts: list[float] = []
    child = a_child(children, "import sys; open(sys.argv[1], 'a').write('.')", str(tmp_path / "a"))
    child.on_restart = lambda: restarts.append(time.monotonic())
    first = time.monotonic()
    child.start()

    until(lambda: looked(child) and len(restarts) == 2)

    assert restarts[0] - first >= FIRST_WAIT
    assert restarts[1] - restarts[0] >= 2 * FIRST_WAIT


def looked(child: Child) -> bool:
    child.look()
    return True


def test_a_child_that_runs_is_left_alone(tmp_path: Path, children: list[Child]) -> None:
    child = a_child(children, POLITE, "web", str(tmp_path))
    child.start()
    until(lambda: begun(tmp_path))
    for _ in range(100):
        child.look()

    assert len(begun(tmp_path)) == 1


def test_a_child_is_stopped_politely(tmp_path: Path, children: list[Child]) -> None:
    child = a_child(children, POLITE, "web", str(tmp_path))
    child.start()
    until(lambda: begun(tmp_path))

    child.stop()

    assert has_ended(child)
    assert (tmp_path / "stopped").read_text(encoding="utf-8") == "web\n"
    child.stop()


def test_a_child_that_does_not_stop_is_killed(
    tmp_path: Path, children: list[Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.supervisor.PATIENCE", 0.1)
    deaf = POLITE.replace("stopped.set()", "None")
    child = a_child(children, deaf, "web", str(tmp_path))
    child.start()
    until(lambda: begun(tmp_path))

    child.stop()

    assert child.process is not None
    assert child.process.returncode == -signal.SIGKILL


def test_a_child_that_was_never_started_can_be_stopped(children: list[Child]) -> None:
    child = a_child(children, POLITE)
    child.look()
    child.stop()

    assert child.process is None


def test_all_are_stopped_the_last_started_first(tmp_path: Path, children: list[Child]) -> None:
    keeper = Supervisor()
    for name in ("store", "scheduler", "web"):
        keeper.start(a_child(children, POLITE, name, str(tmp_path)))
    until(lambda: len(begun(tmp_path)) == 3)

    keeper.stop_all()

    stopped = (tmp_path / "stopped").read_text(encoding="utf-8").split()
    assert stopped == ["web", "scheduler", "store"]
    assert not keeper.is_stopping


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_children_in_order(tmp_path: Path, number: signal.Signals) -> None:
    with a_keeper(tmp_path) as keeper:
        until(lambda: len(begun(tmp_path)) == 3)
        keeper.send_signal(number)
        assert keeper.wait(20) == 0

    stopped = (tmp_path / "stopped").read_text(encoding="utf-8").split()
    assert stopped == ["web", "scheduler", "store"]


def test_a_child_that_is_killed_is_watched_back_to_life(tmp_path: Path) -> None:
    with a_keeper(tmp_path) as keeper:
        until(lambda: len(begun(tmp_path)) == 3)
        [pid] = [int(line.split()[1]) for line in begun(tmp_path) if line.startswith("web ")]
        os.kill(pid, signal.SIGKILL)
        until(lambda: len(begun(tmp_path)) == 4)
        keeper.terminate()
        assert keeper.wait(20) == 0

    assert begun(tmp_path)[3].startswith("web ")


def a_keeper(folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", KEEPER, POLITE, str(folder)])


def test_a_folder_belongs_to_one_process(tmp_path: Path) -> None:
    lock = lock_folder(tmp_path / "new" / "data")
    with pytest.raises(SettingsError) as caught:
        lock_folder(tmp_path / "new" / "data")
    os.close(lock)

    assert caught.value.mistakes == [f"data_dir: another Luot runs in {tmp_path / 'new' / 'data'}"]
    os.close(lock_folder(tmp_path / "new" / "data"))


def test_children_do_not_hold_the_lock_of_the_folder(tmp_path: Path, children: list[Child]) -> None:
    lock = lock_folder(tmp_path)
    child = a_child(children, POLITE, "web", str(tmp_path))
    child.start()
    until(lambda: begun(tmp_path))
    os.close(lock)

    os.close(lock_folder(tmp_path))


@pytest.mark.parametrize("folder", ["/proc/luot", "/dev/null", "/dev/null/luot"])
def test_a_folder_that_cannot_be_written_is_refused(folder: str) -> None:
    with pytest.raises(SettingsError) as caught:
        lock_folder(Path(folder))

    assert str(caught.value).startswith(f"data_dir: {folder} cannot be written: ")
