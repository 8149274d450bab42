import pytest

from bench.rounds import Pairs, alternate
from bench.samples import Sample


def test_rounds_alternate() -> None:
    order: list[str] = []

    def measured(name: str, value: float) -> float:
        order.append(name)
        return value + len(order)

    pairs = alternate(2, lambda: measured("ours", 10), lambda: measured("beside", 20))

    assert ["ours", "beside", "ours", "beside"] == order
    assert Pairs(Sample((11.0, 13.0)), Sample((22.0, 24.0))) == pairs


def test_no_round_says_nothing() -> None:
    with pytest.raises(ValueError, match="at least one round"):
        alternate(0, lambda: 1.0, lambda: 1.0)
