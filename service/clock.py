"""
What time it is, as one object that everything is given.

Counting depends on midnight, on half hours of silence and on ten-minute slots, so nothing in
Luot asks the operating system for the time but through this module.
"""

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """
    Anything that knows the time.
    """

    def now_ms(self) -> int:
        """
        Milliseconds since 1970-01-01T00:00:00Z.
        """


class SystemClock:
    """
    The time of this machine.
    """

    def now_ms(self) -> int:
        """
        Milliseconds since 1970-01-01T00:00:00Z.
        """
        return time.time_ns() // 1_000_000


class ShiftedClock:
    """
    The time of this machine, shifted by what stands in a file; for tests with many processes.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def now_ms(self) -> int:
        """
        Milliseconds since 1970, and as many more as the file has seconds at this moment.
        """
        shift = float(self._file.read_text(encoding="ascii"))
        return SystemClock().now_ms() + round(shift * 1000)


def process_clock() -> Clock:
    """
    The clock of a started process: this machine's, shifted under ``LUOT_TEST_CLOCK``.
    """
    file = os.environ.get("LUOT_TEST_CLOCK")
    return ShiftedClock(Path(file)) if file else SystemClock()


def instant(ms: int) -> datetime:
    """
    The moment ``ms`` milliseconds after 1970, in UTC.
    """
    return datetime.fromtimestamp(ms / 1000, UTC)


def rfc3339(ms: int) -> str:
    """
    That moment as RFC 3339 writes it, to the second, in UTC.
    """
    return instant(ms).strftime("%Y-%m-%dT%H:%M:%SZ")
