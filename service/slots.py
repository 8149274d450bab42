"""
The files in which processes keep their metrics: as many as processes run at once, however many end.

The client library names a file after its process, so that each worker that is replaced leaves one
behind for ever. Here a process takes the first place that is free and goes on with the numbers
that stand there. A place is held by a lock, which the system lets go of when a process ends,
however it ends; so counters never fall, nothing is summed up twice, and nobody has to tidy up.
"""

import fcntl
import logging
import os
import tempfile
from contextlib import suppress
from itertools import count
from pathlib import Path

from prometheus_client import values

log = logging.getLogger(__name__)

#: Where the files are; as the client library calls it.
FOLDER = "PROMETHEUS_MULTIPROC_DIR"

#: Bytes that are taken on disk before a file is used: writing to a page of memory that has no room
#: on disk would end the process.
_RESERVED = 1 << 20

#: Files of a place, which go on from process to process.
_LASTING = ("counter", "histogram", "gauge_mostrecent")

#: Files of a place that speak of a process, and go with it.
_PASSING = ("gauge_livesum",)


class Slots:
    """
    The place of this process; another one after a fork.
    """

    def __init__(self) -> None:
        self._pid = 0
        self._name = ""
        self._lock: int | None = None

    def __call__(self) -> str:
        """
        What this process's files are called after.
        """
        if self._pid != os.getpid():
            self._pid = os.getpid()
            self._take()
        return self._name

    def _take(self) -> None:
        if self._lock is not None:
            # It is the parent's, who goes on holding it.
            os.close(self._lock)
            self._lock = None
        try:
            self._take_free(Path(os.environ[FOLDER]))
        except OSError as error:
            log.warning("metrics are this process's own", extra={"why": error.strerror})
            os.environ[FOLDER] = tempfile.mkdtemp(prefix="luot-metrics-")
            self._name = "alone"

    def _take_free(self, folder: Path) -> None:
        for number in count():
            lock = os.open(
                folder / f"slot-{number}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
            )
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
                continue
            try:
                _prepare(folder, number)
            except OSError:
                os.close(lock)
                raise
            self._lock, self._name = lock, str(number)
            return


def _prepare(folder: Path, number: int) -> None:
    for kind in _PASSING:
        (folder / f"{kind}_{number}.db").unlink(missing_ok=True)
    for kind in (*_LASTING, *_PASSING):
        file = os.open(folder / f"{kind}_{number}.db", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            os.posix_fallocate(file, 0, _RESERVED)
        finally:
            os.close(file)


def forget_passing(folder: Path) -> None:
    """
    What speaks of a process is gone where no process has the place any more.
    """
    for file in folder.glob("slot-*.lock"):
        with suppress(OSError), file.open("r+b") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            number = file.stem.removeprefix("slot-")
            for kind in _PASSING:
                (folder / f"{kind}_{number}.db").unlink(missing_ok=True)


def keep_in_slots() -> None:
    """
    Metrics that are made from here on are shared between processes, if the environment says where.
    """
    if os.environ.get(FOLDER):
        values.ValueClass = values.MultiProcessValue(Slots())  # type: ignore[no-untyped-call]
    else:
        values.ValueClass = values.MutexValue
