"""
Periods and what they are compared with.
"""

from datetime import date

import pytest

from service.errors import Rejected
from service.reporting.periods import Comparison, Period, PeriodName, compared, period
from service.reporting.series import Unit, parts_of

TODAY = date(2026, 11, 22)


def told(span: Period) -> tuple[str, str]:
    return span.first.isoformat(), span.last.isoformat()


@pytest.mark.parametrize(
    ("name", "first", "before", "a_year_before"),
    [
        ("today", "2026-11-22", ("2026-11-21", "2026-11-21"), ("2025-11-22", "2025-11-22")),
        ("this_week", "2026-11-16", ("2026-11-09", "2026-11-15"), ("2025-11-16", "2025-11-22")),
        ("this_month", "2026-11-01", ("2026-10-01", "2026-10-22"), ("2025-11-01", "2025-11-22")),
        ("this_year", "2026-01-01", ("2025-01-01", "2025-11-22"), ("2025-01-01", "2025-11-22")),
        ("last_7_days", "2026-11-16", ("2026-11-09", "2026-11-15"), ("2025-11-16", "2025-11-22")),
        ("last_28_days", "2026-10-26", ("2026-09-28", "2026-10-25"), ("2025-10-26", "2025-11-22")),
        ("last_90_days", "2026-08-25", ("2026-05-27", "2026-08-24"), ("2025-08-25", "2025-11-22")),
        ("all", "2026-11-02", ("2026-10-12", "2026-11-01"), ("2025-11-02", "2025-11-22")),
    ],
)
def test_a_period_has_a_beginning_and_others_to_compare_with(
    name: str, first: str, before: tuple[str, str], a_year_before: tuple[str, str]
) -> None:
    span = period(name, None, None, TODAY, date(2026, 11, 2))

    assert told(span) == (first, "2026-11-22")
    assert before == told(compared(span, name, Comparison.PREVIOUS_PERIOD))
    assert a_year_before == told(compared(span, name, Comparison.PREVIOUS_YEAR))


def test_a_long_month_is_compared_with_what_the_short_one_before_has() -> None:
    span = Period(date(2026, 3, 1), date(2026, 3, 31))

    before = compared(span, PeriodName.THIS_MONTH, Comparison.PREVIOUS_PERIOD)
    assert told(before) == ("2026-02-01", "2026-02-28")


def test_the_leap_day_is_compared_with_the_day_before_it_would_be() -> None:
    span = Period(date(2028, 2, 29), date(2028, 2, 29))

    before = compared(span, None, Comparison.PREVIOUS_YEAR)
    assert told(before) == ("2027-02-28", "2027-02-28")


@pytest.mark.parametrize("day", ["1969-12-31", "2200-01-01", "0001-01-01", "9999-12-31"])
def test_days_on_which_nobody_read_anything_are_refused(day: str) -> None:
    with pytest.raises(Rejected):
        period(None, day, day, TODAY)


@pytest.mark.parametrize("unit", Unit)
def test_parts_follow_each_other_and_are_the_period(unit: Unit) -> None:
    span = Period(date(2026, 1, 28), date(2026, 3, 3))
    parts = list(parts_of(span, unit))

    assert span.days == [day for part in parts for day in part.days]
    if unit is Unit.WEEK:
        assert all(part.first.weekday() == 0 for part in parts[1:])
    if unit is Unit.MONTH:
        assert [1, 1] == [part.first.day for part in parts[1:]]
