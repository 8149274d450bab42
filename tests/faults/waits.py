"""
Waiting: until something holds, or while a fault lasts.
"""

import threading
import time
from collections.abc import Callable

#: Seconds between two looks.
LOOK = 0.02


class TookTooLong(AssertionError):
    """
    Something did not come to be in its time.
    """


def last(seconds: float) -> None:
    """
    A fault has lasted so long.
    """
    threading.Event().wait(seconds)


def until(holds: Callable[[], object], seconds: float, what: str) -> float:
    """
    Seconds that it took until ``holds()`` was true.

    :raises TookTooLong: it did not become so
    """
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > seconds:
            raise TookTooLong(f"{what}: not within {seconds} s")
        last(LOOK)
    return time.monotonic() - began


def soon(holds: Callable[[], object], seconds: float) -> bool:
    """
    Whether it became true in so many seconds.
    """
    try:
        until(holds, seconds, "")
    except TookTooLong:
        return False
    return True
