"""
A site that was taken out of the settings: kept, and given up when that was meant.
"""

from service.archive.purging import purge_site
from tests.commands.conftest import SITE, Terminal, a_line
from tests.conftest import Luot, MakeLuot
from tests.servers import Valkey, until

TWO = {"s2": {"name": "Site two", "hosts": ["s2.example"]}}


def views(luot: Luot, site: str) -> int:
    luot.site = site
    return int(luot.counters()["views"]["total"])


def test_a_site_is_only_purged_when_it_is_not_in_the_settings(
    terminal: Terminal, valkey: Valkey
) -> None:
    log = terminal.file("access.log", a_line("203.0.113.1", "21/Nov/2026:10:00:00 +0000"))
    terminal.run("import", "log", "--site", "s1", log)
    in_use = terminal.run("site", "purge", "s1", "--yes")
    terminal.write("", SITE.replace("s1", "s2"))
    listed = terminal.run("site", "list")
    asked = terminal.run("site", "purge", "s1")
    kept = terminal.sql("SELECT count(*) FROM day_count")
    done = terminal.run("site", "purge", "s1", "--yes")

    assert (2, True) == (in_use.exit_code, "is in the settings" in in_use.output)
    assert "s1: is not in the settings; its numbers are kept" in listed.output
    assert (1, [(2,)]) == (asked.exit_code, kept)
    assert 0 == done.exit_code
    for table in ("day_count", "hour_count", "page", "site"):
        assert [(0,)] == terminal.sql(f"SELECT count(*) FROM {table}")  # noqa: S608 - named above
    assert [] == list(valkey.client.scan_iter("luot:{s1}:*"))
    assert [("purge",)] == terminal.sql("SELECT action FROM audit ORDER BY id DESC LIMIT 1")


def test_hits_of_a_removed_site_wait_and_are_counted_when_it_comes_back(
    make_luot: MakeLuot, valkey: Valkey
) -> None:
    first = make_luot(sites=TWO)
    first.hit(site="s2", headers={"Origin": "https://s2.example"})
    first.hit()
    first.snapshot()
    first.runtime.close()
    valkey.client.flushall()
    without = make_luot()
    without.hit()
    until(lambda: without.runtime.store.status("s1").is_open and views(without, "s1") == 2)
    without.runtime.close()

    back = make_luot(sites=TWO)
    back.hit()
    until(lambda: back.runtime.store.status("s2").is_open and views(back, "s2") == 1)


def test_hits_of_a_purged_site_are_dropped_though_they_wait_in_a_journal(
    make_luot: MakeLuot,
) -> None:
    first = make_luot(sites=TWO)
    for _ in range(3):
        first.hit(site="s2", headers={"Origin": "https://s2.example"})
    first.hit()
    first.runtime.close()
    without = make_luot()
    here = without.runtime
    purge_site(here.store, here.database, "s2", here.clock.now_ms(), "a test")
    here.close()
    first.clock.forward(60)
    back = make_luot(sites=TWO)
    until(lambda: back.hit(site="s2", headers={"Origin": "https://s2.example"}).status_code == 204)

    assert 1 == views(back, "s2")
