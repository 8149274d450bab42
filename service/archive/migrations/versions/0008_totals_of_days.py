"""
The views of each page on all its days, with an index that knows the largest.

They are kept by triggers, as months are: whoever writes days cannot forget them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

#: SQLite counts its rows in INTEGER; PostgreSQL needs the larger type.
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """
    From the tables before.
    """
    op.create_table(
        "total_count",
        sa.Column("page_id", NUMBER, autoincrement=False, nullable=False, comment="The page."),
        sa.Column("site_id", NUMBER, nullable=False, comment="The page's site."),
        sa.Column(
            "views",
            sa.BigInteger(),
            nullable=False,
            server_default="0",
            comment="Times the page was shown to a person.",
        ),
        sa.ForeignKeyConstraint(["page_id"], ["page.id"], name="fk_total_count_page_id"),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk_total_count_site_id"),
        sa.PrimaryKeyConstraint("page_id", name="pk_total_count"),
        comment="The sums of day_count by page; triggers keep them, whoever writes days.",
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO total_count (page_id, site_id, views) "
        "SELECT page_id, site_id, sum(views) FROM month_count GROUP BY page_id, site_id"
    )
    op.create_index(
        "ix_total_count_ranked",
        "total_count",
        ["site_id", "views"],
        postgresql_include=["page_id"],
    )
    for statement in _postgresql() if op.get_bind().dialect.name == "postgresql" else _sqlite():
        op.execute(statement)


def _sqlite() -> list[str]:
    add = (
        "INSERT INTO total_count (page_id, site_id, views) "
        "VALUES (NEW.page_id, NEW.site_id, NEW.views) "
        "ON CONFLICT (page_id) DO UPDATE SET views = views + excluded.views;"
    )
    take = "UPDATE total_count SET views = views - OLD.views WHERE page_id = OLD.page_id;"
    change = (
        "UPDATE total_count SET views = views + NEW.views - OLD.views WHERE page_id = OLD.page_id;"
    )
    stays = "NEW.page_id = OLD.page_id"
    trigger = "CREATE TRIGGER total_count_of_{0} AFTER {1} ON day_count {2} BEGIN {3} END"
    return [
        trigger.format("new_days", "INSERT", "", add),
        trigger.format("changed_days", "UPDATE", f"WHEN {stays}", change),
        trigger.format("moved_days", "UPDATE", f"WHEN NOT ({stays})", f"{take} {add}"),
        trigger.format("removed_days", "DELETE", "", take),
    ]


def _postgresql() -> list[str]:
    new = "SELECT page_id, site_id, views FROM news"
    old = "SELECT page_id, site_id, -views FROM olds"
    changes = (
        "SELECT page_id, site_id, sum(views) AS views FROM ({0}) AS c (page_id, site_id, views) "
        "GROUP BY page_id, site_id"
    )
    add = (
        f"INSERT INTO total_count AS t (page_id, site_id, views) {changes} "
        "ON CONFLICT (page_id) DO UPDATE SET views = t.views + excluded.views"
    )
    # A page that is gone already, because all of a site goes, is not made again.
    take = (
        f"UPDATE total_count t SET views = t.views + g.views FROM ({changes}) g "  # noqa: S608 - constants
        "WHERE t.page_id = g.page_id"
    )
    return [
        statement
        for event, transition, told in (
            ("insert", "NEW TABLE AS news", add.format(new)),
            ("update", "OLD TABLE AS olds NEW TABLE AS news", add.format(f"{new} UNION ALL {old}")),
            ("delete", "OLD TABLE AS olds", take.format(old)),
        )
        for statement in _trigger(event, transition, told)
    ]


def _trigger(event: str, transition: str, told: str) -> list[str]:
    name = f"luot_total_count_{event}"
    function = (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {told}; RETURN NULL; END $$"
    )
    trigger = (
        f"CREATE TRIGGER {name} AFTER {event} ON day_count REFERENCING {transition} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
    )
    return [function, trigger]
