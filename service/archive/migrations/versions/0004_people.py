"""
People: tokens that end, sessions of the dashboard, links that show one site.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

#: SQLite counts its rows in INTEGER; PostgreSQL needs the larger type.
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """
    The tables have this shape afterwards.
    """
    op.add_column(
        "token",
        sa.Column(
            "expires_ms", sa.BigInteger(), comment="When it ends, ms since 1970; none: never."
        ),
    )
    op.create_table(
        "session",
        sa.Column("hash", sa.Text(), comment="SHA-256 of what the cookie holds."),
        sa.Column(
            "token_id",
            NUMBER,
            sa.ForeignKey("token.id", name="fk_session_token_id", ondelete="CASCADE"),
            nullable=False,
            comment="The token that was shown; the session ends with it.",
        ),
        sa.Column(
            "created_ms", sa.BigInteger(), nullable=False, comment="When it began, ms since 1970."
        ),
        sa.Column(
            "seen_ms", sa.BigInteger(), nullable=False, comment="When it was last used, roughly."
        ),
        sa.PrimaryKeyConstraint("hash", name="pk_session"),
        comment="People who are signed in to the dashboard.",
        sqlite_with_rowid=False,
    )
    op.create_index("ix_session_token_id", "session", ["token_id"])
    op.create_table(
        "share_link",
        sa.Column("id", NUMBER, comment="Number of the link."),
        sa.Column("hash", sa.Text(), comment="SHA-256 of its secret; none: open to everybody."),
        sa.Column("site", sa.Text(), nullable=False, comment="The site's id in the settings."),
        sa.Column("name", sa.Text(), nullable=False, comment="Whom it is for, as its maker said."),
        sa.Column(
            "created_ms",
            sa.BigInteger(),
            nullable=False,
            comment="When it was made, ms since 1970.",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_share_link"),
        sa.UniqueConstraint("hash", name="uq_share_link_hash"),
        comment="Who may look at a site's dashboard without signing in.",
    )


def downgrade() -> None:
    """
    Nobody is signed in, no link opens anything, and tokens do not end.
    """
    op.drop_table("share_link")
    op.drop_table("session")
    with op.batch_alter_table("token") as token:
        token.drop_column("expires_ms")
