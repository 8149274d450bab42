"""
Where a test may end a process: at named steps, and nowhere unless it asks for it.

What is acknowledged must be safe whatever step a process dies at, so tests kill it at each one.
"""

import os
import signal

#: ``step`` or ``step:n``: the process kills itself when it reaches the step, or the n-th time.
_ASKED = os.environ.get("LUOT_TEST_CRASH_AT", "")
_STEP, _, _TIMES = _ASKED.partition(":")

_reached = 0


def at(step: str) -> None:
    """
    Nothing, unless a test wants the process to die here.
    """
    if step == _STEP:
        _die()


def _die() -> None:
    global _reached  # noqa: PLW0603 - a process counts its own steps
    _reached += 1
    if _reached >= int(_TIMES or 1):
        os.kill(os.getpid(), signal.SIGKILL)
