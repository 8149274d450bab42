"""
A proxy that nobody declared is named in the log, by ``luot check`` and on the dashboard.
"""

from pathlib import Path

import pytest

from service.hints import SENTENCE, ProxyHint
from tests.conftest import MakeLuot, SetClock
from tests.web.test_dashboard import page


def test_all_hits_from_one_private_address_name_the_setting(
    make_luot: MakeLuot, caplog: pytest.LogCaptureFixture
) -> None:
    luot = make_luot(trusted_proxies=0)
    for number in range(20):
        assert luot.hit(f"/{number}", address=f"198.51.100.{number}").status_code == 204
    assert "Nine of ten" not in page(luot, "/sites/s1")
    luot.clock.forward(3_600)
    luot.hit()

    assert [SENTENCE] == [r.getMessage() for r in caplog.records if r.name == "service.hints"]
    assert "trusted_proxies" in SENTENCE
    assert "the setting trusted_proxies does not count" in page(luot, "/sites/s1")
    assert "Chín phần mười" in page(luot, "/sites/s1?lang=vi")


def told(folder: Path, clock: SetClock, hops: int = 0) -> ProxyHint:
    return ProxyHint(folder, hops, clock)


def test_a_hint_ends_with_its_reason(tmp_path: Path, clock: SetClock) -> None:
    hint = told(tmp_path, clock)
    for _ in range(100):
        hint.note("127.0.0.1")
    assert hint.is_told()
    assert told(tmp_path, clock).is_told()
    assert not told(tmp_path, clock, hops=1).is_told()
    # The time and the hops, and no address.
    assert f"{clock.ms} 0\n" == next(tmp_path.iterdir()).read_text()
    for _ in range(1_000):
        hint.note("203.0.113.7")

    assert not hint.is_told()
    assert [] == list(tmp_path.iterdir())


def test_a_hint_that_nobody_renews_is_forgotten(tmp_path: Path, clock: SetClock) -> None:
    hint = told(tmp_path, clock)
    for _ in range(100):
        hint.note(None)
    clock.forward(86_400)

    assert not hint.is_told()


def test_a_folder_that_cannot_be_written_stops_no_hit(tmp_path: Path, clock: SetClock) -> None:
    hint = told(tmp_path / "none", clock)
    for _ in range(100):
        hint.note("127.0.0.1")

    assert not hint.is_told()
