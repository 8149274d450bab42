"""
What was measured where: without it a number says nothing.
"""

import os
import platform
import re
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from service.embedded import binary


@dataclass(frozen=True, slots=True)
class Machine:
    """
    A machine, and what stood on it.
    """

    began: str
    processors: int
    processor: str
    memory_gib: float
    kernel: str
    python: str
    store: str
    commit: str

    @property
    def sentence(self) -> str:
        """
        All of it in a line.
        """
        return (
            f"{self.began}, commit {self.commit}: {self.processors} processors ({self.processor}), "
            f"{self.memory_gib:.0f} GiB, Linux {self.kernel}, Python {self.python}, {self.store}."
        )


def this_machine() -> Machine:
    """
    The one that this runs on.
    """
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return Machine(
        datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        len(os.sched_getaffinity(0)),
        _processor(),
        memory,
        platform.release(),
        platform.python_version(),
        _store(),
        _said("git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"),
    )


def _processor() -> str:
    found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else platform.machine()


def _store() -> str:
    found = re.search(r"v=(\S+)", _said(str(binary()), "--version"))
    return f"Valkey {found[1]}" if found else "Valkey"


def _said(*command: str) -> str:
    try:
        told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return told.stdout.strip()
