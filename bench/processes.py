"""
What Linux knows about a process: its children, the time it has computed, the memory it holds.
"""

import os
from collections.abc import Iterable
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def children(pid: int) -> list[int]:
    """
    The processes that this one started and that still run.
    """
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def cpu_seconds(pids: Iterable[int]) -> float:
    """
    Seconds that these processes have computed so far, in their own code and in the kernel's.
    """
    return sum(_cpu_ticks(pid) for pid in pids) / _TICKS


def _cpu_ticks(pid: int) -> int:
    # The name, in brackets, may have blanks; user and system time are the 12th and 13th after it.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def rss_bytes(pid: int) -> int:
    """
    Bytes of real memory that a process holds, with what it shares.
    """
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE


def folder_bytes(folder: Path) -> int:
    """
    Bytes of all files in a folder, at any depth.
    """
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            # It was removed since it was listed, which is what trimming does.
            continue
    return total
