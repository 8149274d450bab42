"""
The connection to SQL: SQLite without any set-up, or PostgreSQL.

A commit is on disk when it returns. Errors of the library end here.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, Engine, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from service.archive.arrays import arrays_of, can_be_arrays, rows_of_arrays
from service.archive.sql_troubles import damage, said
from service.errors import ArchiveUnavailable, SettingsError
from service.settings import Settings

#: Seconds that a writer of SQLite waits for another.
BUSY_SECONDS = 10

#: Seconds that somebody waits for a connection of PostgreSQL's pool.
CONNECTION_SECONDS = 10

#: Rows that one statement of PostgreSQL adds.
AT_ONCE = 20_000

#: The file under the data directory.
SQLITE_FILE = "luot.sqlite3"


class Database:
    """
    SQL, as Luot speaks to it. Safe for threads and, before its first use, for fork.
    """

    def __init__(self, url: str, data_dir: Path, connections: int = 5) -> None:
        self.is_sqlite = not url
        self.file = data_dir / SQLITE_FILE if self.is_sqlite else None
        #: A connection that somebody else opened and closes.
        self._connection: Connection | None = None
        self._engine = (
            _sqlite(data_dir / SQLITE_FILE) if self.is_sqlite else _postgresql(url, connections)
        )

    @classmethod
    def of(cls, settings: Settings) -> "Database":
        """
        The database that the settings name.
        """
        return cls(settings.database_url, settings.data_dir, settings.database_connections)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """
        A connection on which every question sees the same moment.

        :raises ArchiveUnavailable: on leaving the block, whatever the database had to say
        """
        if self._connection is not None:
            yield self._connection
            return
        try:
            with self._engine.connect() as plain:
                # SQLite does so by itself; PostgreSQL would look anew for each question.
                told = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
                # What was asked once is true until the moment is over.
                yield plain.execution_options(luot_known={}, **told)
        except DBAPIError as error:
            raise ArchiveUnavailable(said(error)) from error
        except PoolTimeout as error:
            raise ArchiveUnavailable("SQL: all connections are in use") from error

    @contextmanager
    def held(self) -> Iterator["Database"]:
        """
        This database for an answer that has many questions: they share one connection.

        :raises ArchiveUnavailable: as ``read`` does
        """
        with self.read() as connection:
            held = copy(self)
            held._connection = connection  # noqa: SLF001 - of its own class
            yield held

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """
        A transaction: all of it is on disk after the block, or nothing.

        :raises ArchiveUnavailable: nothing was written
        """
        try:
            with self._engine.connect() as plain:
                connection = plain.execution_options(luot_writes=True)
                with connection.begin():
                    yield connection
        except DBAPIError as error:
            raise ArchiveUnavailable(said(error)) from error
        except PoolTimeout as error:
            raise ArchiveUnavailable("SQL: all connections are in use") from error

    def check_whole(self) -> None:
        """
        Nothing, when what was read can be believed.

        :raises ArchiveUnavailable: it is a file of SQLite, and damaged
        """
        if self.is_sqlite and (found := damage(self._engine)):
            raise ArchiveUnavailable(found)

    def close(self) -> None:
        """
        No connection is open afterwards; the next use opens one.
        """
        self._engine.dispose()


def add_to(
    connection: Connection, table: Table, rows: Sequence[dict[str, Any]], measures: Sequence[str]
) -> None:
    """
    Each row is added to the one with the same primary key, or is the first of it.
    """

    def added(excluded: Any) -> Any:
        return {m: table.c[m] + excluded[m] for m in measures}

    if rows and connection.dialect.name == "postgresql" and can_be_arrays(table, rows):
        names = list(rows[0])
        statement = postgresql.insert(table).from_select(names, rows_of_arrays(table, names))
        statement = statement.on_conflict_do_update(
            index_elements=list(table.primary_key.columns), set_=added(statement.excluded)
        )
        for first in range(0, len(rows), AT_ONCE):
            connection.execute(statement, arrays_of(rows[first : first + AT_ONCE]))
        return
    upsert(connection, table, rows, added)


def upsert(
    connection: Connection,
    table: Table,
    rows: Sequence[dict[str, Any]],
    changes: Any,
    conflict: Sequence[Column[Any]] | None = None,
) -> None:
    """
    Each row is inserted; where its key is taken, ``changes`` say what becomes of the old one.

    :param changes: from the refused row's columns to the new values; ``None``: the old row stays
    """
    if not rows:
        return
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table)
    keys = conflict or list(table.primary_key.columns)
    if changes is None:
        statement = statement.on_conflict_do_nothing(index_elements=keys)
    else:
        statement = statement.on_conflict_do_update(
            index_elements=keys, set_=changes(statement.excluded)
        )
    # As the second argument: a statement that holds all rows costs twenty times as much.
    connection.execute(statement, list(rows))


def _sqlite(file: Path) -> Engine:
    engine = create_engine(f"sqlite:///{file}", connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        # Transactions are begun below, so that a writer asks for its lock at once and waits.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("luot_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql(url: str, connections: int) -> Engine:
    if find_spec("psycopg") is None:
        raise SettingsError(
            ["database_url: needs PostgreSQL's driver: pip install 'luot[postgres]'"]
        )
    with_driver = "postgresql+psycopg://" + url.partition("://")[2]
    return create_engine(
        with_driver,
        pool_pre_ping=True,
        # Who needs one more waits for it: a database has a limit of its own for all hosts.
        pool_size=connections,
        max_overflow=0,
        pool_timeout=CONNECTION_SECONDS,
        # No statement runs so long that compiling it would pay.
        connect_args={"connect_timeout": 5, "options": "-c synchronous_commit=on -c jit=off"},
    )
