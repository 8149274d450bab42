"""
A database with rows of a test's choice, which no front has counted.
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import insert

from service.archive import schema
from service.archive.databases import Database, add_to
from tests.databases import make_tables

Days = dict[tuple[str, date], dict[str, int]]


class Archive:
    """
    A site, s1, whose days are written as snapshots write them.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.pages: dict[str, int] = {"": 1}
        with database.write() as connection:
            site = {"id": 1, "name": "s1", "timezone": "UTC", "epoch": 1, "head": "0"}
            connection.execute(insert(schema.site), [site])
            connection.execute(insert(schema.page), [{"id": 1, "site_id": 1, "path": ""}])

    def add(self, days: Days) -> None:
        """
        Adds what happened on pages; the site has the sums.
        """
        for path in sorted({path for path, _ in days} - set(self.pages)):
            self.pages[path] = len(self.pages) + 1
            row = {"id": self.pages[path], "site_id": 1, "path": path}
            with self.database.write() as connection:
                connection.execute(insert(schema.page), [row])
        rows = [self._row(self.pages[path], day, told) for (path, day), told in days.items()]
        rows += [self._row(1, day, told) for (_, day), told in days.items()]
        with self.database.write() as connection:
            add_to(connection, schema.day_count, rows, schema.MEASURES)

    @staticmethod
    def _row(page: int, day: date, told: dict[str, int]) -> dict[str, object]:
        measures = {**dict.fromkeys(schema.MEASURES, 0), **told}
        return {"site_id": 1, "day": day, "page_id": page, **measures}


@pytest.fixture
def archive(database_url: str, tmp_path: Path) -> Iterator[Archive]:
    database = Database(database_url, tmp_path)
    make_tables(database, tmp_path)
    yield Archive(database)
    database.close()
