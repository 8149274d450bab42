"""
The directory of a journal: its lock, which its owner holds, and its files.
"""

import contextlib
import fcntl
import os
from pathlib import Path

from service.counting.segments import SUFFIX

#: The file whose lock the owner holds.
OWNER = "owner"


def segment_paths(folder: Path) -> list[Path]:
    """
    The segments in a journal's directory, the oldest first; other files are none.
    """
    named = folder.glob(f"[0-9]*{SUFFIX}")
    return sorted(path for path in named if path.stem.isdigit() and len(path.stem) == 8)


def sync_folder(folder: Path) -> None:
    """
    The names in a directory are on disk.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def locked(folder: Path) -> int | None:
    """
    The lock of a journal, which is this process's now; ``None`` when somebody else has it.

    :raises OSError: the disk refuses, or there is no such directory
    """
    lock = os.open(folder / OWNER, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Whoever owned it may have removed it while this process waited for the name.
        if os.fstat(lock).st_nlink:
            return lock
    except BlockingIOError:
        pass
    os.close(lock)
    return None


def abandon(lock: int | None, *folders: Path) -> None:
    """
    Nothing is left of a journal that could not be made, as far as the disk still obeys.
    """
    if lock is not None:
        os.close(lock)
    for folder in folders:
        with contextlib.suppress(OSError):
            (folder / OWNER).unlink(missing_ok=True)
            folder.rmdir()
