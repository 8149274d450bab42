"""
A process that takes snapshots in children which die, or stop, at a step.

It has loaded everything once, so a child costs no start; its parent's lines say which site and
which step: ``<site> <step> <signal>``, and it answers with the child's number, or with how it
ended: ``exit <status>``, ``killed <signal>``, ``stopped <number>``.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from service.archive.snapshots import snapshot
from service.configuration import load
from service.runtime import Runtime
from service.settings import Settings

#: Everywhere that a snapshot may end.
STEPS = ("begun", "closed", "read", "moved", "added", "committed", "forgotten")


def main() -> None:
    """
    Serves until its input ends.
    """
    settings = load(Path(sys.argv[1]))
    while line := sys.stdin.readline():
        word, *rest = line.split()
        if word == "wake":
            number = int(rest[0])
            os.kill(number, signal.SIGCONT)
        else:
            number = _start(settings, word, *rest)
        sys.stdout.write(_fate(number) + "\n")
        sys.stdout.flush()


def _start(settings: Settings, site: str, step: str, name: str) -> int:
    number = os.fork()
    if number:
        return number
    status = 1
    try:
        runtime = Runtime(settings)
        done = snapshot(
            runtime.store, runtime.database, site, runtime.clock, _at(step, signal.Signals[name])
        )
        status = 10 if done.rows == 0 else 0
    except Exception as error:  # noqa: BLE001 - a child's end is what is told of it
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
    finally:
        os._exit(status)


def _at(step: str, told: signal.Signals) -> Callable[[str], None]:
    def at(reached: str) -> None:
        if reached == step:
            os.kill(os.getpid(), told)

    return at


def _fate(number: int) -> str:
    _, status = os.waitpid(number, os.WUNTRACED)
    if os.WIFSTOPPED(status):
        return f"stopped {number}"
    if os.WIFSIGNALED(status):
        return f"killed {os.WTERMSIG(status)}"
    return f"exit {os.WEXITSTATUS(status)}"


if __name__ == "__main__":
    main()
