"""
What of the numbers in SQL was not measured but comes from imported histories.

Histories stand in the same tables as what was measured, so that reports see one past. Redis holds
the two apart, and whoever compares or restores it has to take them apart again.
"""

from datetime import date
from typing import Any

from sqlalchemy import Connection, Select, func, select

from service.archive import import_tables, schema


def history_days(connection: Connection, site_id: int, oldest: date) -> dict[str, tuple[int, ...]]:
    """
    For each site-day since then what histories add to the site: views, visits, visitors.
    """
    count = import_tables.history_count.c
    asked = _of_site(
        select(count.day, func.sum(count.views), func.sum(count.visits), func.sum(count.visitors)),
        site_id,
    )
    asked = asked.where(count.day >= oldest).group_by(count.day)
    return {found[0].isoformat(): tuple(map(int, found[1:])) for found in connection.execute(asked)}


def history_views(connection: Connection, site_id: int, day: date) -> dict[int, int]:
    """
    For each page's number the views that histories add to a day.
    """
    count, history = import_tables.history_count.c, import_tables.history.c
    asked = (
        select(count.page_id, func.sum(count.views))
        .join(import_tables.history, history.id == count.history_id)
        .where(history.site_id == site_id, history.added_ms.is_not(None), count.day == day)
        .group_by(count.page_id)
    )
    return {page: int(views) for page, views in connection.execute(asked)}


def history_events(connection: Connection, site_id: int) -> int:
    """
    The events that histories add to the site.
    """
    asked = _of_site(select(func.sum(import_tables.history_count.c.events)), site_id)
    return int(connection.execute(asked).scalar() or 0)


def _of_site(asked: Select[Any], site_id: int) -> Select[Any]:
    count, history, page = import_tables.history_count.c, import_tables.history.c, schema.page.c
    return (
        asked.join(import_tables.history, history.id == count.history_id)
        .join(schema.page, page.id == count.page_id)
        .where(history.site_id == site_id, history.added_ms.is_not(None), page.path == "")
    )
