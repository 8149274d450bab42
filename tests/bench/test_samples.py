import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.samples import Sample, percentile, ratios

NUMBERS = st.lists(st.floats(min_value=0.001, max_value=1e6), min_size=1)


@pytest.mark.parametrize(
    ("values", "median", "low", "high"),
    [
        ([3.0], 3.0, 3.0, 3.0),
        ([9.0, 1.0, 4.0], 4.0, 1.0, 9.0),
        ([4.0, 1.0, 2.0, 3.0], 2.5, 1.0, 4.0),
    ],
)
def test_a_sample_has_a_middle_and_two_ends(
    values: list[float], median: float, low: float, high: float
) -> None:
    sample = Sample.of(values)

    assert (median, low, high) == (sample.median, sample.low, sample.high)


def test_a_sample_of_no_round_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one round"):
        Sample.of([])


def test_ratios_are_taken_round_by_round() -> None:
    # The medians alone would say 2; noise that met both sides of a round goes out.
    assert Sample((2.0, 2.0, 2.0)) == ratios(Sample((2.0, 20.0, 4.0)), Sample((1.0, 10.0, 2.0)))


def test_nothing_beside_makes_the_ratio_endless() -> None:
    assert Sample((math.inf,)) == ratios(Sample((2.0,)), Sample((0.0,)))


def test_sides_with_different_numbers_of_rounds_have_no_ratio() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratios(Sample((2.0, 3.0)), Sample((1.0,)))


@pytest.mark.parametrize(
    ("share", "expected"), [(0.01, 1), (0.07, 7), (0.5, 50), (0.95, 95), (0.99, 99), (1, 100)]
)
def test_a_percentile_is_a_value_that_was_seen(share: float, expected: int) -> None:
    assert expected == percentile(list(range(100, 0, -1)), share)


@given(NUMBERS, st.floats(min_value=0.01, max_value=1))
def test_a_percentile_has_its_share_of_values_at_or_below_it(
    values: list[float], share: float
) -> None:
    found = percentile(values, share)

    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-6


@pytest.mark.parametrize(("values", "share"), [([], 0.5), ([1.0], 0.0), ([1.0], 1.1)])
def test_there_is_no_percentile_of_nothing(values: list[float], share: float) -> None:
    with pytest.raises(ValueError, match="no percentile"):
        percentile(values, share)
