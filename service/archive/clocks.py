"""
Whether it is as late as this machine says, before anything is removed because it is old.

A clock that jumps forward by years would close days, forget salts and drop journals that are still
needed. So the time up to which snapshots were taken is kept in SQL: it moves on with every run of
that job, also on a quiet weekend, but never over a gap of a day. Over such a gap the newest hit in
the journals has to speak for it, or an operator.
"""

import time

from sqlalchemy import select

from service.archive import administration
from service.archive.databases import Database, upsert
from service.clock import Clock, SystemClock, rfc3339
from service.counting.journals import Journals
from service.counting.store import Store
from service.errors import StoreUnavailable

#: How far this machine's clock and Redis' may differ, in ms.
APART_MS = 300_000

#: How long nothing may have been seen of Luot, in ms.
GAP_MS = 86_400_000

#: Seconds between two marks: SQL need not write one with every snapshot.
_MARK_SECONDS = 60.0


class ClockGuard:
    """
    Doubts the clock of one process.
    """

    def __init__(self, store: Store, database: Database, journals: Journals, clock: Clock) -> None:
        self._store = store
        self._database = database
        self._journals = journals
        self._clock = clock
        self._marked = -_MARK_SECONDS

    def doubt(self) -> str:
        """
        Why the time cannot be believed, as a sentence; empty when it can.

        :raises ArchiveUnavailable: SQL is away
        """
        return self._apart() or self._jumped()

    def note(self) -> None:
        """
        The present time is known to be right, if nothing speaks against it.

        :raises ArchiveUnavailable: SQL is away
        """
        if time.monotonic() - self._marked >= _MARK_SECONDS and not self.doubt():
            self.accept()
            self._marked = time.monotonic()

    def accept(self) -> None:
        """
        The present time is right, because somebody says so.

        :raises ArchiveUnavailable: SQL is away
        """
        mark = {"id": 1, "seen_ms": self._clock.now_ms()}
        with self._database.write() as connection:
            upsert(
                connection,
                administration.clock_mark,
                [mark],
                lambda excluded: {"seen_ms": excluded.seen_ms},
            )

    def _apart(self) -> str:
        # A clock that a test has set is on purpose not Redis'.
        if not isinstance(self._clock, SystemClock):
            return ""
        try:
            seconds, _ = self._store.guarded(self._store.commands.time)
        except StoreUnavailable:
            return ""
        theirs, mine = int(seconds) * 1000, self._clock.now_ms()
        if abs(mine - theirs) <= APART_MS:
            return ""
        return (
            f"this machine says that it is {rfc3339(mine)}, Redis says {rfc3339(theirs)}: "
            f"correct the clock that is wrong"
        )

    def _jumped(self) -> str:
        seen = self._seen_ms()
        now = self._clock.now_ms()
        if seen is None or now - seen <= GAP_MS or now - self._journals.newest_ms() <= GAP_MS:
            return ""
        return (
            f"it is {rfc3339(now)}, but nothing was seen of Luot since {rfc3339(seen)}: correct "
            f"the clock, or say with luot check --accept-clock that it is right"
        )

    def _seen_ms(self) -> int | None:
        with self._database.read() as connection:
            return connection.execute(select(administration.clock_mark.c.seen_ms)).scalar()
