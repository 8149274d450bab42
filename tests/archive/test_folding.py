"""
Old rows become fewer, and every sum stays what it was.
"""

from datetime import date
from typing import Any

from sqlalchemy import func, select

from service.archive import schema
from service.archive.folding import Retention, fold, would_fold
from service.jobs.table import jobs, run_job
from tests.conftest import Luot, MakeLuot

TABLES = (
    (schema.hour_count, schema.MEASURES),
    (schema.day_count, schema.MEASURES),
    (schema.value_count, schema.VALUE_MEASURES),
    (schema.filtered_count, ("requests",)),
)


def sums(luot: Luot) -> dict[str, list[int]]:
    found = {}
    with luot.runtime.database.read() as connection:
        for table, of in TABLES:
            row = connection.execute(select(*(func.sum(table.c[m]) for m in of))).one()
            found[table.name] = [int(n or 0) for n in row]
    return found


def by_page(luot: Luot, table: Any) -> dict[tuple[int, date], tuple[int, ...]]:
    """
    The measures of each page and day.
    """
    c = table.c
    asked = select(c.page_id, c.day, *(func.sum(c[m]) for m in schema.MEASURES))
    with luot.runtime.database.read() as connection:
        found = connection.execute(asked.group_by(c.page_id, c.day)).all()
    return {(row[0], row[1]): tuple(map(int, row[2:])) for row in found}


def rows(luot: Luot, table: Any) -> int:
    with luot.runtime.database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def a_year(luot: Luot) -> None:
    """
    Readers on days of three months, two hours of each, with rare languages.
    """
    for day in ("2025-08-03", "2025-08-20", "2026-10-04", "2026-11-21"):
        for hour in ("08", "17"):
            luot.clock.set(f"{day}T{hour}:00:00Z")
            for reader in range(4):
                luot.hit(f"/{reader % 2}", address=f"203.0.113.{reader}", language="vi")
            luot.hit("/0", address="203.0.113.99", language=f"en-{'US' if hour == '08' else 'GB'}")
            luot.hit("/0", agent="curl/8")
    luot.clock.set("2026-11-22T12:00:00Z")
    luot.snapshot()


def test_hours_of_old_days_are_one_row_and_all_sums_stay(make_luot: MakeLuot) -> None:
    luot = make_luot(hours_kept_months=1, values_floor=3, days_kept_years=1)
    a_year(luot)
    before, days = sums(luot), rows(luot, schema.day_count)
    retention = Retention.of(luot.runtime.settings, date(2026, 11, 22))
    told = would_fold(luot.runtime.database, "s1", retention)
    untouched = sums(luot), rows(luot, schema.day_count)
    folded = fold(luot.runtime.database, "s1", retention)

    assert Retention(date(2026, 10, 1), date(2025, 1, 1), 3) == retention
    assert (before, days) == untouched
    assert told == folded
    assert before == sums(luot)
    assert by_page(luot, schema.hour_count) == by_page(luot, schema.day_count)


def test_hours_and_rare_values_are_folded_with_their_day(make_luot: MakeLuot) -> None:
    luot = make_luot()
    a_year(luot)
    before = rows(luot, schema.hour_count)
    fold(luot.runtime.database, "s1", Retention(date(2026, 11, 1), None, 3))
    old = {"from": "2026-10-04", "to": "2026-10-04"}
    new = {"from": "2026-11-21", "to": "2026-11-21"}
    values = {
        name: {row["value"] for row in luot.report("breakdown/language", **span)["values"]}
        for name, span in (("old", old), ("new", new))
    }

    # Three folded days of the site and two pages, two hours of each.
    assert 9 == before - rows(luot, schema.hour_count)
    assert "(other)" not in values["new"]
    assert {"vi", "(other)"} == values["old"]
    assert (10, 10, 5) == luot.totals("2026-10-04")
    assert by_page(luot, schema.hour_count) == by_page(luot, schema.day_count)


def test_days_of_past_years_become_months(make_luot: MakeLuot) -> None:
    luot = make_luot()
    a_year(luot)
    before = sums(luot)
    fold(luot.runtime.database, "s1", Retention(None, date(2026, 1, 1), 0))

    assert before == sums(luot)
    assert (20, 20, 10) == luot.totals("2025-08-01")
    assert (0, 0, 0) == luot.totals("2025-08-02", "2025-08-31")
    assert (10, 10, 5) == luot.totals("2026-10-04")
    assert by_page(luot, schema.hour_count) == by_page(luot, schema.day_count)


def test_a_second_run_finds_nothing_and_a_late_import_is_folded_with_the_rest(
    make_luot: MakeLuot,
) -> None:
    luot = make_luot(hours_kept_months=1)
    a_year(luot)
    job = next(job for job in jobs(60) if job.name == "retention")
    run_job(job, luot.runtime)
    once = rows(luot, schema.hour_count)
    run_job(job, luot.runtime)

    assert once == rows(luot, schema.hour_count)
    assert by_page(luot, schema.hour_count) == by_page(luot, schema.day_count)
