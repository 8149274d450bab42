"""
Corrections, the clock's mark, and sites that were purged.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

#: SQLite counts its rows in INTEGER; PostgreSQL needs the larger type.
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """
    The new columns and tables are there; no number changes.
    """
    steps = "How many steps of corrections were made."
    op.add_column(
        "site",
        sa.Column("corrected", sa.BigInteger(), nullable=False, server_default="0", comment=steps),
    )
    moved = "The page that it is now; it has no numbers then."
    op.add_column("page", sa.Column("moved_to", sa.BigInteger(), comment=moved))
    _corrections()
    op.create_table(
        "clock_mark",
        sa.Column("id", sa.Integer(), primary_key=True, comment="Always 1."),
        sa.Column(
            "seen_ms", sa.BigInteger(), nullable=False, comment="The latest time that was believed."
        ),
        comment="How late it was when snapshots were last taken.",
    )
    op.create_table(
        "purged_site",
        sa.Column(
            "site", sa.Text(), primary_key=True, comment="The id that it had in the settings."
        ),
        sa.Column("at_ms", sa.BigInteger(), nullable=False, comment="Hits until then are dropped."),
        comment="Sites whose numbers were given up, for journals that still hold hits of them.",
    )


def _corrections() -> None:
    op.create_table(
        "correction",
        sa.Column("id", NUMBER, primary_key=True, comment="Number of the correction."),
        sa.Column(
            "site_id",
            NUMBER,
            sa.ForeignKey("site.id", name="fk_correction_site_id"),
            nullable=False,
            comment="The site.",
        ),
        sa.Column("kind", sa.Text(), nullable=False, comment="merge, remove or baseline."),
        sa.Column("at_ms", sa.BigInteger(), nullable=False, comment="When, in ms since 1970."),
        sa.Column("actor", sa.Text(), nullable=False, comment="Who, or which command."),
        sa.Column("why", sa.Text(), nullable=False, comment="The reason that was given."),
        sa.Column("asked", sa.Text(), nullable=False, comment="What was asked for, as JSON."),
        sa.Column(
            "sums",
            sa.Text(),
            nullable=False,
            comment="What it changed of the site's numbers, as JSON.",
        ),
        sa.Column("undone_ms", sa.BigInteger(), comment="When it was undone, in ms since 1970."),
        sa.Column("undone_by", sa.Text(), comment="Who undid it."),
        sa.Column("undone_why", sa.Text(), comment="The reason that was given for that."),
        comment="Changes of numbers that were counted, by hand.",
    )
    op.create_index("ix_correction_site_id_id", "correction", ["site_id", "id"])
    op.create_table(
        "correction_change",
        sa.Column(
            "correction_id",
            NUMBER,
            sa.ForeignKey("correction.id", name="fk_correction_change_correction_id"),
            comment="The correction.",
        ),
        sa.Column("place", sa.Integer(), nullable=False, comment="Which part of it, from 0."),
        sa.Column(
            "rows", sa.Text(), nullable=False, comment="Signed rows of the other tables, as JSON."
        ),
        sa.PrimaryKeyConstraint("correction_id", "place", name="pk_correction_change"),
        comment="What a correction added to which row, so that it can be undone.",
    )
    op.create_table(
        "correction_step",
        sa.Column(
            "site_id",
            NUMBER,
            sa.ForeignKey("site.id", name="fk_correction_step_site_id"),
            comment="The site.",
        ),
        sa.Column(
            "number",
            sa.BigInteger(),
            nullable=False,
            comment="Which step of the site it is, from 1.",
        ),
        sa.Column("step", sa.Text(), nullable=False, comment="What Redis has to be told, as JSON."),
        sa.PrimaryKeyConstraint("site_id", "number", name="pk_correction_step"),
        comment="Corrections as Redis applies them, one after the other.",
    )
