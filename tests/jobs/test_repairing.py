"""
What the scheduler takes for a loss, what it does then, and what it leaves alone.
"""

import shutil

import pytest

from service.counting.notes import Note, read_notes
from service.errors import SiteNotOpen
from service.jobs.repairing import look_for_losses, rebuild_site, repair_site
from service.jobs.table import close_days
from tests.agreement import assert_agreement
from tests.conftest import Luot
from tests.servers import Valkey, until


def repair(luot: Luot) -> None:
    repair_site(luot.runtime, luot.runtime.sites["s1"])


def epoch(luot: Luot) -> int:
    return luot.runtime.store.status("s1").epoch


def is_open(luot: Luot) -> bool:
    return luot.runtime.store.status("s1").is_open


def expire(valkey: Valkey, day: str) -> None:
    """
    The keys of a day go, as they do a day after its end.
    """
    for kind in ("salt", "visitors", "views", "values"):
        valkey.client.delete(f"luot:{{s1}}:{kind}:{day}")


def test_a_day_that_was_closed_is_no_loss(luot: Luot, valkey: Valkey) -> None:
    # A site that nobody has read for some days is not to be restored every five minutes.
    luot.hit("/a")
    luot.snapshot()
    luot.clock.set("2026-11-24T00:10:00Z")
    expire(valkey, "2026-11-22")
    close_days(luot.runtime)
    repair(luot)

    assert [] == look_for_losses(luot.runtime, luot.runtime.sites["s1"])
    assert 1 == epoch(luot)


def test_yesterday_is_looked_at_until_it_is_closed(luot: Luot, valkey: Valkey) -> None:
    luot.hit("/a")
    luot.snapshot()
    luot.clock.set("2026-11-23T23:50:00Z")
    expire(valkey, "2026-11-22")

    found = look_for_losses(luot.runtime, luot.runtime.sites["s1"])
    assert ["visitors of 2026-11-22"] == [difference.what for difference in found]


def test_what_no_restore_can_bring_back_is_restored_once(
    luot: Luot, valkey: Valkey, caplog: pytest.LogCaptureFixture
) -> None:
    # Given a host whose disk was lost with its journals
    luot.hit("/a")
    luot.snapshot()
    luot.runtime.recorder.close()
    shutil.rmtree(luot.runtime.journals.folder)
    expire(valkey, "2026-11-22")
    for _ in range(3):
        repair(luot)
        luot.clock.forward(300)
        for _ in ("remember", "count"):
            luot.runtime.open_site("s1")
            luot.clock.forward(61)
        assert is_open(luot)

    assert 2 == epoch(luot)
    assert "a restore did not bring back what Redis has lost" in caplog.messages


def test_the_number_of_losses_is_a_metric(luot: Luot, valkey: Valkey) -> None:
    luot.hit("/a")
    luot.hit("/b")
    luot.snapshot()
    valkey.client.delete("luot:{s1}:pages")
    repair(luot)
    lost = read_notes(luot.runtime.store)[Note("lost", "s1")]
    until(lambda: is_open(luot))
    repair(luot)

    assert (2, 0) == (lost, read_notes(luot.runtime.store)[Note("lost", "s1")])
    assert_agreement(luot)


def test_a_second_loss_is_restored_like_the_first(luot: Luot, valkey: Valkey) -> None:
    luot.hit("/a")
    luot.snapshot()
    for expected in (2, 3):
        valkey.client.delete("luot:{s1}:pages")
        repair(luot)
        until(lambda: is_open(luot))
        repair(luot)

        assert expected == epoch(luot)


def test_a_rebuild_keeps_what_no_snapshot_has(luot: Luot) -> None:
    luot.hit("/a")
    luot.snapshot()
    luot.hit("/a")
    rebuild_site(luot.runtime, luot.runtime.sites["s1"])
    until(lambda: is_open(luot))

    assert 2 == luot.counters()["views"]["total"]
    assert_agreement(luot)


def test_a_site_that_somebody_opens_is_not_rebuilt(luot: Luot) -> None:
    luot.hit("/a")
    assert luot.runtime.store.lock(30, "luot:leader:open:s1")

    with pytest.raises(SiteNotOpen, match="s1 is being opened by another process"):
        rebuild_site(luot.runtime, luot.runtime.sites["s1"])
