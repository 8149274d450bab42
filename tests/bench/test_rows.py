import pytest

from bench.rows import Bound, Row, Side, Subject
from bench.samples import Sample

OURS, BESIDE = Sample((30.0, 40.0, 50.0)), Sample((10.0, 10.0, 10.0))


def row(bound: Bound) -> Row:
    return Row("hits", "ours", "beside", "1/s", bound, OURS, BESIDE)


@pytest.mark.parametrize(
    ("side", "limit", "value", "holds"),
    [
        (Side.AT_LEAST, 3, 3, True),
        (Side.AT_LEAST, 3, 2.99, False),
        (Side.AT_MOST, 5, 5, True),
        (Side.AT_MOST, 5, 5.01, False),
    ],
)
def test_a_limit_is_inside_its_bound(side: Side, limit: float, value: float, holds: bool) -> None:
    assert holds == Bound(side, limit).holds(value)


@pytest.mark.parametrize(
    ("bound", "met"),
    [
        (Bound(Side.AT_LEAST, 4), True),
        (Bound(Side.AT_LEAST, 4.1), False),
        (Bound(Side.AT_MOST, 40, Subject.OURS), True),
        (Bound(Side.AT_MOST, 39, Subject.OURS), False),
    ],
)
def test_what_is_judged_is_the_median_of_what_the_bound_is_about(bound: Bound, met: bool) -> None:
    assert met == row(bound).is_met


def test_a_figure_that_was_not_measured_is_neither_met_nor_missed() -> None:
    missing = Row("live", "ours", "beside", "KiB", Bound(Side.AT_MOST, 20), missing="not there")

    assert missing.ratio is None
    assert missing.is_met is None


def test_a_figure_with_nothing_beside_it_has_no_ratio() -> None:
    alone = Row("x", "ours", "nothing", "s", Bound(Side.AT_MOST, 50, Subject.OURS), OURS)

    assert alone.ratio is None
    assert alone.is_met is True
