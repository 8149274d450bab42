import pytest

from bench.load import Load, LoadError, parse

LINE = (
    '{"requests": %d, "microseconds": 2000000, "failed": %d, "refused": %d, '
    '"p50": 900, "p99": 4500}'
)


def test_a_run_has_a_rate() -> None:
    load = parse(LINE % (9000, 0, 0))

    assert Load(9000, 2.0, 0.9, 4.5) == load
    assert load.rate == 4500


@pytest.mark.parametrize(("failed", "refused"), [(21, 0), (0, 21), (11, 10)])
def test_a_run_in_which_too_much_failed_says_nothing(failed: int, refused: int) -> None:
    with pytest.raises(LoadError, match="10000 requests"):
        parse(LINE % (10000, failed, refused))


def test_a_run_without_an_answer_says_nothing() -> None:
    with pytest.raises(LoadError, match="0 requests"):
        parse(LINE % (0, 0, 0))


def test_a_few_failures_are_tolerated() -> None:
    assert parse(LINE % (10000, 10, 10)).requests == 10000
