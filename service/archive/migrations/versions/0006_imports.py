"""
Histories of other tools.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
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

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _column(
    name: str, kind: sa.types.TypeEngine[Any], comment: str, *, nullable: bool = False
) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=nullable, comment=comment)


def _count(name: str, comment: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False, server_default="0", comment=comment)


def upgrade() -> None:
    """
    Adds the tables, and what histories add to the totals of pages.
    """
    with op.batch_alter_table("page") as page:
        page.add_column(_count("history_views", "Views that imported histories add to them."))
        page.add_column(_count("history_visits", "Visits that imported histories add to them."))
    _histories()


def _histories() -> None:
    op.create_table(
        "history",
        _column("id", NUMBER, "Number of the history."),
        _column("site_id", NUMBER, "The site."),
        _column("content", sa.Text(), "SHA-256 of the file, hexadecimal."),
        _column("tool", sa.Text(), "Which tool wrote the file."),
        _column("file", sa.Text(), "The file's name."),
        _column("mode", sa.Text(), "What was done with days that had numbers."),
        _count("staged", "Rows of it that are in these tables."),
        _column(
            "added_ms",
            sa.BigInteger(),
            "When it began to count, ms since 1970; none: not yet.",
            nullable=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_history"),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk_history_site_id"),
        sa.UniqueConstraint("site_id", "content", name="uq_history_site_id_content"),
        comment="Files of other tools that were imported.",
    )
    op.create_table(
        "history_count",
        _column("history_id", NUMBER, "The history."),
        _column("day", sa.Date(), "The site-day; 0001-01-01 when the file names none."),
        _column("page_id", NUMBER, "The page."),
        *(_count(name, said) for name, said in MEASURES.items()),
        sa.PrimaryKeyConstraint("history_id", "day", "page_id", name="pk_history_count"),
        sa.ForeignKeyConstraint(["history_id"], ["history.id"], name="fk_history_count_history_id"),
        sa.ForeignKeyConstraint(["page_id"], ["page.id"], name="fk_history_count_page_id"),
        comment="What of a day of a page comes from which history.",
        sqlite_with_rowid=False,
    )
    op.create_index("ix_history_count_page_id_day", "history_count", ["page_id", "day"])
    op.create_table(
        "history_value",
        _column("history_id", NUMBER, "The history."),
        _column("day", sa.Date(), "The site-day."),
        _column("dimension", sa.SmallInteger(), "Number of the dimension, from 1."),
        _column("value_id", NUMBER, "The value."),
        *(_count(name, MEASURES[name]) for name in VALUE_MEASURES),
        sa.PrimaryKeyConstraint(
            "history_id", "day", "dimension", "value_id", name="pk_history_value"
        ),
        sa.ForeignKeyConstraint(["history_id"], ["history.id"], name="fk_history_value_history_id"),
        sa.ForeignKeyConstraint(["value_id"], ["value.id"], name="fk_history_value_value_id"),
        comment="What of a value of the site comes from which history.",
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """
    Takes them away.
    """
    for table in ("history_value", "history_count", "history"):
        op.drop_table(table)
    with op.batch_alter_table("page") as page:
        page.drop_column("history_visits")
        page.drop_column("history_views")
