"""
Processes of a world: found by the mark that they carry, and by nothing else.
"""

import contextlib
import os
import signal
from pathlib import Path

#: Carried in the environment of every process of a world.
MARK = "FAULTS_WORLD"


def marked(mark: str) -> list[tuple[int, str]]:
    """
    Living processes that carry this mark, with their command lines.
    """
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            if f"{MARK}={mark}".encode() in (entry / "environ").read_bytes():
                args = (entry / "cmdline").read_bytes().replace(b"\0", b" ")
                found.append((int(entry.name), args.decode("utf-8", "replace")))
    return found


def children(pid: int) -> list[int]:
    """
    The processes that a process has started and that live.
    """
    with contextlib.suppress(OSError):
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
        return [int(word) for word in text.split()]
    return []


def send(pid: int, number: signal.Signals) -> bool:
    """
    Whether a process was there to be sent a signal.
    """
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True
