"""
The first pages are those that adding up every page would find, also behind a place.
"""

import random
from collections import Counter
from datetime import date, timedelta

import pytest
from sqlalchemy import delete, func, select, update

from service.archive import schema
from service.reporting import rankings
from service.reporting.periods import Period
from service.reporting.rankings import PageTotals, Place, Rank, every_page, ranked_pages
from tests.reporting.conftest import Archive, Days

FIRST = date(2026, 1, 20)

#: Parts of a month, whole months with a part on each side, and days without any month.
SPANS = [(0, 0), (3, 9), (0, 75), (12, 39), (12, 100), (0, 119), (40, 41), (110, 200), (300, 310)]


def random_days(chance: random.Random, pages: int, days: int) -> Days:
    """
    Many pages alike, and some that come and go, so that the days' tops differ.
    """
    found: Days = {}
    for number in range(pages):
        born = chance.randrange(days)
        for day in range(days):
            if chance.random() < 0.3:
                continue
            burst = 40 // (1 + day - born) if day >= born else 0
            views = chance.randrange(3) + burst
            entries, exits = (chance.randrange(views + 1) for _ in range(2))
            told = {"views": views, "visits": views, "entries": entries, "exits": exits}
            found[f"/{number:03}", FIRST + timedelta(days=day)] = told
    return found


def brute(days: Days, span: Period, by: Rank) -> list[tuple[str, int]]:
    sums: dict[str, int] = {}
    for (path, day), told in days.items():
        if span.first <= day <= span.last:
            sums[path] = sums.get(path, 0) + told[by]
    return sorted(((p, n) for p, n in sums.items() if n), key=lambda row: (-row[1], row[0]))


def shown(rows: list[PageTotals], by: Rank) -> list[tuple[str, int]]:
    return [(row.path, getattr(row, by)) for row in rows]


def span_of(first: int, last: int) -> Period:
    return Period(FIRST + timedelta(days=first), FIRST + timedelta(days=last))


@pytest.mark.parametrize(("seed", "long", "rows"), [(1, 180, 5_000), (2, 0, 5_000), (2, 20, 90)])
def test_the_first_pages_are_those_with_the_most(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, seed: int, long: int, rows: int
) -> None:
    monkeypatch.setattr(rankings, "LARGEST_DEPTH", 30)
    monkeypatch.setattr(rankings, "LONG", timedelta(days=long))
    monkeypatch.setattr(rankings, "ROWS", rows)
    days = random_days(random.Random(seed), 50, 120)
    archive.add(days)

    for by in Rank:
        for span in (span_of(*days_) for days_ in SPANS):
            expected = brute(days, span, by)
            for limit in (1, 7, 100):
                found = ranked_pages(archive.database, "s1", span, limit, by)
                assert expected[:limit] == shown(found.rows, by)
                assert (found.last is not None) == (len(expected) > limit)
            assert expected == shown(list(every_page(archive.database, "s1", span, by)), by)


@pytest.mark.parametrize("limit", [1, 13])
def test_parts_that_follow_each_other_are_the_whole(archive: Archive, limit: int) -> None:
    days = random_days(random.Random(1), 40, 45)
    archive.add(days)
    span, found, place = span_of(0, 44), [], None
    while True:
        part = ranked_pages(archive.database, "s1", span, limit, after=place)
        found += part.rows
        place = part.last
        if place is None:
            break

    assert brute(days, span, Rank.VIEWS) == shown(found, Rank.VIEWS)


def test_behind_the_last_page_there_is_none(archive: Archive) -> None:
    archive.add({("/a", FIRST): {"views": 1}})
    after = Place(1, "/a", 1)

    assert ranked_pages(archive.database, "s1", span_of(0, 0), 5, after=after).rows == []


@pytest.mark.parametrize("rank", [0, 1, 20])
def test_behind_a_place_that_has_moved_no_page_is_left_out(archive: Archive, rank: int) -> None:
    days = random_days(random.Random(4), 40, 45)
    archive.add(days)
    expected = brute(days, span_of(0, 44), Rank.VIEWS)
    path, number = expected[12]

    found = ranked_pages(archive.database, "s1", span_of(0, 44), 9, after=Place(number, path, rank))
    assert expected[13:22] == shown(found.rows, Rank.VIEWS)


def test_pages_that_are_equal_stand_by_their_paths(archive: Archive) -> None:
    archive.add({(f"/{number:03}", FIRST): {"views": 1} for number in range(300)})

    found = ranked_pages(archive.database, "s1", span_of(0, 40), 5)
    assert [f"/{number:03}" for number in range(5)] == [row.path for row in found.rows]


def test_a_site_without_numbers_has_no_pages(archive: Archive) -> None:
    assert ranked_pages(archive.database, "s1", span_of(0, 40), 5).rows == []
    assert ranked_pages(archive.database, "s2", span_of(0, 40), 5).rows == []


def test_months_and_totals_are_sums_of_their_days_whoever_writes_days(archive: Archive) -> None:
    archive.add(random_days(random.Random(2), 9, 70))
    archive.add(random_days(random.Random(3), 9, 70))
    count = schema.day_count.c
    with archive.database.write() as connection:
        connection.execute(delete(schema.day_count).where(count.page_id == 3))
        moved = update(schema.day_count).where(count.page_id == 4)
        connection.execute(moved.values(page_id=3, views=count.views + 5))
        early = update(schema.day_count).where(count.page_id == 5, count.day == FIRST)
        connection.execute(early.values(day=date(2025, 12, 31)))

    month, names = schema.month_count.c, schema.MEASURES
    by_month: dict[tuple[int, date], list[int]] = {}
    by_page: Counter[int] = Counter()
    with archive.database.read() as connection:
        days = select(count.page_id, count.day, *(count[m] for m in names))
        for page, day, *numbers in connection.execute(days):
            by_page[page] += numbers[0]
            sums = by_month.setdefault((page, day.replace(day=1)), [0] * len(names))
            by_month[page, day.replace(day=1)] = [a + b for a, b in zip(sums, numbers, strict=True)]
        months = select(month.page_id, month.month, *(month[m] for m in names))
        told = {(page, first): rest for page, first, *rest in connection.execute(months)}
        assert connection.execute(select(func.count()).select_from(schema.month_count)).scalar()
        total = schema.total_count.c
        asked = select(total.page_id, total.views)
        totals = {page: views for page, views in connection.execute(asked)}  # noqa: C416 - rows
    assert by_month == {key: row for key, row in told.items() if any(row) or key in by_month}
    assert by_page == Counter(totals)
