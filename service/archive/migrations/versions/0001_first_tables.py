"""
The first tables.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MEASURES = {
    "views": "Times the page was shown to a person.",
    "visits": "Visits with at least one view of it; of the site: visits that began.",
    "visitors": "Visitors of the day who viewed it for the first time that day.",
    "entries": "Visits whose first view was this page.",
    "exits": "Visits whose last view so far was this page.",
    "engaged_visits": "Visits that entered here and had a second view or an event.",
    "engaged_seconds": "Seconds of attention.",
    "events": "Hits with a name, which are no views.",
}

VALUE_MEASURES = ("views", "visits", "visitors", "events")

#: SQLite counts its rows in INTEGER; PostgreSQL needs the larger type.
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _column(
    name: str, kind: sa.types.TypeEngine[Any], comment: str, *, nullable: bool = False
) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=nullable, comment=comment)


def _count(name: str, comment: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False, server_default="0", comment=comment)


def upgrade() -> None:
    """
    From nothing.
    """
    op.create_table(
        "audit",
        _column("id", NUMBER, "Number of the entry."),
        _column("at_ms", sa.BigInteger(), "When, in ms since 1970."),
        _column("actor", sa.Text(), "Who, or which command."),
        _column("site", sa.Text(), "The site's id in the settings."),
        _column("action", sa.Text(), "What was done."),
        _column("detail", sa.Text(), "With what, as JSON."),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
        comment="Everything that changed numbers other than by counting.",
    )
    op.create_table(
        "site",
        _column("id", NUMBER, "Number of the site."),
        _column("name", sa.Text(), "The site's id in the settings."),
        _column("timezone", sa.Text(), "Where its days begin at present."),
        _column("epoch", sa.BigInteger(), "Which life of the site in Redis this is."),
        _column("head", sa.Text(), "Token of the last delta that was added."),
        _count("number", "How many deltas were added."),
        _count("baseline_version", "How often a baseline was set."),
        sa.PrimaryKeyConstraint("id", name="pk_site"),
        sa.UniqueConstraint("name", name="uq_site_name"),
        comment="One row for each site that was ever counted.",
    )
    op.create_table(
        "token",
        _column("id", NUMBER, "Number of the token."),
        _column("hash", sa.Text(), "SHA-256 of it; nothing else."),
        _column("site", sa.Text(), "The site's id in the settings, or '*'."),
        _column("scope", sa.Text(), "read, write or admin."),
        _column("name", sa.Text(), "What it is for, as its maker said.", nullable=True),
        _column("created_ms", sa.BigInteger(), "When it was made, ms since 1970."),
        sa.PrimaryKeyConstraint("id", name="pk_token"),
        sa.UniqueConstraint("hash", name="uq_token_hash"),
        comment="What programs and people show to be let in.",
    )
    op.create_table(
        "value",
        _column("id", NUMBER, "Number of the value."),
        _column("text", sa.Text(), "The value."),
        sa.PrimaryKeyConstraint("id", name="pk_value"),
        sa.UniqueConstraint("text", name="uq_value_text"),
        comment="Every text that a dimension ever had as a value.",
    )
    op.create_table(
        "delta",
        _column("site_id", NUMBER, "The site."),
        _column("token", sa.Text(), "The delta's token."),
        _column("number", sa.BigInteger(), "Which delta of the site it was."),
        _column("added_ms", sa.BigInteger(), "When it was added, ms since 1970."),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk_delta_site_id"),
        sa.PrimaryKeyConstraint("site_id", "token", name="pk_delta"),
        comment="Deltas that were added in the last two days.",
    )
    op.create_table(
        "filtered_count",
        _column("site_id", NUMBER, "The site."),
        _column("day", sa.Date(), "The site-day."),
        _column("hour", sa.SmallInteger(), "The day's hour from its first instant."),
        _column("reason", sa.Text(), "Why they were filtered, or 'late'."),
        _count("requests", "Requests that were filtered; late: hits that made no visit."),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk_filtered_count_site_id"),
        sa.PrimaryKeyConstraint("site_id", "day", "hour", "reason", name="pk_filtered_count"),
        comment="Requests that count in none of the numbers.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "import_day",
        _column("site_id", NUMBER, "The site."),
        _column("day", sa.Date(), "The site-day."),
        _column("file", sa.Text(), "The file that has lines of it."),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk_import_day_site_id"),
        sa.PrimaryKeyConstraint("site_id", "day", "file", name="pk_import_day"),
        comment="Which days which imported file covers.",
    )
    op.create_table(
        "import_file",
        _column("site_id", NUMBER, "The site."),
        _column("file", sa.Text(), "SHA-256 of the content, hexadecimal."),
        _column("lines", sa.BigInteger(), "Lines of it that are in these tables."),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk_import_file_site_id"),
        sa.PrimaryKeyConstraint("site_id", "file", name="pk_import_file"),
        comment="Access logs that were imported, and how far.",
    )
    op.create_table(
        "page",
        _column("id", NUMBER, "Number of the page."),
        _column("site_id", NUMBER, "The page's site."),
        _column("path", sa.Text(), "Its path by the site's rules; empty: the site."),
        _column("title", sa.Text(), "The newest title it was seen with.", nullable=True),
        _count("titled_ms", "When the title last changed, in ms since 1970."),
        _count("views", "All views that were measured."),
        _count("visits", "All visits with a view of it; of the site: all visits."),
        _count("visitors", "The sum of the days' visitors."),
        _count("baseline_views", "Views that an older counter had counted."),
        _count("baseline_visits", "Visits that an older counter had counted."),
        _count("baseline_version", "Which change of the site's baselines set them."),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk_page_site_id"),
        sa.PrimaryKeyConstraint("id", name="pk_page"),
        sa.UniqueConstraint("site_id", "path", name="uq_page_site_id_path"),
        comment="One row for each page that has numbers.",
    )
    op.create_table(
        "producer",
        _column("site_id", NUMBER, "The site."),
        _column("producer", sa.Text(), "128 random bits of a worker."),
        _column("seq", sa.BigInteger(), "Its last batch that is in these tables."),
        _column("seen_ms", sa.BigInteger(), "When that was added, ms since 1970."),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk_producer_site_id"),
        sa.PrimaryKeyConstraint("site_id", "producer", name="pk_producer"),
        comment="How far the batches of each worker have come.",
    )
    op.create_table(
        "day_count",
        _column("site_id", NUMBER, "The page's site."),
        _column("day", sa.Date(), "The site-day."),
        _column("page_id", NUMBER, "The page."),
        *(_count(name, said) for name, said in MEASURES.items()),
        sa.ForeignKeyConstraint(["page_id"], ["page.id"], name="fk_day_count_page_id"),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk_day_count_site_id"),
        sa.PrimaryKeyConstraint("site_id", "day", "page_id", name="pk_day_count"),
        comment="What happened on a page on a site-day.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "hour_count",
        _column("page_id", NUMBER, "The page."),
        _column("day", sa.Date(), "The site-day."),
        _column("hour", sa.SmallInteger(), "The day's hour from its first instant: 0 to 24."),
        *(_count(name, said) for name, said in MEASURES.items()),
        sa.ForeignKeyConstraint(["page_id"], ["page.id"], name="fk_hour_count_page_id"),
        sa.PrimaryKeyConstraint("page_id", "day", "hour", name="pk_hour_count"),
        comment="What happened on a page in an hour.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "value_count",
        _column("page_id", NUMBER, "The page."),
        _column("dimension", sa.SmallInteger(), "Number of the dimension, from 1."),
        _column("day", sa.Date(), "The site-day."),
        _column("value_id", NUMBER, "The value."),
        *(_count(name, MEASURES[name]) for name in VALUE_MEASURES),
        sa.ForeignKeyConstraint(["page_id"], ["page.id"], name="fk_value_count_page_id"),
        sa.ForeignKeyConstraint(["value_id"], ["value.id"], name="fk_value_count_value_id"),
        sa.PrimaryKeyConstraint("page_id", "dimension", "day", "value_id", name="pk_value_count"),
        comment="What happened on a page on a site-day under one value of a dimension.",
        sqlite_with_rowid=False,
    )
    op.create_index("ix_day_count_page_id_day", "day_count", ["page_id", "day"])
