"""
The time of a process, and how it is shifted.
"""

from pathlib import Path

import pytest

from service.clock import ShiftedClock, SystemClock, process_clock, rfc3339


def test_a_process_has_the_time_of_its_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LUOT_TEST_CLOCK", raising=False)

    assert isinstance(process_clock(), SystemClock)


def test_a_file_shifts_the_time_while_the_process_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "clock"
    monkeypatch.setenv("LUOT_TEST_CLOCK", str(file))
    clock = process_clock()
    shifts = []
    for seconds in ("0", "-3600", "86400.5\n"):
        file.write_text(seconds)
        shifts.append(round((clock.now_ms() - SystemClock().now_ms()) / 1000, 1))

    assert isinstance(clock, ShiftedClock)
    assert [0, -3600, 86400.5] == shifts


def test_moments_are_written_in_utc_to_the_second() -> None:
    assert "2026-11-22T12:00:00Z" == rfc3339(1_795_348_800_999)
