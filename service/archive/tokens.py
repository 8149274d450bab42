"""
Tokens: 160 random bits that let a program in; only their SHA-256 is kept.
"""

import hashlib
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import delete, insert, select

from service.archive.administration import token as token_table
from service.archive.databases import Database
from service.clock import Clock

#: Stands in front of every token, so that a leaked one is recognised by those who look for them.
PREFIX = "luot_"

#: How long a grant is believed without asking SQL again, in ms.
BELIEVED_MS = 10_000

#: Grants that are remembered.
REMEMBERED = 1_000


class Scope(StrEnum):
    """
    What a token may do. An administrator's may do both, and more.
    """

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"

    def covers(self, other: "Scope") -> bool:
        """
        Whether one with this scope may do what the other scope is for.
        """
        return self is Scope.ADMIN or self is other


@dataclass(frozen=True, slots=True)
class Grant:
    """
    What a valid token lets its bearer do.
    """

    #: A site's id, or ``*`` for all.
    site: str
    scope: Scope
    #: When it ends, in ms since 1970; ``None``: never.
    expires_ms: int | None = field(default=None, compare=False)
    #: Number of the token.
    number: int = field(default=0, compare=False)

    def is_for(self, site: str) -> bool:
        """
        Whether it is for this site.
        """
        return self.site in {"*", site}


class Grants:
    """
    What tokens grant, asked of SQL once in a while.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[int, Grant]] = OrderedDict()

    def of(self, token: str) -> Grant | None:
        """
        What a token grants, ``None`` when there is no such token.

        :raises ArchiveUnavailable: SQL is away and the token was not seen lately
        """
        now = self._clock.now_ms()
        known = self._known.get(token)
        if known is not None and now - known[0] < BELIEVED_MS:
            return known[1] if _lasts(known[1].expires_ms, now) else None
        grant = grant_of(self._database, token, now)
        with self._lock:
            self._known.pop(token, None)
            if grant is not None:
                self._known[token] = now, grant
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return grant


@dataclass(frozen=True, slots=True)
class Listed:
    """
    A token as it is listed; what lets its bearer in is not known any more.
    """

    number: int
    site: str
    scope: Scope
    name: str
    created_ms: int
    expires_ms: int | None


def create_token(
    database: Database,
    site: str,
    scope: Scope,
    now_ms: int,
    name: str = "",
    expires_ms: int | None = None,
) -> str:
    """
    A new token; it is shown now and never again.

    One with a name takes the place of the one that had it.
    """
    token = PREFIX + secrets.token_urlsafe(24)
    row = {"hash": _hash(token), "site": site, "scope": scope, "name": name}
    times = {"created_ms": now_ms, "expires_ms": expires_ms}
    with database.write() as connection:
        if name:
            connection.execute(delete(token_table).where(token_table.c.name == name))
        connection.execute(insert(token_table), {**row, **times})
    return token


def tokens(database: Database) -> list[Listed]:
    """
    Every token, the oldest first.
    """
    with database.read() as connection:
        rows = connection.execute(select(token_table).order_by(token_table.c.id)).all()
    return [
        Listed(r.id, r.site, Scope(r.scope), r.name or "", r.created_ms, r.expires_ms) for r in rows
    ]


def revoke_token(database: Database, number: int) -> bool:
    """
    The token of this number lets nobody in, nor do sessions that began with it; whether it was.

    Programs that showed it within ``BELIEVED_MS`` may be let in until that has passed.
    """
    with database.write() as connection:
        gone = connection.execute(delete(token_table).where(token_table.c.id == number))
    return gone.rowcount > 0


def grant_of(database: Database, token: str, now_ms: int) -> Grant | None:
    """
    What a token grants; ``None`` when there is no such token, or it has ended.
    """
    # Looking up by hash takes the same time however much of a wrong token is right.
    kept = token_table.c
    asked = select(kept.site, kept.scope, kept.expires_ms, kept.id).where(kept.hash == _hash(token))
    with database.read() as connection:
        row = connection.execute(asked).one_or_none()
    if row is None or not _lasts(row.expires_ms, now_ms):
        return None
    return Grant(row.site, Scope(row.scope), row.expires_ms, row.id)


def _lasts(expires_ms: int | None, now_ms: int) -> bool:
    return expires_ms is None or now_ms < expires_ms


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
