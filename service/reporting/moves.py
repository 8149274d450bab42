"""
When a site moved to Luot, and from where.
"""

from datetime import date

from sqlalchemy import exists, select

from service.archive import import_tables, schema
from service.archive.databases import Database
from service.door_settings import Door
from service.reporting.asking import page_number, site_number


def first_measured(database: Database, site: str) -> date | None:
    """
    The first site-day of which no other tool or log has told; ``None`` while there is none.
    """
    day, told = schema.day_count.c, import_tables.history_count.c
    lines = import_tables.import_day.c
    with database.read() as connection:
        number, whole = site_number(connection, site), page_number(connection, site)
        imported = exists().where(told.page_id == whole, told.day == day.day)
        logged = exists().where(lines.site_id == number, lines.day == day.day)
        asked = select(day.day).where(day.page_id == whole, ~imported, ~logged)
        return connection.execute(asked.order_by(day.day).limit(1)).scalar()


def histories_of(database: Database, site: str) -> frozenset[Door]:
    """
    The trackers with doors here whose past numbers were taken over.
    """
    history = import_tables.history.c
    with database.read() as connection:
        number = site_number(connection, site)
        asked = select(history.tool).where(history.site_id == number, history.added_ms.is_not(None))
        tools = {str(tool) for tool in connection.execute(asked).scalars()}
    return frozenset(door for door in Door if door.value in tools)
