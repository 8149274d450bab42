"""
Indexes that know which pages had the most of a day.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0001"
branch_labels = None
depends_on = None

RANKED = ("views", "entries", "exits")


def upgrade() -> None:
    """
    From the tables before.
    """
    for measure in RANKED:
        some = sa.text(f"{measure} > 0")
        op.create_index(
            f"ix_day_count_ranked_{measure}",
            "day_count",
            ["site_id", "day", measure],
            sqlite_where=some,
            postgresql_where=some,
        )
