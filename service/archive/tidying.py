"""
What SQL need not remember for ever.
"""

from sqlalchemy import delete, select

from service.archive import schema
from service.archive.databases import Database

#: How long the token of a delta is kept after the delta is in SQL, in ms. A scheduler that slept
#: longer than this is told by the site's head that its delta is an old one.
TOKENS_KEPT_MS = 2 * 86_400_000

#: How long a producer is known after its last batch, in ms.
PRODUCERS_KEPT_MS = 2 * 86_400_000


def old_producers(database: Database, site: str, now_ms: int) -> list[str]:
    """
    Producers that have sent nothing for two days.
    """
    producer = schema.producer.c
    asked = (
        select(producer.producer)
        .join(schema.site, schema.site.c.id == producer.site_id)
        .where(schema.site.c.name == site, producer.seen_ms < now_ms - PRODUCERS_KEPT_MS)
    )
    with database.read() as connection:
        return list(connection.execute(asked).scalars())


def forget_old(database: Database, site: str, now_ms: int) -> None:
    """
    Tokens and producers that are two days old are gone from SQL; Redis has to forget them first.
    """
    known, producer = schema.delta.c, schema.producer.c
    number = select(schema.site.c.id).where(schema.site.c.name == site).scalar_subquery()
    old_tokens = (known.site_id == number) & (known.added_ms < now_ms - TOKENS_KEPT_MS)
    old = (producer.site_id == number) & (producer.seen_ms < now_ms - PRODUCERS_KEPT_MS)
    with database.write() as connection:
        connection.execute(delete(schema.delta).where(old_tokens))
        connection.execute(delete(schema.producer).where(old))
