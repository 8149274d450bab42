"""
Threads of which one runs at a time, each only as far as a test lets it.

What a process does to Redis and SQL is one act after the other. A puppet stops in front of each,
and the test says when it goes on and what becomes of the act, so that two processes can be
interleaved in every way, always the same way for the same choices.
"""

import threading
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from service.errors import LuotError

#: Seconds after which a puppet that comes to no stop is a mistake of the test.
STUCK = 30.0


class Fate(StrEnum):
    """
    What becomes of a call.
    """

    #: It is applied, and the caller hears so.
    OK = "ok"
    #: It is applied, and the reply is lost.
    LOST = "lost"
    #: It never arrives.
    REFUSED = "refused"
    #: The caller gives up; it may be applied later.
    LATE = "late"
    #: It is applied; the reply is on its way for a while.
    HELD = "held"
    #: The caller dies in front of it.
    DIES = "dies"


class Dies(BaseException):
    """
    The process of this puppet has ended.
    """


class Puppet:
    """
    Something that a process does, from one call to the next.
    """

    def __init__(self, act: Callable[[], Any]) -> None:
        self._act = act
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._may_go, self._stands = threading.Semaphore(0), threading.Semaphore(0)
        self._fate = Fate.OK
        self._is_dead = False
        self.is_over = False
        self.result: Any = None
        self.error: BaseException | None = None

    def start(self) -> None:
        """
        It stands in front of its first call, or is over.
        """
        _by_thread[self._thread] = self
        self._thread.start()
        self._wait()

    def step(self, fate: Fate) -> None:
        """
        It stands in front of its next call, or is over.
        """
        self._fate = fate
        self._may_go.release()
        self._wait()

    def end(self, fate: Fate = Fate.OK) -> None:
        """
        It is over; all its calls have this fate.
        """
        while not self.is_over:
            self.step(fate)

    def ask(self) -> Fate:
        """
        The fate of the next call; for the puppet's own thread.
        """
        if self._is_dead:
            raise Dies
        self._stands.release()
        self._may_go.acquire()
        if self._fate is Fate.DIES:
            self._is_dead = True
            raise Dies
        return self._fate

    def _wait(self) -> None:
        assert self._stands.acquire(timeout=STUCK), "a puppet is stuck"
        if self.is_over:
            self._thread.join(STUCK)
            _by_thread.pop(self._thread, None)

    def _run(self) -> None:
        try:
            self.result = self._act()
        except (LuotError, Dies) as error:
            self.error = error
        except BaseException as error:  # noqa: BLE001 - the test's own thread tells it
            self.error = error
        self.is_over = True
        self._stands.release()


_by_thread: dict[threading.Thread, Puppet] = {}


def present() -> Puppet | None:
    """
    The puppet whose thread this is.
    """
    return _by_thread.get(threading.current_thread())
