"""
What holds for every table, those that are still to come among them: each has rows here.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.archive.backups import LEFT_OUT, backup, restore_backup
from service.archive.databases import Database
from service.archive.migrating import migrate
from service.archive.purging import purge_site
from service.archive.tables import all_tables
from service.counting.store import Store
from service.settings import Settings
from tests.archive.filled import MADE, add_one_more, fill, numbers_itself, rows_in
from tests.databases import Databases
from tests.servers import Valkey

KINDS = ("sqlite", "postgresql")


class Made:
    """
    New databases of either kind.
    """

    def __init__(self, folder: Path, request: pytest.FixtureRequest) -> None:
        self._folder, self._request = folder, request
        self._databases = Databases()
        self._open: list[Database] = []

    def __call__(self, kind: str, name: str) -> Database:
        folder = self._folder / name
        folder.mkdir()
        if kind == "postgresql":
            self._databases.server = self._request.getfixturevalue("postgresql_url")
        url = self._databases.url(folder) if kind == "postgresql" else ""
        self._open.append(Database(url, folder))
        return self._open[-1]

    def close(self) -> None:
        for database in self._open:
            database.close()
        self._databases.drop_below(self._folder)


@pytest.fixture
def made(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Made]:
    made = Made(tmp_path, request)
    yield made
    made.close()


@pytest.mark.parametrize("there", KINDS)
@pytest.mark.parametrize("here", KINDS)
def test_every_row_of_every_table_comes_back_on_either_database(
    made: Made, tmp_path: Path, here: str, there: str
) -> None:
    first, second = made(here, "first"), made(there, "second")
    migrate(first)
    fill(first, "s1", "s2")
    before = rows_in(first)
    assert [] == [name for name, rows in before.items() if not rows]

    backup(first, Settings(), tmp_path / "b.zip", 0)
    restore_backup(second, tmp_path / "b.zip")
    after = rows_in(second)

    kept = set(before) - (LEFT_OUT - MADE)
    for name in sorted(kept):
        assert before[name] == after[name], name
    # What is over when a process ends, and secrets that let somebody in, are not in a backup.
    assert {name: [] for name in LEFT_OUT & set(before) - MADE} == {
        name: after[name] for name in set(before) - kept
    }
    for table in filter(numbers_itself, all_tables.sorted_tables):
        # New rows get new numbers.
        last = max(row[0] for row in after[table.name])
        assert last + 1 == add_one_more(second, table), table.name


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_of_a_purged_site_is_left_in_any_table(
    made: Made, valkey: Valkey, kind: str
) -> None:
    # Given a database as the other site would have it without this one, and one with both
    database, alone = made(kind, "both"), made(kind, "alone")
    for each, sites in ((database, ("s2", "s1")), (alone, ("s2",))):
        migrate(each)
        fill(each, *sites)
    store = Store(valkey.url)
    try:
        purge_site(store, database, "s1", 7, "somebody")
    finally:
        store.close()
    found, expected = rows_in(database), rows_in(alone)

    # Then the trail alone says that there was another, and texts that belong to no site stay
    trail = [row for row in found.pop("audit") if row not in expected["audit"]]
    assert {"s1"} == {row[3] for row in trail}
    assert ("somebody", "s1", "purge") == trail[-1][2:5]
    assert [("s1", 7)] == [row for row in found.pop("purged_site") if row[0] != "s2"]
    values = found.pop("value")
    assert expected["value"] == values[: len(expected["value"])]
    for name in found:
        assert expected[name] == found[name], name
