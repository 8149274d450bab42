"""
The tables, each column with a sentence.

Counts are sums of increments; nothing here says who anybody was. The site as a whole is the page
with the empty path, so that a question about the site and one about a page are one question.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: SQLite counts its rows in INTEGER; PostgreSQL needs the larger type.
_Id = BigInteger().with_variant(Integer, "sqlite")

#: The measures of an hour or a day of a page, in the order in which a delta carries them.
MEASURES = (
    "views",
    "visits",
    "visitors",
    "entries",
    "exits",
    "engaged_visits",
    "engaged_seconds",
    "events",
)

#: The measures of one value of a dimension, in the order in which a delta carries them.
VALUE_MEASURES = ("views", "visits", "visitors", "events")

_SAID = {
    "views": "Times the page was shown to a person.",
    "visits": "Visits with at least one view of it; of the site: visits that began.",
    "visitors": "Visitors of the day who viewed it for the first time that day.",
    "entries": "Visits whose first view was this page.",
    "exits": "Visits whose last view so far was this page.",
    "engaged_visits": "Visits that entered here and had a second view or an event.",
    "engaged_seconds": "Seconds of attention.",
    "events": "Hits with a name, which are no views.",
}


def _count(name: str, comment: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default="0", comment=comment)


site = Table(
    "site",
    metadata,
    Column("id", _Id, primary_key=True, comment="Number of the site."),
    Column("name", Text, nullable=False, unique=True, comment="The site's id in the settings."),
    Column("timezone", Text, nullable=False, comment="Where its days begin at present."),
    Column("epoch", BigInteger, nullable=False, comment="Which life of the site in Redis this is."),
    Column("head", Text, nullable=False, comment="Token of the last delta that was added."),
    _count("number", "How many deltas were added."),
    _count("baseline_version", "How often a baseline was set."),
    comment="One row for each site that was ever counted.",
)

page = Table(
    "page",
    metadata,
    Column("id", _Id, primary_key=True, comment="Number of the page."),
    Column("site_id", ForeignKey("site.id"), nullable=False, comment="The page's site."),
    Column("path", Text, nullable=False, comment="Its path by the site's rules; empty: the site."),
    Column("title", Text, comment="The newest title it was seen with."),
    _count("titled_ms", "When the title last changed, in ms since 1970."),
    _count("views", "All views that were measured."),
    _count("visits", "All visits with a view of it; of the site: all visits."),
    _count("visitors", "The sum of the days' visitors."),
    _count("baseline_views", "Views that an older counter had counted."),
    _count("baseline_visits", "Visits that an older counter had counted."),
    _count("baseline_version", "Which change of the site's baselines set them."),
    _count("history_views", "Views that imported histories add to them."),
    _count("history_visits", "Visits that imported histories add to them."),
    UniqueConstraint("site_id", "path"),
    comment="One row for each page that has numbers.",
)

hour_count = Table(
    "hour_count",
    metadata,
    Column("page_id", ForeignKey("page.id"), comment="The page."),
    Column("day", Date, comment="The site-day."),
    Column("hour", SmallInteger, comment="The day's hour from its first instant: 0 to 24."),
    *(_count(name, _SAID[name]) for name in MEASURES),
    PrimaryKeyConstraint("page_id", "day", "hour"),
    comment="What happened on a page in an hour.",
    sqlite_with_rowid=False,
)

day_count = Table(
    "day_count",
    metadata,
    Column("site_id", ForeignKey("site.id"), comment="The page's site."),
    Column("day", Date, comment="The site-day."),
    Column("page_id", ForeignKey("page.id"), comment="The page."),
    *(_count(name, _SAID[name]) for name in MEASURES),
    PrimaryKeyConstraint("site_id", "day", "page_id"),
    Index(None, "page_id", "day"),
    comment="What happened on a page on a site-day.",
    sqlite_with_rowid=False,
)

value = Table(
    "value",
    metadata,
    Column("id", _Id, primary_key=True, comment="Number of the value."),
    Column("text", Text, nullable=False, unique=True, comment="The value."),
    comment="Every text that a dimension ever had as a value.",
)

value_count = Table(
    "value_count",
    metadata,
    Column("page_id", ForeignKey("page.id"), comment="The page."),
    Column("dimension", SmallInteger, comment="Number of the dimension, from 1."),
    Column("day", Date, comment="The site-day."),
    Column("value_id", ForeignKey("value.id"), comment="The value."),
    *(_count(name, _SAID[name]) for name in VALUE_MEASURES),
    PrimaryKeyConstraint("page_id", "dimension", "day", "value_id"),
    comment="What happened on a page on a site-day under one value of a dimension.",
    sqlite_with_rowid=False,
)

filtered_count = Table(
    "filtered_count",
    metadata,
    Column("site_id", ForeignKey("site.id"), comment="The site."),
    Column("day", Date, comment="The site-day."),
    Column("hour", SmallInteger, comment="The day's hour from its first instant."),
    Column("reason", Text, comment="Why they were filtered, or 'late'."),
    _count("requests", "Requests that were filtered; late: hits that made no visit."),
    PrimaryKeyConstraint("site_id", "day", "hour", "reason"),
    comment="Requests that count in none of the numbers.",
    sqlite_with_rowid=False,
)

delta = Table(
    "delta",
    metadata,
    Column("site_id", ForeignKey("site.id"), comment="The site."),
    Column("token", Text, comment="The delta's token."),
    Column("number", BigInteger, nullable=False, comment="Which delta of the site it was."),
    Column("added_ms", BigInteger, nullable=False, comment="When it was added, ms since 1970."),
    PrimaryKeyConstraint("site_id", "token"),
    comment="Deltas that were added in the last two days.",
)

producer = Table(
    "producer",
    metadata,
    Column("site_id", ForeignKey("site.id"), comment="The site."),
    Column("producer", Text, comment="128 random bits of a worker."),
    Column("seq", BigInteger, nullable=False, comment="Its last batch that is in these tables."),
    Column("seen_ms", BigInteger, nullable=False, comment="When that was added, ms since 1970."),
    PrimaryKeyConstraint("site_id", "producer"),
    comment="How far the batches of each worker have come.",
)

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
    Column("id", _Id, primary_key=True, comment="Number of the history."),
    Column("site_id", ForeignKey("site.id"), nullable=False, comment="The site."),
    Column("content", Text, nullable=False, comment="SHA-256 of the file, hexadecimal."),
    Column("tool", Text, nullable=False, comment="Which tool wrote the file."),
    Column("file", Text, nullable=False, comment="The file's name."),
    Column("mode", Text, nullable=False, comment="What was done with days that had numbers."),
    _count("staged", "Rows of it that are in these tables."),
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
    *(_count(name, _SAID[name]) for name in MEASURES),
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
    *(_count(name, _SAID[name]) for name in VALUE_MEASURES),
    PrimaryKeyConstraint("history_id", "day", "dimension", "value_id"),
    comment="What of a value of the site comes from which history.",
    sqlite_with_rowid=False,
)

token = Table(
    "token",
    metadata,
    Column("id", _Id, primary_key=True, comment="Number of the token."),
    Column("hash", Text, nullable=False, unique=True, comment="SHA-256 of it; nothing else."),
    Column("site", Text, nullable=False, comment="The site's id in the settings, or '*'."),
    Column("scope", Text, nullable=False, comment="read, write or admin."),
    Column("name", Text, comment="What it is for, as its maker said."),
    Column("created_ms", BigInteger, nullable=False, comment="When it was made, ms since 1970."),
    comment="What programs and people show to be let in.",
)

audit = Table(
    "audit",
    metadata,
    Column("id", _Id, primary_key=True, comment="Number of the entry."),
    Column("at_ms", BigInteger, nullable=False, comment="When, in ms since 1970."),
    Column("actor", Text, nullable=False, comment="Who, or which command."),
    Column("site", Text, nullable=False, comment="The site's id in the settings."),
    Column("action", Text, nullable=False, comment="What was done."),
    Column("detail", Text, nullable=False, comment="With what, as JSON."),
    comment="Everything that changed numbers other than by counting.",
)
