"""
What somebody wants corrected, and the note of it that stays.
"""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select

from service.archive import administration, schema
from service.archive.changes import Changes, keep_changes

#: Measures of the site that a list of corrections shows.
SHOWN = ("views", "visits", "visitors", "events")


@dataclass(frozen=True, slots=True)
class Order:
    """
    A correction that somebody wants.
    """

    #: ``merge``, ``remove`` or ``baseline``.
    kind: str
    actor: str
    why: str
    #: What was asked for, as it is shown.
    asked: dict[str, Any]


def note_correction(
    connection: Connection, site_id: int, order: Order, changes: Changes, now_ms: int
) -> int:
    """
    The correction and its changes are noted; returns its number.
    """
    page = schema.page.c
    whole = select(page.id).where(page.site_id == site_id, page.path == "")
    sums = changes.totals().get(connection.execute(whole).scalar() or 0, [0] * len(schema.MEASURES))
    named = dict(zip(schema.MEASURES, sums, strict=True))
    told = {
        "site_id": site_id,
        "kind": order.kind,
        "at_ms": now_ms,
        "actor": order.actor,
        "why": order.why,
        "asked": json.dumps(order.asked, ensure_ascii=False),
        "sums": json.dumps({name: named[name] for name in SHOWN}),
    }
    made = insert(administration.correction).returning(administration.correction.c.id)
    number = int(connection.execute(made, told).scalar_one())
    keep_changes(connection, number, changes)
    return number
