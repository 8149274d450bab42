"""
Every table of the database.
"""

from service.archive import administration, import_tables, schema

#: Where tables are declared; a module that nobody imports would be missing below.
MODULES = (schema, administration, import_tables)

all_tables = schema.metadata
