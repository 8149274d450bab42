"""
Tokens: 160 random bits that let a program in; only their SHA-256 is kept.
"""

import hashlib
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import delete, insert, select

from service.archive import schema
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
            return known[1]
        grant = grant_of(self._database, token)
        with self._lock:
            self._known.pop(token, None)
            if grant is not None:
                self._known[token] = now, grant
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return grant


def create_token(database: Database, site: str, scope: Scope, now_ms: int, name: str = "") -> str:
    """
    A new token; it is shown now and never again.

    One with a name takes the place of the one that had it.
    """
    token = PREFIX + secrets.token_urlsafe(24)
    row = {"hash": _hash(token), "site": site, "scope": scope, "name": name, "created_ms": now_ms}
    with database.write() as connection:
        if name:
            connection.execute(delete(schema.token).where(schema.token.c.name == name))
        connection.execute(insert(schema.token), row)
    return token


def grant_of(database: Database, token: str) -> Grant | None:
    """
    What a token grants; ``None`` when there is no such token.
    """
    # Looking up by hash takes the same time however much of a wrong token is right.
    asked = select(schema.token.c.site, schema.token.c.scope).where(
        schema.token.c.hash == _hash(token)
    )
    with database.read() as connection:
        row = connection.execute(asked).one_or_none()
    return Grant(row.site, Scope(row.scope)) if row else None


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
