"""
No question reads a whole table of numbers: the database's own plan says so.
"""

import random
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event

from service.archive.databases import Database
from service.dimensions import Dimension
from service.intake.sites import Site
from service.reporting import (
    answers,
    breakdowns,
    curves,
    facts,
    investigations,
    lists,
    live,
    months,
    moves,
    rankings,
    series,
    whole,
)
from service.reporting.periods import Period
from service.reporting.rankings import Place, Rank
from service.reporting.series import Unit
from service.reporting.value_series import value_series
from service.settings import SiteSettings
from tests.reporting.conftest import Archive
from tests.reporting.test_rankings import FIRST, random_days

FACTS = "day_count|month_count|total_count|hour_count|value_count|value_month_count|filtered_count"

#: How each database calls reading all of a table; the second by an index, but without a key.
SCANS = re.compile(rf"SCAN (TABLE )?({FACTS}|[a-z]\d)\b|Seq Scan on ({FACTS})")

ZONE = ZoneInfo("UTC")
SITE = Site.of("s1", SiteSettings(name="S", hosts=["s.example"]))
MONTH, LONG = (Period(FIRST, FIRST + timedelta(days=n)) for n in (29, 100))


def _pages(database: Database, by: Rank) -> None:
    for span in (MONTH, LONG):
        rankings.ranked_pages(database, "s1", span, 5, by)


QUESTIONS: dict[str, Callable[[Database], Any]] = {
    "totals": lambda db: answers.totals(db, "s1", MONTH),
    "totals of a page": lambda db: answers.totals(db, "s1", MONTH, "/001"),
    "all time": lambda db: answers.all_time(db, "s1"),
    "first day": lambda db: answers.first_day(db, "s1"),
    "filtered": lambda db: answers.filtered(db, "s1", MONTH),
    "days": lambda db: answers.days(db, "s1", MONTH),
    "hours": lambda db: series.series(db, "s1", MONTH, Unit.HOUR, ZONE),
    "weeks": lambda db: series.series(db, "s1", LONG, Unit.WEEK, ZONE, "/001"),
    **{f"pages by {by}": partial(_pages, by=by) for by in Rank},
    "pages behind a place": lambda db: rankings.ranked_pages(
        db, "s1", LONG, 5, after=Place(9, "/001", 5)
    ),
    "every page": lambda db: list(rankings.every_page(db, "s1", LONG)),
    "breakdown": lambda db: breakdowns.values_of(db, "s1", Dimension.SOURCE, MONTH, 9),
    "breakdown of a page": lambda db: breakdowns.values_of(
        db, "s1", Dimension.SOURCE, MONTH, 9, "/001"
    ),
    "breakdowns together": lambda db: breakdowns.values_of_each(
        db, "s1", [Dimension.SOURCE, Dimension.COUNTRY], LONG, 9
    ),
    "pages of a value": lambda db: breakdowns.pages_of_value(
        db, "s1", Dimension.SOURCE, "a", MONTH, 9
    ),
    "breakdown over months": lambda db: breakdowns.values_of(db, "s1", Dimension.SOURCE, LONG, 9),
    "every value": lambda db: list(breakdowns.every_value(db, "s1", Dimension.SOURCE, LONG)),
    "a value by days": lambda db: value_series(db, "s1", Dimension.SOURCE, "a", LONG, Unit.DAY),
    "facts of a page": lambda db: facts.page_facts(db, "s1", "/001", LONG),
    "first day of a page": lambda db: facts.first_days(db, "s1", "/001"),
    "first measured day": lambda db: moves.first_measured(db, "s1"),
    "report of a month": lambda db: months.month(db, "s1", FIRST.replace(day=1), LONG.last, ZONE),
    "numbers while Redis is away": lambda db: live.archived_numbers(db, "s1", ["/001"]),
    "popular pages": lambda db: lists.popular(db, SITE, MONTH),
    "related pages": lambda db: lists.related(db, SITE, "/001", LONG.last),
    "curve": lambda db: curves.curve(db, "s1", "/001", ZONE, 10**13, 0),
    "curve from the first view": lambda db: curves.curve(db, "s1", "/001", ZONE, 10**13),
    "investigations": lambda db: investigations.item_investigations(db, "s1", LONG, 9),
    "export": lambda db: [list(table.rows) for table in whole.tables(db, "s1", MONTH)],
}


@pytest.fixture
def asked(archive: Archive) -> Iterator[tuple[Archive, list[tuple[str, Any]]]]:
    archive.add(random_days(random.Random(5), 30, 40))
    engine = archive.database._engine
    with archive.database.write() as connection:
        connection.exec_driver_sql("ANALYZE")
        if connection.dialect.name == "postgresql":
            # So small a table would be read whole even where there is an index.
            connection.exec_driver_sql("ALTER DATABASE luot_test SET enable_seqscan = off")
    engine.dispose()
    told: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        if re.match(r"\s*(SELECT|WITH)\b", statement) and re.search(FACTS, statement):
            told.append((statement, values))

    event.listen(engine, "before_cursor_execute", note)
    yield archive, told
    event.remove(engine, "before_cursor_execute", note)


def test_no_question_reads_a_whole_table_of_numbers(
    asked: tuple[Archive, list[tuple[str, Any]]],
) -> None:
    archive, told = asked
    bad, seen = {}, 0
    for name, ask in QUESTIONS.items():
        told.clear()
        ask(archive.database)
        statements = list(told)
        seen += len(statements)
        for statement, values in statements:
            plan = plan_of(archive.database, statement, values)
            if SCANS.search(plan):
                bad[name] = plan

    assert bad == {}
    assert seen >= len(QUESTIONS) - 1


def plan_of(database: Database, statement: str, values: Any) -> str:
    with database.read() as connection:
        if connection.dialect.name == "postgresql":
            rows = connection.exec_driver_sql(f"EXPLAIN {statement}", values)
            return "\n".join(row[0] for row in rows)
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        return "\n".join(row[3] for row in rows)


def test_the_test_would_notice(archive: Archive) -> None:
    archive.add({("/a", date(2026, 1, 1)): {"views": 1}})
    if archive.database.is_sqlite:
        plan = plan_of(archive.database, "SELECT sum(views) FROM day_count", ())
    else:
        plan = plan_of(archive.database, "SELECT sum(engaged_seconds) FROM day_count", ())

    assert SCANS.search(plan)
