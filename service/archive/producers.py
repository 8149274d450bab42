"""
What SQL knows of producers: how far the batches of each have come, and who is to be waited for.
"""

from collections.abc import Collection, Sequence

from sqlalchemy import delete, select

from service.archive import schema
from service.archive.databases import Database, upsert


def register_producer(
    database: Database, sites: Collection[str], producer: str, now_ms: int
) -> None:
    """
    The producer is known to exist for each of the sites that were ever counted.

    :raises ArchiveUnavailable: nothing was written
    """
    asked = select(schema.site.c.id).where(schema.site.c.name.in_(sites))
    with database.write() as connection:
        rows = [
            {"site_id": number, "producer": producer, "seq": 0, "seen_ms": now_ms}
            for number in connection.execute(asked).scalars()
        ]
        upsert(connection, schema.producer, rows, None)


def watermarks(database: Database, site: str) -> dict[str, int]:
    """
    For each producer of a site the ``seq`` up to which SQL has its batches.

    :raises ArchiveUnavailable: SQL is away
    """
    known = schema.producer.c
    asked = (
        select(known.producer, known.seq)
        .join(schema.site, schema.site.c.id == known.site_id)
        .where(schema.site.c.name == site)
    )
    with database.read() as connection:
        return {row.producer: row.seq for row in connection.execute(asked)}


def forget_producers(database: Database, producers: Sequence[str]) -> None:
    """
    SQL knows these producers no more; Redis has to forget them first.

    :raises ArchiveUnavailable: nothing was written
    """
    with database.write() as connection:
        connection.execute(delete(schema.producer).where(schema.producer.c.producer.in_(producers)))
