"""
What pages may be called in public, and which are read together.
"""

from base64 import urlsafe_b64encode
from hashlib import blake2b

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

#: SQLite counts its rows in INTEGER; PostgreSQL needs the larger type.
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

#: Pages that get their digest at once.
CHUNK = 1_000


def _text(name: str, comment: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=True, comment=comment)


def _count(name: str, comment: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False, server_default="0", comment=comment)


def upgrade() -> None:
    """
    From 0001.
    """
    for column in (
        _text("digest", "Six characters of its path's digest, as batches carry it."),
        _text("shown_title", "The newest title that two visitors sent."),
        _text("shown_host", "Its host then; empty: the site's first."),
        _text("candidate", "A title that is not shown yet, a TAB and its host."),
        _text("pinned_title", "The title that an administrator gave it."),
        _count("shown_ms", "When these last changed, in ms since 1970."),
        _count("candidate_visitors", "Visitors who sent it so."),
    ):
        op.add_column("page", column)
    _set_digests()
    op.create_index("ix_page_digest_site_id", "page", ["digest", "site_id"])
    op.create_table(
        "related_count",
        sa.Column("page_id", NUMBER, nullable=False, comment="The page."),
        sa.Column("week", sa.Date(), nullable=False, comment="The Monday of the site-days."),
        sa.Column("other_id", NUMBER, nullable=False, comment="Another page of the site."),
        _count("readers", "Readers of one of these days who viewed both on it."),
        sa.ForeignKeyConstraint(["page_id"], ["page.id"], name="fk_related_count_page_id"),
        sa.ForeignKeyConstraint(["other_id"], ["page.id"], name="fk_related_count_other_id"),
        sa.PrimaryKeyConstraint("page_id", "week", "other_id", name="pk_related_count"),
        comment="Which pages were read by the same readers; small numbers go with their week.",
        sqlite_with_rowid=False,
    )


def _set_digests() -> None:
    page = sa.table("page", sa.column("id"), sa.column("path"), sa.column("digest"))
    connection, last = op.get_bind(), -1
    told = sa.update(page).where(page.c.id == sa.bindparam("of"))
    told = told.values(digest=sa.bindparam("made"))
    while True:
        asked = sa.select(page.c.id, page.c.path).where(page.c.id > last)
        rows = connection.execute(asked.order_by(page.c.id).limit(CHUNK)).all()
        if not rows:
            return
        connection.execute(told, [{"of": row.id, "made": _digest(row.path)} for row in rows])
        last = rows[-1].id


def _digest(path: str) -> str:
    # As it was when this was written: what later code does must not change what this did.
    return urlsafe_b64encode(blake2b(path.encode(), digest_size=6).digest()).decode()[:6]
