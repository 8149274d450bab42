"""
The jobs, each run as the scheduler runs it.
"""

import pytest

from service.counting.keys import SiteKeys
from service.jobs.table import JobFailed, jobs, run_job
from tests.conftest import Luot, MakeLuot
from tests.servers import Valkey

ROWS = {job.name: job for job in jobs(60)}


def days_kept(valkey: Valkey, kind: str) -> set[str]:
    return {str(key)[-10:] for key in valkey.client.scan_iter(f"luot:{{s1}}:{kind}:*")}


def test_every_job_says_what_it_does_and_what_if_it_was_missed() -> None:
    assert all(job.does and job.if_missed and job.every > 0 for job in ROWS.values())


def test_the_snapshot_opens_sites_that_nobody_has_opened(make_luot: MakeLuot) -> None:
    luot = make_luot(sites={"s2": {"name": "Site two", "hosts": ["s2.example"]}})
    run_job(ROWS["snapshot"], luot.runtime)

    assert all(luot.runtime.store.status(site).is_open for site in ("s1", "s2"))


def test_salts_are_drawn_a_day_ahead_and_then_used(luot: Luot, valkey: Valkey) -> None:
    run_job(ROWS["salts"], luot.runtime)
    drawn = valkey.client.get("luot:{s1}:salt:2026-11-23")
    luot.clock.set("2026-11-23T01:00:00Z")
    luot.hit()

    assert {"2026-11-22", "2026-11-23", "2026-11-24"} == days_kept(valkey, "salt")
    assert drawn == valkey.client.get("luot:{s1}:salt:2026-11-23")


def test_a_day_is_closed_a_day_after_its_end(luot: Luot, valkey: Valkey) -> None:
    # Given a day whose keys have lost their life span
    luot.hit()
    for key in SiteKeys("s1").of_day("2026-11-22"):
        valkey.client.persist(key)

    luot.clock.set("2026-11-23T23:59:00Z")
    run_job(ROWS["close_days"], luot.runtime)
    still_open = days_kept(valkey, "visitors")
    luot.clock.set("2026-11-24T00:01:00Z")
    run_job(ROWS["close_days"], luot.runtime)

    assert {"2026-11-22"} == still_open
    assert set() == days_kept(valkey, "visitors")
    assert "2026-11-22" not in days_kept(valkey, "salt")


def test_keys_of_a_day_go_by_themselves_a_day_after_its_end(luot: Luot, valkey: Valkey) -> None:
    luot.hit()

    lives = [valkey.client.ttl(key) for key in SiteKeys("s1").of_day("2026-11-22")]
    assert all(36 * 3600 - 60 <= life <= 36 * 3600 for life in lives)


def test_producers_that_were_silent_for_two_days_are_retired(
    make_luot: MakeLuot, valkey: Valkey
) -> None:
    luot = make_luot(durability="redis")
    luot.hit()
    luot.snapshot()
    known = [f for f in valkey.client.hkeys("luot:{s1}:state") if str(f).startswith("p:")]
    luot.clock.forward(2 * 86_400 + 1)
    run_job(ROWS["tidy"], luot.runtime)
    left = [f for f in valkey.client.hkeys("luot:{s1}:state") if str(f).startswith("p:")]
    after = luot.hit()

    assert (1, 0) == (len(known), len(left))
    assert "counted" == after.headers["Luot-Result"]
    assert 2 == luot.counters()["views"]["total"]


def test_one_sites_trouble_does_not_stop_the_others(make_luot: MakeLuot) -> None:
    luot = make_luot(sites={"s2": {"name": "Site two", "hosts": ["s2.example"]}})
    luot.hit()
    luot.snapshot()
    luot.hit(site="s2", headers={"Origin": "https://s2.example"})
    luot.runtime.store.commands.delete("luot:{s1}:state")

    with pytest.raises(JobFailed, match="snapshot failed for s1"):
        run_job(ROWS["snapshot"], luot.runtime)
    with luot.runtime.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT name, number FROM site").all()
        numbers = {row[0]: row[1] for row in rows}
    assert {"s1": 1, "s2": 1} == numbers
