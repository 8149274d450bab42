"""
A snapshot of 100,000 changed rows, on SQLite and on PostgreSQL.

Rows are those of hours, days, values and filtered requests that the snapshot inserts or updates.
How many hits make 100,000 of them is learnt from a first, smaller snapshot; what a round took is
brought to exactly 100,000 by its own number of rows. Beside it the same database adds to 100,000
rows of a bare table in one transaction. Both force their commits to disk. Bound: at most 5 s.
"""

import time
from itertools import count

from sqlalchemy import text

from bench.changes import ROWS, Changes, seconds_for_all
from bench.databases import postgresql
from bench.homes import Front, Home, deployed_front, home
from bench.plans import Plan
from bench.rounds import alternate
from bench.rows import Bound, Row, Side, Subject
from bench.snapping import snapper
from service.archive.databases import Database

#: Seconds that it may take.
ALLOWED = 5.0

_MAKE = "CREATE TABLE bench_beside (a INTEGER, b INTEGER, n BIGINT, PRIMARY KEY (a, b))"
_ADD = (
    "INSERT INTO bench_beside (a, b, n) VALUES (:a, :b, 1) "
    "ON CONFLICT (a, b) DO UPDATE SET n = bench_beside.n + excluded.n"
)


def measure(plan: Plan) -> list[Row]:
    """
    A row for each database.
    """
    rows = []
    with home(plan, "sqlite") as at, deployed_front(at) as front:
        rows.append(_row(plan, "SQLite", at, front, Database("", at.data)))
    with (
        postgresql() as url,
        home(plan, "postgresql", database_url=url) as at,
        deployed_front(at) as front,
    ):
        rows.append(_row(plan, "PostgreSQL", at, front, Database(url, at.data)))
    return rows


def _row(plan: Plan, name: str, at: Home, front: Front, database: Database) -> Row:
    changes, numbers = Changes.at(at, front), count()
    written: list[int] = []
    with database.write() as connection:
        connection.execute(text(_MAKE))
    with snapper(at) as snaps:
        changes.make()
        changes.learn(snaps.take())

        def ours() -> float:
            changes.make()
            taken = snaps.take()
            changes.learn(taken)
            written.append(taken.rows)
            return seconds_for_all(taken)

        pairs = alternate(plan.few_rounds, ours, lambda: _bare(database, next(numbers)))
    database.close()
    return Row(
        "snapshot",
        f"snapshot of 100,000 changed rows, {name}",
        "100,000 rows added to a bare table",
        "s",
        Bound(Side.AT_MOST, ALLOWED, Subject.OURS),
        pairs.ours,
        pairs.beside,
        notes=[f"rows in the rounds: {', '.join(f'{rows:,}' for rows in written)}"],
    )


def _bare(database: Database, number: int) -> float:
    # Half of the rows are new in each round, and half were there before.
    rows = [{"a": number + row % 2, "b": row // 2} for row in range(ROWS)]
    began = time.monotonic()
    with database.write() as connection:
        connection.execute(text(_ADD), rows)
    return time.monotonic() - began
