"""
The coordinates of a chart.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.web.charts import HEIGHT, WIDTH, Point, chart, scale_of, share


def points(*numbers: int | None) -> list[Point]:
    return [Point(str(n), str(n), number, None) for n, number in enumerate(numbers)]


@given(st.integers(min_value=0, max_value=10**18))
def test_a_scale_is_round_holds_all_and_is_not_much_too_large(largest: int) -> None:
    top = scale_of(largest)

    assert top >= largest
    assert top % 4 == 0
    assert top <= max(4, 1.5 * largest + 8)


@given(st.lists(st.integers(min_value=0, max_value=10**15), min_size=1, max_size=400))
def test_every_number_is_inside_the_drawing(numbers: list[int]) -> None:
    drawn = chart(points(*numbers), is_growing=False)

    assert all(c.y is not None and 0 <= c.y <= HEIGHT for c in drawn.columns)
    assert all(0 <= c.x <= WIDTH for c in drawn.columns)
    assert len(drawn.labels) <= 7
    assert all(0 <= label.x <= 100 for label in drawn.labels)


def test_what_has_not_begun_is_not_drawn_and_what_is_not_over_is_drawn_apart() -> None:
    drawn = chart(points(4, 2, 1, None, None), is_growing=True)

    assert drawn.line == "M100 6L300 123"
    assert drawn.growing == "M300 123L500 181.5"
    assert drawn.columns[-1].y is None
    assert drawn.area == "M100 6L300 123L500 181.5V240H100Z"


def test_a_period_without_anything_is_a_line_at_the_bottom() -> None:
    drawn = chart(points(0, 0), is_growing=False)

    assert drawn.line == "M250 240L750 240"
    assert drawn.scale == (4, 3, 2, 1, 0)
    assert chart([], is_growing=True).line == ""


def test_what_is_compared_fits_in_too() -> None:
    drawn = chart([Point("a", "a", 1, 1_000)], is_growing=False)

    assert drawn.has_before
    assert drawn.before == "M500 6"


@pytest.mark.parametrize(("number", "largest", "long"), [(1, 3, 33.33), (0, 0, 0.0), (5, 5, 100.0)])
def test_a_bar_is_as_long_as_its_part(number: int, largest: int, long: float) -> None:
    assert share(number, largest) == long
