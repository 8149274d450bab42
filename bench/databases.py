"""
A PostgreSQL that forces its commits to disk, as one that keeps history does.
"""

import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.processes import children
from service.embedded import tied_to_parent
from tests.servers import _greets, _postgresql_programs, _unprivileged, until


@contextmanager
def postgresql() -> Iterator[str]:
    """
    The URL of an empty one, on a Unix socket in a folder of its own.
    """
    with tempfile.TemporaryDirectory(prefix="lp") as name:
        folder = Path(name)
        user = _unprivileged(folder)
        programs = _postgresql_programs(folder, user)
        data = folder / "data"
        told = [str(programs / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust"]
        subprocess.run([*told, "-E", "UTF8"], user=user, check=True, capture_output=True)
        server = subprocess.Popen(
            [str(programs / "postgres"), "-D", str(data), "-h", "", "-k", name],
            user=user,
            stderr=subprocess.DEVNULL,
            preexec_fn=tied_to_parent(),  # noqa: PLW1509 - it calls one system call
        )
        try:
            until(lambda: (folder / ".s.PGSQL.5432").exists() and _greets(name), 60)
            yield f"postgresql://postgres@/postgres?host={name}"
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(60)


def backends(url: str) -> list[int]:
    """
    The processes of this PostgreSQL that answer questions at present.
    """
    folder = Path(url.rpartition("host=")[2])
    return children(int((folder / "data" / "postmaster.pid").read_text().split()[0]))
