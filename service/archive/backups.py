"""
Backup and restore of SQL, between SQLite and PostgreSQL as well.

What is in Redis and in the journals is not in a backup: the numbers of the last minute, and who was
seen. Nobody needs salts to read old numbers, and with them a backup would say who somebody was.
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Date, Integer, MetaData, Table, func, insert, select, text

from service import __version__
from service.archive.backup_files import FORMAT, BackupReader, BackupWriter, Manifest
from service.archive.databases import Database
from service.archive.migrating import known_revisions, revision_of, upgrade
from service.archive.tables import all_tables
from service.clock import rfc3339
from service.errors import BackupRefused
from service.settings import Settings

#: Tables of what is over when a process ends, and of secrets that open something: never kept.
_OVER = {"alembic_version", "session", "sessions", "sign_in", "sign_ins", "clock_mark"}

#: Sums that the database itself makes of other tables, also while a backup is put back.
_DERIVED = {"month_count", "total_count", "value_month_count"}

LEFT_OUT = frozenset(_OVER | _DERIVED)

#: Settings that name a place, or may hold a password.
_NOT_TOLD = {"redis_url", "database_url", "data_dir"}

#: Rows that are written at once.
_CHUNK = 1_000


def backup(database: Database, settings: Settings, path: Path, now_ms: int) -> Manifest:
    """
    The file holds all of SQL as of one moment.

    :raises ArchiveUnavailable, OSError: there is no such file afterwards, or the one before
    """
    writer = BackupWriter(path)
    try:
        with database.read() as connection:
            manifest = Manifest(FORMAT, __version__, revision_of(connection) or "", rfc3339(now_ms))
            for table in all_tables.sorted_tables:
                if table.name not in LEFT_OUT:
                    names = [column.name for column in table.columns]
                    note = writer.table(table.name, names, _rows(connection, table))
                    manifest.tables[table.name] = note
        told = settings.model_dump(mode="json", exclude=_NOT_TOLD)
        writer.finish(manifest, told)
    finally:
        writer.give_up()
    return manifest


def _rows(connection: Connection, table: Table) -> Iterator[list[Any]]:
    asked = select(table).order_by(*table.primary_key.columns)
    # Not all at once: PostgreSQL's driver would otherwise hold the whole table.
    found = connection.execution_options(yield_per=_CHUNK).execute(asked)
    for row in found:
        yield [value.isoformat() if isinstance(value, date) else value for value in row]


def restore_backup(database: Database, path: Path) -> Manifest:
    """
    The database, which was empty, holds what the file holds, in this version's tables.

    :raises BackupRefused: the file is damaged or newer, or the database is not empty; nothing
        was changed
    """
    reader = BackupReader(path)
    try:
        manifest = reader.manifest
        if manifest.revision not in known_revisions():
            raise BackupRefused(
                f"the backup has the schema {manifest.revision}, which a newer Luot made: upgrade "
                f"Luot"
            )
        with database.write() as connection:
            _refuse_full(connection)
            if revision_of(connection) != manifest.revision:
                _drop_all(connection)
                upgrade(connection, manifest.revision)
            _fill(connection, reader)
            upgrade(connection, "head")
    finally:
        reader.close()
    return manifest


def _refuse_full(connection: Connection) -> None:
    here = MetaData()
    here.reflect(connection)
    for table in here.sorted_tables:
        if table.name == "alembic_version":
            continue
        if connection.execute(select(func.count()).select_from(table)).scalar():
            raise BackupRefused(
                f"the database is not empty: its table {table.name} has rows; name a new one, or "
                f"another data directory"
            )


def _drop_all(connection: Connection) -> None:
    """
    Tables of another schema, all empty, make room for those of the backup.
    """
    here = MetaData()
    here.reflect(connection)
    here.drop_all(connection)


def _fill(connection: Connection, reader: BackupReader) -> None:
    here = MetaData()
    here.reflect(connection)
    tables = {table.name: table for table in here.sorted_tables}
    unknown = reader.manifest.tables.keys() - tables.keys()
    if unknown:
        raise BackupRefused(f"the backup has tables that its schema has not: {min(unknown)}")
    for table in here.sorted_tables:
        note = reader.manifest.tables.get(table.name)
        if note is None:
            continue
        if missing := set(note.columns) - set(table.c.keys()):
            raise BackupRefused(f"the backup has a column that its schema has not: {min(missing)}")
        # Tables of a schema may be born with rows.
        connection.execute(table.delete())
        chunk: list[dict[str, Any]] = []
        dates = {c.name for c in table.columns if isinstance(c.type, Date)}
        for row in reader.rows(table.name):
            named = dict(zip(note.columns, row, strict=True))
            for name in dates & named.keys():
                named[name] = date.fromisoformat(named[name]) if named[name] else None
            chunk.append(named)
            if len(chunk) == _CHUNK:
                connection.execute(insert(table), chunk)
                chunk = []
        if chunk:
            connection.execute(insert(table), chunk)
        _set_sequence(connection, table)


def _set_sequence(connection: Connection, table: Table) -> None:
    """
    PostgreSQL goes on counting behind the numbers that were given.
    """
    keys = list(table.primary_key.columns)
    if connection.dialect.name != "postgresql" or len(keys) != 1:
        return
    key = keys[0]
    if not isinstance(key.type, Integer):
        return
    told = {"table": table.name, "column": key.name}
    asked = text("SELECT pg_get_serial_sequence(:table, :column)")
    sequence = connection.execute(asked, told).scalar()
    last = connection.execute(select(func.max(key))).scalar()
    if sequence and last:
        connection.execute(
            text("SELECT setval(:sequence, :last)"), {"sequence": sequence, "last": last}
        )
