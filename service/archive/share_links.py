"""
Links that show the dashboard of one site to people who do not sign in.

A link is secret, with 192 random bits of which SQL has the SHA-256, or open to everybody; either
shows one site, changes nothing, and is gone when it is revoked.
"""

import hashlib
import secrets
from dataclasses import dataclass

from sqlalchemy import delete, insert, select

from service.archive import administration
from service.archive.databases import Database


@dataclass(frozen=True, slots=True)
class ShareLink:
    """
    A link as it is listed; its secret is known only to those who have it.
    """

    number: int
    site: str
    name: str
    created_ms: int
    is_open: bool


def create_link(database: Database, site: str, name: str, now_ms: int) -> str:
    """
    A new secret link; returns its secret, which is shown now and never again.
    """
    secret = secrets.token_urlsafe(24)
    row = {"hash": _hash(secret), "site": site, "name": name, "created_ms": now_ms}
    with database.write() as connection:
        connection.execute(insert(administration.share_link), row)
    return secret


def open_to_all(database: Database, site: str, now_ms: int) -> None:
    """
    Everybody may look at the site's dashboard.
    """
    link = administration.share_link.c
    row = {"hash": None, "site": site, "name": "", "created_ms": now_ms}
    with database.write() as connection:
        asked = select(link.id).where(link.site == site, link.hash.is_(None))
        if connection.execute(asked).first() is None:
            connection.execute(insert(administration.share_link), row)


def links_of(database: Database, site: str | None = None) -> list[ShareLink]:
    """
    The links of a site, or of all sites, the oldest first.
    """
    link = administration.share_link.c
    asked = select(administration.share_link).order_by(link.id)
    if site is not None:
        asked = asked.where(link.site == site)
    with database.read() as connection:
        rows = connection.execute(asked).all()
    return [ShareLink(r.id, r.site, r.name, r.created_ms, r.hash is None) for r in rows]


def revoke_link(database: Database, site: str, number: int) -> bool:
    """
    The link of this number shows nothing any more; whether the site had it.
    """
    link = administration.share_link.c
    gone = delete(administration.share_link).where(link.id == number, link.site == site)
    with database.write() as connection:
        return connection.execute(gone).rowcount > 0


def site_of_link(database: Database, secret: str) -> str | None:
    """
    The site that a secret link shows; ``None`` when there is no such link.
    """
    link = administration.share_link.c
    with database.read() as connection:
        found: str | None = connection.execute(
            select(link.site).where(link.hash == _hash(secret))
        ).scalar()
    return found


def is_open(database: Database, site: str) -> bool:
    """
    Whether everybody may look at the site's dashboard.
    """
    link = administration.share_link.c
    asked = select(link.id).where(link.site == site, link.hash.is_(None))
    with database.read() as connection:
        return connection.execute(asked).first() is not None


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
