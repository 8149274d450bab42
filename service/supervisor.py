"""
One command for one machine: starts what Luot needs, keeps it running, stops it in order.

The order is what loses nothing: the web finishes its requests, then the scheduler takes a last
snapshot, then the store closes its file.
"""

import fcntl
import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from service.embedded import tied_to_parent
from service.errors import SettingsError

log = logging.getLogger(__name__)

#: Seconds until a child that ended is started again; doubled each time, up to the second.
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0

#: Seconds after which a child that runs counts as healthy again.
HEALTHY = 60.0

#: Seconds that a child has to stop before it is killed.
PATIENCE = 40.0


@dataclass(slots=True)
class Child:
    """
    A program that has to run all the time.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    #: Called after it was started again.
    on_restart: Callable[[], None] | None = None
    process: subprocess.Popen[bytes] | None = None
    _started: float = 0.0
    _wait: float = field(default=FIRST_WAIT)
    _due: float | None = None

    def start(self) -> None:
        """
        It runs, or is about to.
        """
        self.process = subprocess.Popen(  # noqa: S603 - commands are made by Luot itself
            self.command,
            env={**os.environ, **self.environment},
            # Standard output is the command's own: what children say is log.
            stdout=2,
            preexec_fn=tied_to_parent(),  # noqa: PLW1509 - it calls one system call
        )
        self._started, self._due = time.monotonic(), None
        log.info("started", extra={"child": self.name, "pid": self.process.pid})

    def look(self) -> None:
        """
        If it ended it is started again, later each time that it ends soon after.
        """
        now = time.monotonic()
        if self.process is None or self.process.poll() is None:
            return
        if self._due is None:
            self._wait = FIRST_WAIT if now - self._started > HEALTHY else self._wait
            self._due = now + self._wait
            told = {"child": self.name, "code": self.process.returncode, "again_in": self._wait}
            log.error("ended and is started again", extra=told)
            self._wait = min(self._wait * 2, LONGEST_WAIT)
        elif now >= self._due:
            self.start()
            if self.on_restart:
                self.on_restart()

    def stop(self) -> None:
        """
        It has stopped, of itself or killed when it took too long.
        """
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            log.error("killed, it did not stop", extra={"child": self.name})  # noqa: TRY400
            self.process.kill()
            self.process.wait()
        log.info("stopped", extra={"child": self.name, "code": self.process.returncode})


class Supervisor:
    """
    Children that are started in order and stopped in the order of their stopping list.
    """

    def __init__(self) -> None:
        self._children: list[Child] = []
        self._stopping = threading.Event()

    def catch_signals(self) -> None:
        """
        SIGTERM and SIGINT stop the children from here on.
        """
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)

    def start(self, child: Child) -> Child:
        """
        The child runs and is looked after; those started last are stopped first.
        """
        self._children.append(child)
        child.start()
        return child

    def watch(self) -> None:
        """
        Returns when a signal said so and every child has stopped, the last started first.
        """
        while not self._stopping.wait(0.1):
            for child in self._children:
                child.look()
        self.stop_all()

    @property
    def is_stopping(self) -> bool:
        """
        Whether a signal has come.
        """
        return self._stopping.is_set()

    def stop_all(self) -> None:
        """
        Every child has stopped, the last started first.
        """
        for child in reversed(self._children):
            child.stop()

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._stopping.set()


def lock_folder(folder: Path) -> int:
    """
    The data directory is this process's until it ends; returns the open lock.

    :raises SettingsError: it cannot be written, or another Luot has it
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / "luot.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise SettingsError([f"data_dir: {folder} cannot be written: {error.strerror}"]) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise SettingsError([f"data_dir: another Luot runs in {folder}"]) from None
    return lock
