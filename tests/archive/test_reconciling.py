"""
What is found when keys of a site are deleted by hand, and how they come back.
"""

import pytest

from service.archive.reconciling import differences
from service.errors import SiteNotOpen
from service.jobs.repairing import repair_site
from tests.agreement import assert_agreement
from tests.conftest import Luot, MakeLuot
from tests.servers import Valkey, until


def found(luot: Luot) -> list[str]:
    site = luot.runtime.sites["s1"]
    store, database = luot.runtime.store, luot.runtime.database
    return [d.what for d in differences(store, database, site, luot.clock.now_ms())]


def test_a_site_that_lost_nothing_has_no_differences(luot: Luot) -> None:
    assert [] == found(luot)
    for number in range(5):
        luot.hit(f"/{number}")
    luot.snapshot()
    luot.hit("/0")

    assert [] == found(luot)


@pytest.mark.parametrize(
    ("key", "lost"),
    [
        ("days", ["2026-11-22"]),
        ("pages", ["/0", "/1", "/2"]),
        ("visitors:2026-11-22", ["visitors of 2026-11-22"]),
    ],
)
def test_a_key_that_was_deleted_is_found_and_comes_back(
    luot: Luot, valkey: Valkey, key: str, lost: list[str]
) -> None:
    for number in range(12):
        luot.hit(f"/{number % 3}", address=f"203.0.113.{number % 5}", id=f"{number:016d}")
    luot.snapshot()
    luot.hit("/0", address="203.0.113.1")
    before = luot.counters("/0", "/1")
    valkey.client.delete(f"luot:{{s1}}:{key}")

    assert lost == found(luot)
    repair_site(luot.runtime, luot.runtime.sites["s1"])
    until(lambda: not luot.counters()["stale"])
    assert before == luot.counters("/0", "/1")
    assert [] == found(luot)
    luot.hit("/0", address="203.0.113.1")
    assert (14, 5, 5) == luot.totals("2026-11-22")
    assert_agreement(luot)


def test_without_journals_nothing_is_emptied_but_the_loss_is_told(
    make_luot: MakeLuot, valkey: Valkey, caplog: pytest.LogCaptureFixture
) -> None:
    luot = make_luot(durability="redis")
    luot.hit("/a")
    luot.snapshot()
    valkey.client.delete("luot:{s1}:pages")
    repair_site(luot.runtime, luot.runtime.sites["s1"])

    assert ["/a"] == found(luot)
    assert "Redis has lost numbers; see luot reconcile" in caplog.messages


def test_a_site_that_is_being_restored_is_not_compared(luot: Luot, valkey: Valkey) -> None:
    luot.hit("/a")
    luot.snapshot()
    luot.runtime.recorder.close()
    valkey.client.delete("luot:{s1}:state")

    with pytest.raises(SiteNotOpen, match="s1 is being restored: compare it again in a moment"):
        found(luot)
