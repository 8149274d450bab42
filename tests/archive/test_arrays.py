"""
Rows that are added are added once, in one statement or in many.
"""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from service.archive import databases, schema
from service.archive.arrays import can_be_arrays
from service.archive.databases import Database, add_to
from service.archive.migrating import migrate

DAY = date(2026, 11, 22)


def row(page: int, views: int) -> dict[str, Any]:
    return {"page_id": page, "day": DAY, "hour": -1, "views": views}


def test_rows_are_added_however_many_go_together(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(databases, "AT_ONCE", 3)
    database = Database(database_url, tmp_path)
    migrate(database)
    site = {"id": 1, "name": "s1", "timezone": "UTC", "epoch": 1, "head": "0"}
    with database.write() as connection:
        connection.execute(insert(schema.site), [site])
        pages = [{"id": page, "site_id": 1, "path": f"/{page}"} for page in range(1, 8)]
        connection.execute(insert(schema.page), pages)
        add_to(
            connection, schema.hour_count, [row(page, page) for page in range(7, 0, -1)], ["views"]
        )
        # Some again, the other way round, and one of them twice.
        add_to(connection, schema.hour_count, [row(2, -5), row(1, 10)], ["views"])
        add_to(connection, schema.hour_count, [row(3, 1), row(3, 1)], ["views"])
    with database.read() as connection:
        count = schema.hour_count.c
        asked = select(count.page_id, func.sum(count.views)).group_by(count.page_id)
        found = {page: int(views) for page, views in connection.execute(asked)}
    database.close()

    assert {1: 11, 2: -3, 3: 5, 4: 4, 5: 5, 6: 6, 7: 7} == found


def test_texts_and_rows_that_come_twice_go_one_by_one() -> None:
    reasons = [{"site_id": 1, "day": DAY, "hour": 0, "reason": "a,}", "requests": 1}]

    assert can_be_arrays(schema.hour_count, [row(1, 1), row(2, 1)])
    assert not can_be_arrays(schema.hour_count, [row(1, 1), row(1, 2)])
    assert not can_be_arrays(schema.filtered_count, reasons)
