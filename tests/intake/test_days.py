from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.intake.days import day_before, day_of, site_day

ZONES = st.sampled_from(
    [
        *("UTC", "Asia/Ho_Chi_Minh", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Sao_Paulo"),
        *("Europe/Berlin", "Pacific/Apia", "Africa/Casablanca", "America/St_Johns"),
    ]
).map(ZoneInfo)


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


@pytest.mark.parametrize(
    ("moment", "zone", "label"),
    [
        ("2026-11-22T16:59:59.999Z", "Asia/Ho_Chi_Minh", "2026-11-22"),
        ("2026-11-22T17:00:00Z", "Asia/Ho_Chi_Minh", "2026-11-23"),
        ("2026-11-22T18:14:59Z", "Asia/Kathmandu", "2026-11-22"),
        ("2026-11-22T18:15:00Z", "Asia/Kathmandu", "2026-11-23"),
    ],
)
def test_a_day_begins_at_midnight_of_its_zone(moment: str, zone: str, label: str) -> None:
    assert site_day(ms(moment), ZoneInfo(zone)).label == label


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        ("2026-10-25", "Europe/Berlin", 25),
        ("2026-03-29", "Europe/Berlin", 23),
        ("2026-11-22", "Europe/Berlin", 24),
        ("2026-04-05", "Australia/Lord_Howe", 25),
        ("2026-10-04", "Australia/Lord_Howe", 24),
        ("2018-11-04", "America/Sao_Paulo", 23),
    ],
)
def test_a_day_has_as_many_hours_as_its_clocks_make_it(day: str, zone: str, hours: int) -> None:
    assert day_of(date.fromisoformat(day), ZoneInfo(zone)).hours == hours


def test_a_day_whose_midnight_is_skipped_begins_at_the_jump() -> None:
    day = day_of(date(2018, 11, 4), ZoneInfo("America/Sao_Paulo"))

    assert day.start_ms == ms("2018-11-04T03:00:00Z")
    assert (day.hour(day.start_ms), day.hour(day.end_ms - 1)) == (0, 22)


def test_the_two_hours_that_a_clock_calls_the_same_are_two() -> None:
    day = day_of(date(2026, 10, 25), ZoneInfo("Europe/Berlin"))

    moments = ("2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00")
    assert [day.hour(ms(moment)) for moment in moments] == [2, 3]


@settings(max_examples=200)
@given(
    moment=st.datetimes(datetime(1990, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis adds the zone
    zone=ZONES,
)
def test_each_moment_lies_in_one_day_that_follows_on_another(
    moment: datetime, zone: ZoneInfo
) -> None:
    now = round(moment.timestamp() * 1000)
    day = site_day(now, zone)

    assert day.start_ms <= now < day.end_ms
    assert 0 <= day.hour(now) < day.hours
    # Samoa had no 30 December 2011: the day before ends where this one begins, with no hours.
    assert day_before(day, zone).end_ms == day.start_ms
