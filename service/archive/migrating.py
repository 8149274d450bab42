"""
Bringing the tables to this version's shape.
"""

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from service.archive.databases import Database
from service.errors import ArchiveError

#: Held while a PostgreSQL database is migrated; any number that nothing else uses.
_LOCK = 7_023_001


def migrate(database: Database) -> str:
    """
    The tables have this version's shape afterwards; returns the revision.

    Several may do so at once: one works, the others wait and find it done.
    :raises ArchiveError: the tables are newer than this version of Luot
    """
    with database.write() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        _refuse_newer(connection)
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        return _revision(connection) or ""


def is_migrated(database: Database) -> bool:
    """
    Whether the tables have this version's shape.
    """
    with database.read() as connection:
        return _revision(connection) == _scripts().get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "service:archive/migrations")
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _refuse_newer(connection: Connection) -> None:
    revision = _revision(connection)
    if revision is not None and revision not in {s.revision for s in _scripts().walk_revisions()}:
        raise ArchiveError(
            f"the database has the schema {revision}, which a newer Luot made: upgrade Luot"
        )
