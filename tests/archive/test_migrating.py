"""
The tables that migrations make are those that the code asks.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from service.archive.databases import Database
from service.archive.migrating import is_migrated, migrate
from service.archive.tables import all_tables
from service.errors import ArchiveError


@pytest.fixture
def database(database_url: str, tmp_path: Path) -> Iterator[Database]:
    database = Database(database_url, tmp_path)
    yield database
    database.close()


def test_migrations_make_the_tables_of_the_schema(database: Database) -> None:
    assert not is_migrated(database)
    assert migrate(database) == "0008"

    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, all_tables) == []
    assert is_migrated(database)


def test_a_second_migration_changes_nothing(database: Database) -> None:
    assert migrate(database) == migrate(database)


def test_tables_of_a_newer_luot_are_left_alone(database: Database) -> None:
    migrate(database)
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'from-the-future'")

    with pytest.raises(ArchiveError, match="which a newer Luot made: upgrade Luot"):
        migrate(database)


def test_every_table_and_column_says_what_it_holds() -> None:
    untold = [
        f"{t}.{c.name}" for t in all_tables.tables.values() for c in t.columns if not c.comment
    ]

    assert untold == []
    assert all(table.comment for table in all_tables.tables.values())
