"""
What is known of a page or a site besides its counts in a period: title, past, notes.
"""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select

from service.archive import administration, schema
from service.archive.databases import Database
from service.reporting.asking import TITLE, page_number, site_number, sums, within
from service.reporting.periods import Period

#: Entries of the audit trail that are looked through.
NOTES = 50


@dataclass(frozen=True, slots=True)
class PageFacts:
    """
    A page, and how visits began and ended on it in a period.
    """

    path: str
    title: str | None
    entries: int
    exits: int


@dataclass(frozen=True, slots=True)
class Note:
    """
    Something that was done to a site's numbers other than by counting.
    """

    at_ms: int
    action: str
    detail: Any


def page_facts(database: Database, site: str, path: str, span: Period) -> PageFacts | None:
    """
    A page's facts; ``None`` when it has no numbers.
    """
    with database.read() as connection:
        number = page_number(connection, site, path)
        if number is None:
            return None
        title = connection.execute(select(TITLE).where(schema.page.c.id == number)).scalar()
        asked = select(*sums(schema.day_count, ("entries", "exits"))).where(
            schema.day_count.c.page_id == number, within(schema.day_count, span)
        )
        row = connection.execute(asked).one()
    return PageFacts(path, title, int(row[0]), int(row[1]))


def notes(database: Database, site: str, since_ms: int, until_ms: int) -> list[Note]:
    """
    What the audit trail has of a site between two moments, the newest first.
    """
    audit = administration.audit.c
    asked = (
        select(audit.at_ms, audit.action, audit.detail)
        .where(audit.site == site, audit.at_ms >= since_ms, audit.at_ms < until_ms)
        .order_by(audit.id.desc())
        .limit(NOTES)
    )
    with database.read() as connection:
        rows = connection.execute(asked).all()
    return [Note(row.at_ms, row.action, json.loads(row.detail)) for row in rows]


def added_ms(database: Database, site: str) -> int | None:
    """
    When something was last added to a site's numbers here; ``None`` when not in two days.
    """
    delta = schema.delta.c
    with database.read() as connection:
        number = site_number(connection, site)
        found: int | None = connection.execute(
            select(func.max(delta.added_ms)).where(delta.site_id == number)
        ).scalar()
    return found


def first_days(database: Database, site: str, path: str) -> date | None:
    """
    The first day on which a page was counted.
    """
    count = schema.day_count.c
    with database.read() as connection:
        number = page_number(connection, site, path)
        found: date | None = connection.execute(
            select(func.min(count.day)).where(count.page_id == number)
        ).scalar()
    return found
