"""
How Alembic reaches the database: on the connection that ``schema_versions.migrate`` holds.
"""

from alembic import context

from service.archive.tables import all_tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=all_tables,
    render_as_batch=True,
)
context.run_migrations()
