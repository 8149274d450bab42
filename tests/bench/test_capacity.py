"""
Worked sizes: the page has those of now, and they follow from what was measured.
"""

from dataclasses import replace

import pytest

from bench import capacity


def test_the_page_about_operations_has_the_sizes_of_now() -> None:
    page = capacity.PAGE.read_text(encoding="utf-8")

    assert "<!-- capacity: begin -->" in page
    assert page == capacity.written(page)


@pytest.mark.parametrize("views", capacity.DAILY)
def test_twice_the_memory_for_a_visitor_is_never_less_memory(views: int) -> None:
    dearer = replace(capacity.MEASURED, visitor=2 * capacity.MEASURED.visitor)

    assert capacity.size(views, dearer).memory > capacity.size(views).memory


def test_a_hundred_times_the_views_are_a_hundred_times_the_journal() -> None:
    small, large = capacity.size(1_000_000), capacity.size(100_000_000)

    assert 100 * small.journal == large.journal
    assert 100 * small.peak == pytest.approx(large.peak)


def test_the_hours_of_a_day_are_a_whole_day() -> None:
    assert 24 == len(capacity.HOURS)
    assert 100 == pytest.approx(sum(capacity.HOURS))
