"""
The tables of what was imported, and of what came from where.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

from service.archive.schema import MEASURES, SAID, VALUE_MEASURES, Id, count, metadata

import_file = Table(
    "import_file",
    metadata,
    Column("site_id", ForeignKey("site.id"), comment="The site."),
    Column("file", Text, comment="SHA-256 of the content, hexadecimal."),
    Column("lines", BigInteger, nullable=False, comment="Lines of it that are in these tables."),
    PrimaryKeyConstraint("site_id", "file"),
    comment="Access logs that were imported, and how far.",
)

import_day = Table(
    "import_day",
    metadata,
    Column("site_id", ForeignKey("site.id"), comment="The site."),
    Column("day", Date, comment="The site-day."),
    Column("file", Text, comment="The file that has lines of it."),
    PrimaryKeyConstraint("site_id", "day", "file"),
    comment="Which days which imported file covers.",
)

history = Table(
    "history",
    metadata,
    Column("id", Id, primary_key=True, comment="Number of the history."),
    Column("site_id", ForeignKey("site.id"), nullable=False, comment="The site."),
    Column("content", Text, nullable=False, comment="SHA-256 of the file, hexadecimal."),
    Column("tool", Text, nullable=False, comment="Which tool wrote the file."),
    Column("file", Text, nullable=False, comment="The file's name."),
    Column("mode", Text, nullable=False, comment="What was done with days that had numbers."),
    count("staged", "Rows of it that are in these tables."),
    Column("added_ms", BigInteger, comment="When it began to count, ms since 1970; none: not yet."),
    UniqueConstraint("site_id", "content"),
    comment="Files of other tools that were imported.",
)

history_count = Table(
    "history_count",
    metadata,
    Column("history_id", ForeignKey("history.id"), comment="The history."),
    Column("day", Date, comment="The site-day; 0001-01-01 when the file names none."),
    Column("page_id", ForeignKey("page.id"), comment="The page."),
    *(count(name, SAID[name]) for name in MEASURES),
    PrimaryKeyConstraint("history_id", "day", "page_id"),
    Index(None, "page_id", "day"),
    comment="What of a day of a page comes from which history.",
    sqlite_with_rowid=False,
)

history_value = Table(
    "history_value",
    metadata,
    Column("history_id", ForeignKey("history.id"), comment="The history."),
    Column("day", Date, comment="The site-day."),
    Column("dimension", SmallInteger, comment="Number of the dimension, from 1."),
    Column("value_id", ForeignKey("value.id"), comment="The value."),
    *(count(name, SAID[name]) for name in VALUE_MEASURES),
    PrimaryKeyConstraint("history_id", "day", "dimension", "value_id"),
    comment="What of a value of the site comes from which history.",
    sqlite_with_rowid=False,
)
