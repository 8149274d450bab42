"""
Which SQL the services of tests have: SQLite, as everybody begins, or a real PostgreSQL.

``LUOT_TEST_DATABASE=postgresql`` gives every data directory a database of its own, as each has a
file of its own otherwise. What is asked for here has a name that its folder makes, so that a
service that starts again, and a command beside it, find the same.
"""

import atexit
import os
import shutil
import sqlite3
from contextlib import closing
from functools import cache
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import pytest
from psycopg.types.numeric import IntLoader
from psycopg.types.string import TextLoader

from service.archive.databases import SQLITE_FILE, Database
from service.archive.migrating import migrate

#: What services of tests write to.
KIND = os.environ.get("LUOT_TEST_DATABASE") or "sqlite"

#: For a test of what only SQLite has or says, such as its file.
only_sqlite = pytest.mark.skipif(KIND != "sqlite", reason="this is about SQLite's file")


class Databases:
    """
    The databases of a test session, by data directory.
    """

    def __init__(self, server: str = "") -> None:
        assert KIND in {"sqlite", "postgresql"}, f"LUOT_TEST_DATABASE: {KIND}"
        self.server = server
        self._made: dict[Path, str] = {}

    def url(self, folder: Path, like: Path | None = None) -> str:
        """
        What ``database_url`` is for this data directory; empty at first, or as another's is.
        """
        if not self.server:
            return ""
        folder = folder.absolute()
        name = "luot_" + blake2b(str(folder).encode(), digest_size=8).hexdigest()
        if folder not in self._made:
            of = f' TEMPLATE "{self._made[like.absolute()]}"' if like else ""
            self._tell(f'CREATE DATABASE "{name}"{of}')
            self._made[folder] = name
        return self.server.replace("/postgres?", f"/{name}?")

    def variables(self, folder: Path) -> dict[str, str]:
        """
        What tells a process with this data directory of its database.
        """
        url = self.url(folder)
        return {"LUOT_DATABASE_URL": url} if url else {}

    def drop_below(self, folder: Path) -> None:
        """
        There are no databases of this folder and those in it.
        """
        gone = [made for made in self._made if made.is_relative_to(folder.absolute())]
        for made in gone:
            self._tell(f'DROP DATABASE IF EXISTS "{self._made.pop(made)}" WITH (FORCE)')

    def rows(self, folder: Path, question: str) -> list[Any]:
        """
        What a question about a service's SQL finds; days are texts, as SQLite has them.
        """
        if not self.server:
            with closing(sqlite3.connect(folder / SQLITE_FILE)) as connection:
                connection.isolation_level = None
                return connection.execute(question).fetchall()
        with psycopg.connect(self.url(folder), autocommit=True) as connected:
            connected.adapters.register_loader("date", TextLoader)
            connected.adapters.register_loader("numeric", IntLoader)
            found = connected.execute(question.encode())
            return found.fetchall() if found.description else []

    def raw(self, folder: Path) -> bytes:
        """
        Everything that a service's SQL holds.
        """
        if not self.server:
            return b"".join(file.read_bytes() for file in folder.rglob("*.sqlite3*"))
        with psycopg.connect(self.url(folder)) as connected, connected.cursor() as cursor:
            named = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            parts = []
            for (name,) in cursor.execute(named).fetchall():
                with cursor.copy(f'COPY "{name}" TO STDOUT'.encode()) as copied:
                    parts += [bytes(part) for part in copied]
        return b"".join(parts)

    def _tell(self, command: str) -> None:
        with psycopg.connect(self.server, autocommit=True) as connection:
            connection.execute(command.encode())


@cache
def _empty() -> Path:
    """
    The file of an empty database, and the folder that holds it for as long as this process.
    """
    folder = TemporaryDirectory(prefix="luot-empty-")
    atexit.register(folder.cleanup)
    database = Database("", Path(folder.name))
    migrate(database)
    database.close()
    return Path(folder.name) / SQLITE_FILE


def make_tables(database: Database, folder: Path) -> None:
    """
    A new database has its tables; making them step by step takes longer than most tests.
    """
    file = folder / SQLITE_FILE
    if database.is_sqlite and not file.exists():
        shutil.copy(_empty(), file)
    else:
        migrate(database)


#: Of this process.
databases = Databases()
