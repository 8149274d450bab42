import pytest

from bench.figures.redis import allowed


@pytest.mark.parametrize(
    ("incr", "microseconds"), [(1.0, 25.0), (1.5, 25.0), (2.0, 25.0), (0.5, 12.5), (4.0, 50.0)]
)
def test_a_hit_may_cost_more_only_where_everything_does(incr: float, microseconds: float) -> None:
    assert microseconds == allowed(incr)
