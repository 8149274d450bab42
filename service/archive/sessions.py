"""
Sessions of the dashboard: who has shown a token lately, so that it need not be shown again.

The cookie holds 256 random bits and SQL their SHA-256, so neither a copy of the database nor a
backup lets anybody in. A session ends with its token.
"""

import hashlib
import secrets
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import delete, insert, or_, select, update

from service.archive.administration import session as sessions
from service.archive.administration import token as tokens
from service.archive.databases import Database
from service.archive.tokens import Grant, Scope
from service.errors import ArchiveUnavailable

#: A session that was not used for so long is over, in ms: half a day.
IDLE_MS = 12 * 3_600_000

#: No session lasts longer, however much it is used, in ms: a week.
ABSOLUTE_MS = 7 * 86_400_000

#: How exactly its last use is known, in ms; each use would otherwise be a write.
SEEN_MS = 300_000


@dataclass(frozen=True, slots=True)
class Session:
    """
    Somebody who is signed in.
    """

    grant: Grant
    #: What their token is for, as its maker said; may be empty.
    name: str


def begin_session(database: Database, token_id: int, now_ms: int, before: str = "") -> str:
    """
    A new session of a token; returns what the cookie is to hold.

    The session that the browser had before, if any, is over, and so are all that have expired.
    """
    secret = secrets.token_urlsafe(32)
    session = sessions.c
    row = {"hash": _hash(secret), "token_id": token_id, "created_ms": now_ms, "seen_ms": now_ms}
    expired = or_(
        session.created_ms <= now_ms - ABSOLUTE_MS,
        session.seen_ms <= now_ms - IDLE_MS,
        session.hash == _hash(before),
    )
    with database.write() as connection:
        connection.execute(delete(sessions).where(expired))
        connection.execute(insert(sessions), row)
    return secret


def session_of(database: Database, secret: str, now_ms: int) -> Session | None:
    """
    The session of a cookie; ``None`` when there is none, or it is over.
    """
    session, token = sessions.c, tokens.c
    asked = (
        select(token.id, token.site, token.scope, token.name, token.expires_ms, session.seen_ms)
        .join(tokens, token.id == session.token_id)
        .where(session.hash == _hash(secret))
        .where(session.created_ms > now_ms - ABSOLUTE_MS, session.seen_ms > now_ms - IDLE_MS)
    )
    with database.read() as connection:
        row = connection.execute(asked).one_or_none()
    if row is None or (row.expires_ms is not None and row.expires_ms <= now_ms):
        return None
    if now_ms - row.seen_ms >= SEEN_MS:
        _note(database, secret, now_ms)
    return Session(Grant(row.site, Scope(row.scope), row.expires_ms, row.id), row.name or "")


def end_session(database: Database, secret: str) -> None:
    """
    The cookie lets nobody in any more.
    """
    with database.write() as connection:
        connection.execute(delete(sessions).where(sessions.c.hash == _hash(secret)))


def _note(database: Database, secret: str, now_ms: int) -> None:
    session = sessions.c
    seen = update(sessions).where(session.hash == _hash(secret)).values(seen_ms=now_ms)
    # A page that is only read does not fail because the database takes no writes.
    with suppress(ArchiveUnavailable), database.write() as connection:
        connection.execute(seen)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
