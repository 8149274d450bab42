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
        upgrade(connection, "head")
        return revision_of(connection) or ""


def upgrade(connection: Connection, revision: str) -> None:
    """
    The tables have the shape of a revision when the transaction is committed.
    """
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def known_revisions() -> set[str]:
    """
    Every revision of the tables that this version knows.
    """
    return {script.revision for script in _scripts().walk_revisions()}


def revision_of(connection: Connection) -> str | None:
    """
    The revision that the tables have; ``None`` when there are none.
    """
    return MigrationContext.configure(connection).get_current_revision()


def is_migrated(database: Database) -> bool:
    """
    Whether the tables have this version's shape.
    """
    with database.read() as connection:
        return revision_of(connection) == _scripts().get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "service:archive/migrations")
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _refuse_newer(connection: Connection) -> None:
    revision = revision_of(connection)
    if revision is not None and revision not in known_revisions():
        raise ArchiveError(
            f"the database has the schema {revision}, which a newer Luot made: upgrade Luot"
        )
