"""
Values of the site by month, and an index that knows what a page had on each day.

The sums are kept by triggers, as those of days are. On PostgreSQL a trigger now works once for a
statement and not once for a row: statements that write much are few.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

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

VALUE_MEASURES = ("views", "visits", "visitors", "events")

RANKED = ("views", "entries", "exits")

#: SQLite counts its rows in INTEGER; PostgreSQL needs the larger type.
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

#: Which rows of days and of values have sums by month: those of the site as a whole, for values.
OF_SITE = "EXISTS (SELECT 1 FROM page p WHERE p.id = {0}.page_id AND p.path = '')"


def upgrade() -> None:
    """
    From the tables before.
    """
    for table, span in (("day_count", "day"), ("month_count", "month")):
        op.drop_index(f"ix_{table}_page_id_{span}", table)
        op.create_index(f"ix_{table}_of_page", table, ["page_id", span, *RANKED])
    _create_table()
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    first = "date_trunc('month', day)::date" if is_postgresql else "date(day, 'start of month')"
    sums = ", ".join(f"sum({name})" for name in VALUE_MEASURES)
    names = ", ".join(VALUE_MEASURES)
    op.execute(
        f"INSERT INTO value_month_count (page_id, dimension, month, value_id, {names}) "  # noqa: S608 - constants
        f"SELECT page_id, dimension, {first}, value_id, {sums} FROM value_count "
        "WHERE page_id IN (SELECT id FROM page WHERE path = '') "
        "GROUP BY page_id, dimension, 3, value_id"
    )
    for statement in _postgresql() if is_postgresql else _sqlite():
        op.execute(statement)


def _create_table() -> None:
    said = {
        "views": "Times the page was shown to a person.",
        "visits": "Visits with at least one view of it; of the site: visits that began.",
        "visitors": "Visitors of the day who viewed it for the first time that day.",
        "events": "Hits with a name, which are no views.",
    }
    op.create_table(
        "value_month_count",
        sa.Column("page_id", NUMBER, nullable=False, comment="The page of the site as a whole."),
        sa.Column(
            "dimension", sa.SmallInteger(), nullable=False, comment="Number of the dimension."
        ),
        sa.Column("month", sa.Date(), nullable=False, comment="The first day of the month."),
        sa.Column("value_id", NUMBER, nullable=False, comment="The value."),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False, server_default="0", comment=told)
            for name, told in said.items()
        ),
        sa.ForeignKeyConstraint(["page_id"], ["page.id"], name="fk_value_month_count_page_id"),
        sa.ForeignKeyConstraint(["value_id"], ["value.id"], name="fk_value_month_count_value_id"),
        sa.PrimaryKeyConstraint(
            "page_id", "dimension", "month", "value_id", name="pk_value_month_count"
        ),
        comment="The sums of the site's value_count by month; triggers keep them.",
        sqlite_with_rowid=False,
    )


def _sqlite() -> list[str]:
    of_month = (
        "page_id = {0}.page_id AND dimension = {0}.dimension AND value_id = {0}.value_id "
        "AND month = date({0}.day, 'start of month')"
    )
    gone = ", ".join(f"{name} = {name} - OLD.{name}" for name in VALUE_MEASURES)
    moved = ", ".join(f"{name} = {name} + NEW.{name} - OLD.{name}" for name in VALUE_MEASURES)
    added = ", ".join(f"{name} = {name} + excluded.{name}" for name in VALUE_MEASURES)
    names = ", ".join(VALUE_MEASURES)
    news = ", ".join(f"NEW.{name}" for name in VALUE_MEASURES)
    add = (
        f"INSERT INTO value_month_count (page_id, dimension, month, value_id, {names}) "
        f"SELECT NEW.page_id, NEW.dimension, date(NEW.day, 'start of month'), NEW.value_id, {news} "
        f"WHERE {OF_SITE.format('NEW')} "
        f"ON CONFLICT (page_id, dimension, month, value_id) DO UPDATE SET {added};"
    )
    take = f"UPDATE value_month_count SET {gone} WHERE {of_month.format('OLD')};"  # noqa: S608 - constants
    change = f"UPDATE value_month_count SET {moved} WHERE {of_month.format('OLD')};"  # noqa: S608 - constants
    stays = " AND ".join(
        f"NEW.{name} = OLD.{name}" for name in ("page_id", "dimension", "day", "value_id")
    )
    trigger = "CREATE TRIGGER value_month_of_{0} AFTER {1} ON value_count WHEN {2} BEGIN {3} END"
    new, old = OF_SITE.format("NEW"), OF_SITE.format("OLD")
    return [
        trigger.format("new_days", "INSERT", new, add),
        trigger.format("changed_days", "UPDATE", f"{stays} AND {new}", change),
        trigger.format("moved_days", "UPDATE", f"NOT ({stays})", f"{take} {add}"),
        trigger.format("removed_days", "DELETE", old, take),
    ]


def _postgresql() -> list[str]:
    return [
        "DROP TRIGGER month_count_of_days ON day_count",
        "DROP FUNCTION luot_sum_months()",
        *_summing("month_count", "day_count", ("site_id", "page_id"), MEASURES, "true"),
        *_summing(
            "value_month_count",
            "value_count",
            ("page_id", "dimension", "value_id"),
            VALUE_MEASURES,
            OF_SITE.format("c"),
        ),
    ]


def _summing(
    months: str, days: str, keys: tuple[str, ...], measures: tuple[str, ...], which: str
) -> list[str]:
    """
    Functions and triggers that add what a statement has changed of days to months.
    """
    own, numbers = ", ".join(keys), ", ".join(measures)
    new = f"SELECT {own}, day, {numbers} FROM news"  # noqa: S608 - constants
    less = ", ".join(f"-{name}" for name in measures)
    old = f"SELECT {own}, day, {less} FROM olds"  # noqa: S608 - constants
    sums = ", ".join(f"sum({name}) AS {name}" for name in measures)
    changes = (
        f"SELECT {own}, date_trunc('month', day)::date AS month, {sums} "  # noqa: S608 - constants
        f"FROM ({{0}}) AS c ({own}, day, {numbers}) WHERE {which} "
        f"GROUP BY {own}, date_trunc('month', day)::date"
    )
    added = ", ".join(f"{name} = m.{name} + excluded.{name}" for name in measures)
    add = (
        f"INSERT INTO {months} AS m ({own}, month, {numbers}) {changes} "
        f"ON CONFLICT ({own}, month) DO UPDATE SET {added}"
    )
    # A month that is gone already, because all of a site goes, is not made again.
    same = " AND ".join(f"m.{name} = g.{name}" for name in (*keys, "month"))
    gone = ", ".join(f"{name} = m.{name} + g.{name}" for name in measures)
    take = f"UPDATE {months} m SET {gone} FROM ({changes}) g WHERE {same}"  # noqa: S608 - constants
    return [
        statement
        for event, transition, told in (
            ("insert", "NEW TABLE AS news", add.format(new)),
            ("update", "OLD TABLE AS olds NEW TABLE AS news", add.format(f"{new} UNION ALL {old}")),
            ("delete", "OLD TABLE AS olds", take.format(old)),
        )
        for statement in _trigger(f"luot_{months}_{event}", event, days, transition, told)
    ]


def _trigger(name: str, event: str, table: str, transition: str, told: str) -> list[str]:
    function = (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {told}; RETURN NULL; END $$"
    )
    trigger = (
        f"CREATE TRIGGER {name} AFTER {event} ON {table} REFERENCING {transition} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
    )
    return [function, trigger]
