"""
What SQL need not remember for ever.
"""

from collections.abc import Collection

from sqlalchemy import ColumnElement, and_, delete, or_, select

from service.archive import schema
from service.archive.databases import Database
from service.archive.together import forget_together
from service.clock import instant
from service.counting.direct import DIRECT

#: How long the token of a delta is kept after the delta is in SQL, in ms. A scheduler that slept
#: longer than this is told by the site's head that its delta is an old one.
TOKENS_KEPT_MS = 2 * 86_400_000

#: How long a producer without a journal is known after its last batch, in ms. Those with one are
#: retired by its owner; this long after its last batch no journal is sent any more.
PRODUCERS_KEPT_MS, WITH_JOURNAL_MS = 2 * 86_400_000, 31 * 86_400_000


def old_producers(database: Database, site: str, now_ms: int, here: Collection[str]) -> list[str]:
    """
    Producers that will send nothing any more.

    :param here: those with a journal on this host, which are never among them
    """
    asked = (
        select(schema.producer.c.producer)
        .join(schema.site, schema.site.c.id == schema.producer.c.site_id)
        .where(schema.site.c.name == site, _is_old(now_ms))
    )
    with database.read() as connection:
        return [name for name in connection.execute(asked).scalars() if name not in here]


def forget_old(database: Database, site: str, now_ms: int, retired: Collection[str]) -> None:
    """
    Tokens that are two days old are gone from SQL, and producers that Redis has forgotten.

    So are pairs of pages that few readers made.
    """
    known = schema.delta.c
    number = select(schema.site.c.id).where(schema.site.c.name == site).scalar_subquery()
    old_tokens = (known.site_id == number) & (known.added_ms < now_ms - TOKENS_KEPT_MS)
    producer = schema.producer.c
    old = (producer.site_id == number) & producer.producer.in_(retired)
    with database.write() as connection:
        connection.execute(delete(schema.delta).where(old_tokens))
        connection.execute(delete(schema.producer).where(old))
        forget_together(connection, number, instant(now_ms).date())


def _is_old(now_ms: int) -> ColumnElement[bool]:
    producer = schema.producer.c
    is_direct = producer.producer.startswith(DIRECT)
    return or_(
        and_(is_direct, producer.seen_ms < now_ms - PRODUCERS_KEPT_MS),
        producer.seen_ms < now_ms - WITH_JOURNAL_MS,
    )
