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


def forget_old(database: Database, site: str, now_ms: int) -> list[str]:
    """
    Tokens and producers that are two days old are gone; returns the producers, for Redis.
    """
    known, producer = schema.delta.c, schema.producer.c
    with database.write() as connection:
        of_site = select(schema.site.c.id).where(schema.site.c.name == site)
        number = connection.execute(of_site).scalar()
        old_tokens = (known.site_id == number) & (known.added_ms < now_ms - TOKENS_KEPT_MS)
        connection.execute(delete(schema.delta).where(old_tokens))
        old = (producer.site_id == number) & (producer.seen_ms < now_ms - PRODUCERS_KEPT_MS)
        retired = list(connection.execute(select(producer.producer).where(old)).scalars())
        connection.execute(delete(schema.producer).where(old))
    return retired
