"""
Giving up a site that was taken out of the settings: its numbers go, and hits that still wait.

Until then nothing of it is touched: it comes back as it was when its settings do.
"""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Connection, Table, delete, select

from service.archive import administration, schema
from service.archive.audits import audit
from service.archive.databases import Database, upsert
from service.archive.sites import site_row
from service.archive.tables import all_tables
from service.counting.erasing import erase
from service.counting.store import Store


def removed_sites(database: Database, known: Iterable[str]) -> list[str]:
    """
    Sites that have numbers and are not in the settings.
    """
    with database.read() as connection:
        names = connection.execute(
            select(schema.site.c.name).order_by(schema.site.c.name)
        ).scalars()
        return [name for name in names if name not in set(known)]


def purged_sites(database: Database) -> dict[str, int]:
    """
    For each site that was purged the time up to which its hits are dropped, in ms since 1970.
    """
    c = administration.purged_site.c
    with database.read() as connection:
        rows = connection.execute(select(c.site, c.at_ms))
        return {row.site: row.at_ms for row in rows}


def purge_site(store: Store, database: Database, site: str, now_ms: int, actor: str) -> None:
    """
    Nothing of the site is left in SQL and Redis but its audit trail; journals drop its hits.

    :raises StoreUnavailable, ArchiveUnavailable: asking again settles it
    """
    with database.write() as connection:
        mark = {"site": site, "at_ms": now_ms}
        upsert(connection, administration.purged_site, [mark], lambda new: {"at_ms": new.at_ms})
        row = site_row(connection, site)
        if row is not None:
            _delete(connection, row.id)
        _delete_named(connection, site)
        audit(connection, now_ms, actor, site, "purge", {})
    erase(store, site)


def _delete(connection: Connection, site_id: int) -> None:
    for table in reversed(all_tables.sorted_tables):
        rows = _rows_of(table, site_id)
        if rows is not None:
            connection.execute(delete(table).where(rows))


def _rows_of(table: Table, site_id: int) -> ColumnElement[bool] | None:
    """
    Which rows of a table belong to the site, by what they point to; ``None``: none ever does.
    """
    if table is schema.site:
        return table.c.id == site_id
    if "site_id" in table.c:
        return table.c.site_id == site_id
    for key in sorted(table.foreign_keys, key=lambda key: key.parent.name):
        rows = _rows_of(key.column.table, site_id)
        if rows is not None:
            return key.parent.in_(select(key.column).where(rows))
    return None


def _delete_named(connection: Connection, site: str) -> None:
    """
    What names the site and not its number, such as tokens, goes; the audit trail stays.
    """
    for table in all_tables.sorted_tables:
        if "site" in table.c and table not in {administration.audit, administration.purged_site}:
            connection.execute(delete(table).where(table.c.site == site))
