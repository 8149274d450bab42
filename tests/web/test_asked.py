"""
The address of a view says all of it, and what it cannot say is refused by name.
"""

from datetime import date
from urllib.parse import urlencode

import pytest

from service.errors import Rejected
from service.reporting.periods import Comparison, Period, PeriodName
from service.reporting.series import Unit
from service.web.asked import Metric, View, read_view

TODAY = date(2026, 11, 22)


def view(**told: str) -> View:
    return read_view(urlencode(told).encode(), TODAY, date(2026, 1, 1))


def test_an_empty_address_shows_thirty_days_and_the_thirty_before() -> None:
    found = view()

    assert (found.name, found.span) == (
        PeriodName.LAST_30_DAYS,
        Period(date(2026, 10, 24), TODAY),
    )
    assert found.before == Period(date(2026, 9, 24), date(2026, 10, 23))
    assert (found.unit, found.metric) == (Unit.DAY, Metric.VIEWS)
    assert found.query() == "?"


@pytest.mark.parametrize(
    ("told", "unit"),
    [
        ({"period": "today"}, Unit.HOUR),
        ({"period": "last_7_days"}, Unit.DAY),
        ({"period": "last_365_days"}, Unit.WEEK),
        ({"from": "2020-01-01", "to": "2026-11-22"}, Unit.MONTH),
        ({"period": "last_365_days", "unit": "day"}, Unit.DAY),
    ],
)
def test_a_period_is_drawn_by_parts_that_can_be_told_apart(
    told: dict[str, str], unit: Unit
) -> None:
    assert view(**told).unit is unit


def test_a_view_is_written_as_it_was_read() -> None:
    told = {"period": "yesterday", "compare": "previous_year", "sources": "channel"}

    assert view(**view(**told).given) == view(**told)
    assert view(**told).comparison is Comparison.PREVIOUS_YEAR


def test_a_named_period_takes_the_place_of_days() -> None:
    found = view(**{"from": "2026-11-01", "to": "2026-11-02", "metric": "visits"})

    assert found.in_period("today", {"path": "/a&b"}) == "?path=%2Fa%26b&metric=visits&period=today"


def test_what_others_add_to_an_address_is_passed_over() -> None:
    assert view(fbclid="x", utm_source="mail", tz="../../etc/passwd") == view()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(("period", "day'; DROP TABLE"), ("period", "all\0"), ("compare", "x"), ("unit", "week'")),
        *(("metric", "bounces"), ("sources", "browser"), ("reading", "' OR 1=1--"), ("to", "x")),
    ],
)
def test_what_is_not_there_is_refused_by_name(name: str, text: str) -> None:
    with pytest.raises(Rejected) as refused:
        view(**{name: text})

    assert refused.value.status == 400
    assert refused.value.field in {name, "from", "to"}


def test_hours_of_a_long_period_are_refused() -> None:
    with pytest.raises(Rejected):
        view(period="last_365_days", unit="hour")
