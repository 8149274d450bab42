"""
Leaving a Redis behind that knows more of a site than SQL, because SQL was put back.
"""

from sqlalchemy import update

from service.archive import schema
from service.archive.databases import Database
from service.archive.sites import new_token, site_row
from service.counting.store import Store


def lift_epoch(store: Store, database: Database, site: str) -> None:
    """
    SQL's life of the site is younger than the one that Redis has, so that Redis follows SQL.

    Nothing when SQL has no numbers of the site.
    :raises StoreUnavailable: nothing was changed
    """
    theirs = store.status(site).epoch
    c = schema.site.c
    with database.write() as connection:
        row = site_row(connection, site)
        if row is not None:
            # Its head is new as well: what Redis has closed does not continue it.
            told = {"epoch": max(row.epoch, theirs) + 1, "head": new_token()}
            connection.execute(update(schema.site).where(c.id == row.id).values(told))
