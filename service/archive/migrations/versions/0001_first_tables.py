"""
The first tables.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """
    From nothing.
    """
    op.create_table(
        "audit",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
            comment="Number of the entry.",
        ),
        sa.Column("at_ms", sa.BigInteger(), nullable=False, comment="When, in ms since 1970."),
        sa.Column("actor", sa.Text(), nullable=False, comment="Who, or which command."),
        sa.Column("site", sa.Text(), nullable=False, comment="The site's id in the settings."),
        sa.Column("action", sa.Text(), nullable=False, comment="What was done."),
        sa.Column("detail", sa.Text(), nullable=False, comment="With what, as JSON."),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        comment="Everything that changed numbers other than by counting.",
    )
    op.create_table(
        "site",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
            comment="Number of the site.",
        ),
        sa.Column("name", sa.Text(), nullable=False, comment="The site's id in the settings."),
        sa.Column(
            "timezone", sa.Text(), nullable=False, comment="Where its days begin at present."
        ),
        sa.Column(
            "epoch",
            sa.BigInteger(),
            nullable=False,
            comment="Which life of the site in Redis this is.",
        ),
        sa.Column(
            "head", sa.Text(), nullable=False, comment="Token of the last delta that was added."
        ),
        sa.Column(
            "number",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="How many deltas were added.",
        ),
        sa.Column(
            "baseline_version",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="How often a baseline was set.",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
        sa.UniqueConstraint("name", name=op.f("uq_site_name")),
        comment="One row for each site that was ever counted.",
    )
    op.create_table(
        "token",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
            comment="Number of the token.",
        ),
        sa.Column("hash", sa.Text(), nullable=False, comment="SHA-256 of it; nothing else."),
        sa.Column(
            "site", sa.Text(), nullable=False, comment="The site's id in the settings, or '*'."
        ),
        sa.Column("scope", sa.Text(), nullable=False, comment="read, write or admin."),
        sa.Column("name", sa.Text(), nullable=True, comment="What it is for, as its maker said."),
        sa.Column(
            "created_ms",
            sa.BigInteger(),
            nullable=False,
            comment="When it was made, ms since 1970.",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_token")),
        sa.UniqueConstraint("hash", name=op.f("uq_token_hash")),
        comment="What programs and people show to be let in.",
    )
    op.create_table(
        "value",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
            comment="Number of the value.",
        ),
        sa.Column("text", sa.Text(), nullable=False, comment="The value."),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_value")),
        sa.UniqueConstraint("text", name=op.f("uq_value_text")),
        comment="Every text that a dimension ever had as a value.",
    )
    op.create_table(
        "delta",
        sa.Column(
            "site_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
            comment="The site.",
        ),
        sa.Column("token", sa.Text(), nullable=False, comment="The delta's token."),
        sa.Column(
            "number", sa.BigInteger(), nullable=False, comment="Which delta of the site it was."
        ),
        sa.Column(
            "added_ms", sa.BigInteger(), nullable=False, comment="When it was added, ms since 1970."
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_delta_site_id")),
        sa.PrimaryKeyConstraint("site_id", "token", name=op.f("pk_delta")),
        comment="Deltas that were added in the last two days.",
    )
    op.create_table(
        "filtered_count",
        sa.Column(
            "site_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
            comment="The site.",
        ),
        sa.Column("day", sa.Date(), nullable=False, comment="The site-day."),
        sa.Column(
            "hour",
            sa.SmallInteger(),
            nullable=False,
            comment="The day's hour from its first instant.",
        ),
        sa.Column(
            "reason", sa.Text(), nullable=False, comment="Why they were filtered, or 'late'."
        ),
        sa.Column(
            "requests",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="Requests that were filtered; late: hits that made no visit.",
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_filtered_count_site_id")),
        sa.PrimaryKeyConstraint("site_id", "day", "hour", "reason", name=op.f("pk_filtered_count")),
        comment="Requests that count in none of the numbers.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "import_day",
        sa.Column(
            "site_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
            comment="The site.",
        ),
        sa.Column("day", sa.Date(), nullable=False, comment="The site-day."),
        sa.Column("file", sa.Text(), nullable=False, comment="The file that has lines of it."),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_import_day_site_id")),
        sa.PrimaryKeyConstraint("site_id", "day", "file", name=op.f("pk_import_day")),
        comment="Which days which imported file covers.",
    )
    op.create_table(
        "import_file",
        sa.Column(
            "site_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
            comment="The site.",
        ),
        sa.Column(
            "file", sa.Text(), nullable=False, comment="SHA-256 of the content, hexadecimal."
        ),
        sa.Column(
            "lines",
            sa.BigInteger(),
            nullable=False,
            comment="Lines of it that are in these tables.",
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_import_file_site_id")),
        sa.PrimaryKeyConstraint("site_id", "file", name=op.f("pk_import_file")),
        comment="Access logs that were imported, and how far.",
    )
    op.create_table(
        "page",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
            comment="Number of the page.",
        ),
        sa.Column(
            "site_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
            comment="The page's site.",
        ),
        sa.Column(
            "path",
            sa.Text(),
            nullable=False,
            comment="Its path by the site's rules; empty: the site.",
        ),
        sa.Column("title", sa.Text(), nullable=True, comment="The newest title it was seen with."),
        sa.Column(
            "titled_ms",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="When the title last changed, in ms since 1970.",
        ),
        sa.Column(
            "views",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="All views that were measured.",
        ),
        sa.Column(
            "visits",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="All visits with a view of it; of the site: all visits.",
        ),
        sa.Column(
            "visitors",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="The sum of the days' visitors.",
        ),
        sa.Column(
            "baseline_views",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="Views that an older counter had counted.",
        ),
        sa.Column(
            "baseline_visits",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="Visits that an older counter had counted.",
        ),
        sa.Column(
            "baseline_version",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="Which change of the site's baselines set them.",
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_page_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_page")),
        sa.UniqueConstraint("site_id", "path", name=op.f("uq_page_site_id_path")),
        comment="One row for each page that has numbers.",
    )
    op.create_table(
        "producer",
        sa.Column(
            "site_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
            comment="The site.",
        ),
        sa.Column("producer", sa.Text(), nullable=False, comment="128 random bits of a worker."),
        sa.Column(
            "seq",
            sa.BigInteger(),
            nullable=False,
            comment="Its last batch that is in these tables.",
        ),
        sa.Column(
            "seen_ms",
            sa.BigInteger(),
            nullable=False,
            comment="When that was added, ms since 1970.",
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_producer_site_id")),
        sa.PrimaryKeyConstraint("site_id", "producer", name=op.f("pk_producer")),
        comment="How far the batches of each worker have come.",
    )
    op.create_table(
        "day_count",
        sa.Column(
            "site_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
            comment="The page's site.",
        ),
        sa.Column("day", sa.Date(), nullable=False, comment="The site-day."),
        sa.Column(
            "page_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
            comment="The page.",
        ),
        sa.Column(
            "views",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="Times the page was shown to a person.",
        ),
        sa.Column(
            "visits",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="Visits with at least one view of it; of the site: visits that began.",
        ),
        sa.Column(
            "visitors",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="Visitors of the day who viewed it for the first time that day.",
        ),
        sa.Column(
            "entries",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="Visits whose first view was this page.",
        ),
        sa.Column(
            "exits",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="Visits whose last view so far was this page.",
        ),
        sa.Column(
            "engaged_visits",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="Visits that entered here and had a second view or an event.",
        ),
        sa.Column(
            "engaged_seconds",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="Seconds of attention.",
        ),
        sa.Column(
            "events",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="Hits with a name, which are no views.",
        ),
        sa.ForeignKeyConstraint(["page_id"], ["page.id"], name=op.f("fk_day_count_page_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_day_count_site_id")),
        sa.PrimaryKeyConstraint("site_id", "day", "page_id", name=op.f("pk_day_count")),
        comment="What happened on a page on a site-day.",
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_day_count_page_id_day"), "day_count", ["page_id", "day"], unique=False)
    op.create_table(
        "hour_count",
        sa.Column(
            "page_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
            comment="The page.",
        ),
        sa.Column("day", sa.Date(), nullable=False, comment="The site-day."),
        sa.Column(
            "hour",
            sa.SmallInteger(),
            nullable=False,
            comment="The day's hour from its first instant: 0 to 24.",
        ),
        sa.Column(
            "views",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="Times the page was shown to a person.",
        ),
        sa.Column(
            "visits",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="Visits with at least one view of it; of the site: visits that began.",
        ),
        sa.Column(
            "visitors",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="Visitors of the day who viewed it for the first time that day.",
        ),
        sa.Column(
            "entries",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="Visits whose first view was this page.",
        ),
        sa.Column(
            "exits",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="Visits whose last view so far was this page.",
        ),
        sa.Column(
            "engaged_visits",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="Visits that entered here and had a second view or an event.",
        ),
        sa.Column(
            "engaged_seconds",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="Seconds of attention.",
        ),
        sa.Column(
            "events",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="Hits with a name, which are no views.",
        ),
        sa.ForeignKeyConstraint(["page_id"], ["page.id"], name=op.f("fk_hour_count_page_id")),
        sa.PrimaryKeyConstraint("page_id", "day", "hour", name=op.f("pk_hour_count")),
        comment="What happened on a page in an hour.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "value_count",
        sa.Column(
            "page_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
            comment="The page.",
        ),
        sa.Column(
            "dimension",
            sa.SmallInteger(),
            nullable=False,
            comment="Number of the dimension, from 1.",
        ),
        sa.Column("day", sa.Date(), nullable=False, comment="The site-day."),
        sa.Column(
            "value_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
            comment="The value.",
        ),
        sa.Column(
            "views",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="Times the page was shown to a person.",
        ),
        sa.Column(
            "visits",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="Visits with at least one view of it; of the site: visits that began.",
        ),
        sa.Column(
            "visitors",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="Visitors of the day who viewed it for the first time that day.",
        ),
        sa.Column(
            "events",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="Hits with a name, which are no views.",
        ),
        sa.ForeignKeyConstraint(["page_id"], ["page.id"], name=op.f("fk_value_count_page_id")),
        sa.ForeignKeyConstraint(["value_id"], ["value.id"], name=op.f("fk_value_count_value_id")),
        sa.PrimaryKeyConstraint(
            "page_id", "dimension", "day", "value_id", name=op.f("pk_value_count")
        ),
        comment="What happened on a page on a site-day under one value of a dimension.",
        sqlite_with_rowid=False,
    )
