"""
The row of each site: which life of it in Redis SQL belongs to, and how far it has come.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from service.archive import schema
from service.archive.audits import audit
from service.archive.databases import Database, upsert
from service.intake.sites import Site


@dataclass(frozen=True, slots=True)
class SiteRow:
    """
    Where a site stands in SQL.
    """

    id: int
    name: str
    timezone: str
    epoch: int
    #: The token of the last delta that was added, or the root of the epoch.
    head: str
    #: How many deltas were added.
    number: int
    baseline_version: int
    #: How many steps of corrections were made.
    corrected: int


def site_row(connection: Connection, name: str) -> SiteRow | None:
    """
    The row of a site, if it was ever counted.
    """
    row = connection.execute(select(schema.site).where(schema.site.c.name == name)).one_or_none()
    return SiteRow(**row._mapping) if row else None  # noqa: SLF001 - its public name


def create_site(database: Database, site: Site) -> tuple[SiteRow, bool]:
    """
    The row of a site, and whether it is new; a site that is new begins its first epoch.
    """
    # Sites are opened often and made once; a reader waits for nobody.
    with database.read() as connection:
        known = site_row(connection, site.id)
    if known is not None:
        return known, False
    with database.write() as connection:
        known = site_row(connection, site.id)
        first = {"name": site.id, "timezone": site.zone.key, "epoch": 1, "head": new_token()}
        upsert(connection, schema.site, [first], None, conflict=[schema.site.c.name])
        row = site_row(connection, site.id)
    if row is None:  # pragma: no cover - it was made in this transaction
        raise LookupError(site.id)
    return row, known is None


def note_timezones(database: Database, sites: Iterable[Site], now_ms: int) -> list[str]:
    """
    The time zones in force are noted; a sentence for each that changed.

    Days that are over keep the numbers they had: the day of a hit is decided when it arrives.
    """
    said = []
    with database.write() as connection:
        for site in sites:
            row = site_row(connection, site.id)
            if row is None or row.timezone == site.zone.key:
                continue
            where = schema.site.c.id == row.id
            connection.execute(update(schema.site).where(where).values(timezone=site.zone.key))
            change = {"from": row.timezone, "to": site.zone.key}
            audit(connection, now_ms, "settings", site.id, "timezone", change)
            said.append(f"{site.id}: time zone {row.timezone} is now {site.zone.key}")
    return said


def new_token() -> str:
    """
    128 random bits, as 32 hexadecimal digits.
    """
    return secrets.token_hex(16)
