"""
Sums by month, and indexes that know which pages had the most of a day or month.

The sums are kept by triggers: whoever adds to days, moves or removes them cannot forget months.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0001"
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

RANKED = ("views", "entries", "exits")

#: SQLite counts its rows in INTEGER; PostgreSQL needs the larger type.
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

NAMES = ", ".join(MEASURES)


def upgrade() -> None:
    """
    From the tables before.
    """
    op.create_table(
        "month_count",
        sa.Column("site_id", NUMBER, nullable=False, comment="The page's site."),
        sa.Column("month", sa.Date(), nullable=False, comment="The first day of the month."),
        sa.Column("page_id", NUMBER, nullable=False, comment="The page."),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False, server_default="0", comment=said)
            for name, said in MEASURES.items()
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk_month_count_site_id"),
        sa.ForeignKeyConstraint(["page_id"], ["page.id"], name="fk_month_count_page_id"),
        sa.PrimaryKeyConstraint("site_id", "month", "page_id", name="pk_month_count"),
        comment="The sums of day_count by month; triggers keep them, whoever writes days.",
        sqlite_with_rowid=False,
    )
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    first = "date_trunc('month', day)::date" if is_postgresql else "date(day, 'start of month')"
    sums = ", ".join(f"sum({name})" for name in MEASURES)
    op.execute(
        f"INSERT INTO month_count (site_id, month, page_id, {NAMES}) "  # noqa: S608 - constants
        f"SELECT site_id, {first}, page_id, {sums} FROM day_count GROUP BY site_id, 2, page_id"
    )
    op.create_index("ix_month_count_page_id_month", "month_count", ["page_id", "month"])
    for table, span in (("day_count", "day"), ("month_count", "month")):
        for measure in RANKED:
            some = sa.text(f"{measure} <> 0")
            columns = ["site_id", span, measure]
            name = f"ix_{table}_ranked_{measure}"
            op.create_index(
                name,
                table,
                columns,
                sqlite_where=some,
                postgresql_where=some,
                postgresql_include=["page_id"],
            )
    for statement in _postgresql() if is_postgresql else _sqlite():
        op.execute(statement)


def _sqlite() -> list[str]:
    added = ", ".join(f"{name} = {name} + excluded.{name}" for name in MEASURES)
    news = ", ".join(f"NEW.{name}" for name in MEASURES)
    gone = ", ".join(f"{name} = {name} - OLD.{name}" for name in MEASURES)
    moved = ", ".join(f"{name} = {name} + NEW.{name} - OLD.{name}" for name in MEASURES)
    of_old = (
        "WHERE site_id = OLD.site_id AND month = date(OLD.day, 'start of month') "
        "AND page_id = OLD.page_id"
    )
    add = (
        f"INSERT INTO month_count (site_id, month, page_id, {NAMES}) "  # noqa: S608 - constants
        f"VALUES (NEW.site_id, date(NEW.day, 'start of month'), NEW.page_id, {news}) "
        f"ON CONFLICT (site_id, month, page_id) DO UPDATE SET {added};"
    )
    stays = "NEW.page_id = OLD.page_id AND NEW.site_id = OLD.site_id AND NEW.day = OLD.day"
    trigger = "CREATE TRIGGER month_count_of_{0} AFTER {1} ON day_count {2} BEGIN {3} END"
    take = f"UPDATE month_count SET {gone} {of_old};"  # noqa: S608 - constants
    change = f"UPDATE month_count SET {moved} {of_old};"  # noqa: S608 - constants
    return [
        trigger.format("new_days", "INSERT", "", add),
        trigger.format("changed_days", "UPDATE", f"WHEN {stays}", change),
        trigger.format("moved_days", "UPDATE", f"WHEN NOT ({stays})", f"{take} {add}"),
        trigger.format("removed_days", "DELETE", "", take),
    ]


def _postgresql() -> list[str]:
    added = ", ".join(f"{name} = m.{name} + excluded.{name}" for name in MEASURES)
    news = ", ".join(f"NEW.{name}" for name in MEASURES)
    gone = ", ".join(f"{name} = m.{name} - OLD.{name}" for name in MEASURES)
    moved = ", ".join(f"{name} = m.{name} + NEW.{name} - OLD.{name}" for name in MEASURES)
    of_old = (
        "WHERE m.site_id = OLD.site_id AND m.month = date_trunc('month', OLD.day)::date "
        "AND m.page_id = OLD.page_id;"
    )
    function = f"""
        CREATE FUNCTION luot_sum_months() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF TG_OP = 'UPDATE' AND NEW.page_id = OLD.page_id AND NEW.site_id = OLD.site_id
              AND NEW.day = OLD.day THEN
            UPDATE month_count m SET {moved} {of_old}
            RETURN NULL;
          END IF;
          IF TG_OP <> 'INSERT' THEN
            UPDATE month_count m SET {gone} {of_old}
          END IF;
          IF TG_OP <> 'DELETE' THEN
            INSERT INTO month_count AS m (site_id, month, page_id, {NAMES})
            VALUES (NEW.site_id, date_trunc('month', NEW.day)::date, NEW.page_id, {news})
            ON CONFLICT (site_id, month, page_id) DO UPDATE SET {added};
          END IF;
          RETURN NULL;
        END $$
    """  # noqa: S608 - constants
    trigger = (
        "CREATE TRIGGER month_count_of_days AFTER INSERT OR UPDATE OR DELETE ON day_count "
        "FOR EACH ROW EXECUTE FUNCTION luot_sum_months()"
    )
    return [function, trigger]
