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
    text,
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
Id = BigInteger().with_variant(Integer, "sqlite")

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

#: The measures that pages are ranked by; each has an index that knows a day's largest.
RANKED = ("views", "entries", "exits")

#: What each measure says, as its column's comment.
SAID = {
    "views": "Times the page was shown to a person.",
    "visits": "Visits with at least one view of it; of the site: visits that began.",
    "visitors": "Visitors of the day who viewed it for the first time that day.",
    "entries": "Visits whose first view was this page.",
    "exits": "Visits whose last view so far was this page.",
    "engaged_visits": "Visits that entered here and had a second view or an event.",
    "engaged_seconds": "Seconds of attention.",
    "events": "Hits with a name, which are no views.",
}


def count(name: str, comment: str) -> Column[int]:
    """
    A column of sums, 0 until something is added.
    """
    return Column(name, BigInteger, nullable=False, server_default="0", comment=comment)


def _rankings(table: str, span: str) -> list[Index]:
    # Pages without any are in no ranking, and most have no entries on most days.
    return [
        Index(
            f"ix_{table}_ranked_{measure}",
            *("site_id", span, measure),
            sqlite_where=text(f"{measure} <> 0"),
            postgresql_where=text(f"{measure} <> 0"),
            # SQLite's has it in any case: it is part of the key.
            postgresql_include=["page_id"],
        )
        for measure in RANKED
    ]


def _of_page(table: str, span: str) -> Index:
    # With what pages are ranked by, so that adding it up for a page reads no row.
    return Index(f"ix_{table}_of_page", "page_id", span, *RANKED)


site = Table(
    "site",
    metadata,
    Column("id", Id, primary_key=True, comment="Number of the site."),
    Column("name", Text, nullable=False, unique=True, comment="The site's id in the settings."),
    Column("timezone", Text, nullable=False, comment="Where its days begin at present."),
    Column("epoch", BigInteger, nullable=False, comment="Which life of the site in Redis this is."),
    Column("head", Text, nullable=False, comment="Token of the last delta that was added."),
    count("number", "How many deltas were added."),
    count("baseline_version", "How often a baseline was set."),
    count("corrected", "How many steps of corrections were made."),
    comment="One row for each site that was ever counted.",
)

page = Table(
    "page",
    metadata,
    Column("id", Id, primary_key=True, comment="Number of the page."),
    Column("site_id", ForeignKey("site.id"), nullable=False, comment="The page's site."),
    Column("path", Text, nullable=False, comment="Its path by the site's rules; empty: the site."),
    Column("digest", Text, comment="Six characters of its path's digest, as batches carry it."),
    Column("title", Text, comment="The newest title it was seen with."),
    count("titled_ms", "When the title last changed, in ms since 1970."),
    Column("shown_title", Text, comment="The newest title that two visitors sent."),
    Column("shown_host", Text, comment="Its host then; empty: the site's first."),
    count("shown_ms", "When these last changed, in ms since 1970."),
    Column("candidate", Text, comment="A title that is not shown yet, a TAB and its host."),
    count("candidate_visitors", "Visitors who sent it so."),
    Column("pinned_title", Text, comment="The title that an administrator gave it."),
    count("views", "All views that were measured."),
    count("visits", "All visits with a view of it; of the site: all visits."),
    count("visitors", "The sum of the days' visitors."),
    count("baseline_views", "Views that an older counter had counted."),
    count("baseline_visits", "Visits that an older counter had counted."),
    count("baseline_version", "Which change of the site's baselines set them."),
    Column("moved_to", BigInteger, comment="The page that it is now; it has no numbers then."),
    count("history_views", "Views that imported histories add to them."),
    count("history_visits", "Visits that imported histories add to them."),
    UniqueConstraint("site_id", "path"),
    Index(None, "digest", "site_id"),
    comment="One row for each page that has numbers.",
)

hour_count = Table(
    "hour_count",
    metadata,
    Column("page_id", ForeignKey("page.id"), comment="The page."),
    Column("day", Date, comment="The site-day."),
    Column("hour", SmallInteger, comment="The day's hour from its first instant: 0 to 24."),
    *(count(name, SAID[name]) for name in MEASURES),
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
    *(count(name, SAID[name]) for name in MEASURES),
    PrimaryKeyConstraint("site_id", "day", "page_id"),
    _of_page("day_count", "day"),
    *_rankings("day_count", "day"),
    comment="What happened on a page on a site-day.",
    sqlite_with_rowid=False,
)

month_count = Table(
    "month_count",
    metadata,
    Column("site_id", ForeignKey("site.id"), comment="The page's site."),
    Column("month", Date, comment="The first day of the month."),
    Column("page_id", ForeignKey("page.id"), comment="The page."),
    *(count(name, SAID[name]) for name in MEASURES),
    PrimaryKeyConstraint("site_id", "month", "page_id"),
    _of_page("month_count", "month"),
    *_rankings("month_count", "month"),
    comment="The sums of day_count by month; triggers keep them, whoever writes days.",
    sqlite_with_rowid=False,
)

total_count = Table(
    "total_count",
    metadata,
    Column("page_id", ForeignKey("page.id"), primary_key=True, comment="The page."),
    Column("site_id", ForeignKey("site.id"), nullable=False, comment="The page's site."),
    count("views", SAID["views"]),
    # SQLite's has the page in any case: it is the key.
    Index("ix_total_count_ranked", "site_id", "views", postgresql_include=["page_id"]),
    comment="The sums of day_count by page; triggers keep them, whoever writes days.",
    sqlite_with_rowid=False,
)

value = Table(
    "value",
    metadata,
    Column("id", Id, primary_key=True, comment="Number of the value."),
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
    *(count(name, SAID[name]) for name in VALUE_MEASURES),
    PrimaryKeyConstraint("page_id", "dimension", "day", "value_id"),
    comment="What happened on a page on a site-day under one value of a dimension.",
    sqlite_with_rowid=False,
)

value_month_count = Table(
    "value_month_count",
    metadata,
    Column("page_id", ForeignKey("page.id"), comment="The page of the site as a whole."),
    Column("dimension", SmallInteger, comment="Number of the dimension."),
    Column("month", Date, comment="The first day of the month."),
    Column("value_id", ForeignKey("value.id"), comment="The value."),
    *(count(name, SAID[name]) for name in VALUE_MEASURES),
    PrimaryKeyConstraint("page_id", "dimension", "month", "value_id"),
    comment="The sums of the site's value_count by month; triggers keep them.",
    sqlite_with_rowid=False,
)

related_count = Table(
    "related_count",
    metadata,
    Column("page_id", ForeignKey("page.id"), comment="The page."),
    Column("week", Date, comment="The Monday of the site-days."),
    Column("other_id", ForeignKey("page.id"), comment="Another page of the site."),
    count("readers", "Readers of one of these days who viewed both on it."),
    PrimaryKeyConstraint("page_id", "week", "other_id"),
    comment="Which pages were read by the same readers; small numbers go with their week.",
    sqlite_with_rowid=False,
)

filtered_count = Table(
    "filtered_count",
    metadata,
    Column("site_id", ForeignKey("site.id"), comment="The site."),
    Column("day", Date, comment="The site-day."),
    Column("hour", SmallInteger, comment="The day's hour from its first instant."),
    Column("reason", Text, comment="Why they were filtered, or 'late'."),
    count("requests", "Requests that were filtered; late: hits that made no visit."),
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
