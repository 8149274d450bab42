import gzip
import json
import os
import signal
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from service.archive.log_imports import only_importer
from service.counting.keys import SiteKeys
from service.intake.sites import Site
from service.settings import SiteSettings
from tests.commands.conftest import SITE, Terminal, a_line
from tests.conftest import MakeLuot
from tests.servers import Valkey, until

DAY = "20/Nov/2026"
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
TWO_SITES = SITE + SITE.replace("s1", "s2")

#: Four views of two visitors in three visits, and a line for each reason.
COMBINED = "".join(
    [
        a_line("203.0.113.7", f"{DAY}:10:00:00 +0000", "/a?utm_source=x"),
        a_line("203.0.113.7", f"{DAY}:10:10:00 +0000", "/b", status=304),
        a_line("203.0.113.7", f"{DAY}:11:00:00 +0000", "/a/"),
        a_line("203.0.113.8", f"{DAY}:12:00:00 +0000", "/a"),
        a_line("203.0.113.8", f"{DAY}:12:00:00 +0000", "/a", method="POST"),
        a_line("203.0.113.8", f"{DAY}:12:00:00 +0000", "/a", status=404),
        a_line("203.0.113.8", f"{DAY}:12:00:00 +0000", "/a.png"),
        a_line("203.0.113.8", f"{DAY}:12:00:00 +0000", "/feed/"),
        a_line("66.249.66.1", f"{DAY}:12:00:00 +0000", agent=GOOGLEBOT),
        a_line("198.51.100.1", f"{DAY}:12:00:00 +0000"),
        "this is no line of a log\n",
        "\n",
    ]
)
SUMMARY = {
    "counted": 4,
    "added_before": 0,
    "lines": 12,
    "reasons": {
        "asset": 1,
        "bot": 1,
        "excluded": 1,
        "feed": 1,
        "method": 1,
        "status": 1,
        "unparsed": 2,
    },
}


@pytest.fixture(autouse=True)
def _an_address_is_excluded(terminal: Terminal) -> None:
    terminal.write("", sites=TWO_SITES.replace("hosts", 'exclude = ["198.51.100.1"]\nhosts', 1))


def summary(terminal: Terminal, file: Path, *words: str, site: str = "s1") -> dict[str, Any]:
    told = terminal.run("import", "log", file, "--site", site, "--json", *words)
    assert told.exit_code == 0, told.stderr
    said: dict[str, Any] = json.loads(told.stdout)
    assert said["counted"] + said["added_before"] + sum(said["reasons"].values()) == said["lines"]
    assert (said.pop("site"), said.pop("file")) == (site, str(file))
    return said


def refused(terminal: Terminal, file: Path, *words: str, **variables: str) -> str:
    told = terminal.run("import", "log", file, "--site", "s1", *words, **variables)
    assert (told.exit_code, told.stdout) == (1, "")
    return told.stderr.splitlines()[-1].removeprefix("luot: ")


def totals(terminal: Terminal, site: str = "s1") -> list[tuple[Any, ...]]:
    """
    Everything that SQL has of a site's days, hours and values, without its numbers for them.
    """
    of_site = (
        "JOIN page ON page.id = page_id "
        f"JOIN site ON site.id = page.site_id AND site.name = '{site}'"
    )
    value = f"JOIN value ON value.id = value_id {of_site}"
    counts = "c.views, c.visits, c.visitors"
    more = "c.entries, c.exits, c.engaged_visits, c.events"
    return [
        *terminal.sql(f"SELECT path, day, {counts}, {more} FROM day_count c {of_site}"),  # noqa: S608
        *terminal.sql(f"SELECT path, day, hour, {counts}, {more} FROM hour_count c {of_site}"),  # noqa: S608
        *terminal.sql(f"SELECT path, day, dimension, text, {counts} FROM value_count c {value}"),  # noqa: S608
    ]


def day_totals(terminal: Terminal, site: str = "s1") -> list[tuple[Any, ...]]:
    return [row[1:5] for row in totals(terminal, site) if row[0] == "" and len(row) == 9]


def test_the_summary_adds_up_to_the_lines(terminal: Terminal) -> None:
    assert summary(terminal, terminal.file("a.log", COMBINED)) == SUMMARY
    assert day_totals(terminal) == [("2026-11-20", 4, 3, 2)]


def test_the_summary_is_told_in_words(terminal: Terminal) -> None:
    told = terminal.run("import", "log", terminal.file("a.log", COMBINED), "--site", "s1")

    assert told.stdout.splitlines() == [
        "           4  counted",
        "           1  asset",
        "           1  bot",
        "           1  excluded",
        "           1  feed",
        "           1  method",
        "           1  status",
        "           2  unparsed",
        "          12  lines in all",
    ]


def test_a_second_import_adds_nothing(terminal: Terminal) -> None:
    file = terminal.file("a.log", COMBINED)
    summary(terminal, file)
    before = totals(terminal)
    terminal.clock.forward(400 * 86_400)

    again = summary(terminal, file)

    assert again == {"counted": 0, "added_before": 12, "lines": 12, "reasons": {}}
    assert totals(terminal) == before


@pytest.mark.parametrize("mode", ["refuse", "add"])
def test_the_same_lines_packed_or_under_another_name_add_nothing(
    terminal: Terminal, mode: str
) -> None:
    summary(terminal, terminal.file("a.log", COMBINED))
    before = totals(terminal)

    packed = terminal.file("b.log.gz", gzip.compress(COMBINED.encode()))

    assert summary(terminal, packed, "--mode", mode)["added_before"] == 12
    assert totals(terminal) == before


def test_a_packed_log_counts_as_a_plain_one(terminal: Terminal) -> None:
    parts = COMBINED.encode()[:500], COMBINED.encode()[500:]
    packed = terminal.file("a.log.gz", b"".join(gzip.compress(part) for part in parts))

    assert summary(terminal, packed) == SUMMARY


def test_a_log_in_the_common_format_tells_no_machines_and_counts_all(terminal: Terminal) -> None:
    lines = [
        f'203.0.113.{n} - frank [{DAY}:10:00:00 +0700] "GET /a HTTP/1.0" 200 2326\n'
        for n in range(3)
    ]
    told = summary(terminal, terminal.file("a.log", "".join(lines)))

    assert (3, {}, 3) == (told["counted"], told["reasons"], told["lines"])


def test_days_that_were_imported_are_refused_unless_they_are_to_be_added_to(
    terminal: Terminal,
) -> None:
    summary(terminal, terminal.file("a.log", COMBINED))
    more = terminal.file("b.log", COMBINED + a_line("203.0.113.9", f"{DAY}:13:00:00 +0000"))
    before = totals(terminal)

    said = refused(terminal, more)

    assert said == (
        f"{more}: these days have numbers already: 2026-11-20; --mode add adds the lines to them"
    )
    assert totals(terminal) == before
    assert summary(terminal, more, "--mode", "add")["counted"] == 5
    assert [row[:2] for row in day_totals(terminal)] == [("2026-11-20", 9)]


def test_days_that_readers_were_counted_on_are_refused(
    terminal: Terminal, make_luot: MakeLuot
) -> None:
    make_luot(data_dir=terminal.data).hit()
    file = terminal.file("a.log", a_line("203.0.113.9", "22/Nov/2026:11:00:00 +0000"))

    assert "these days have numbers already: 2026-11-22" in refused(terminal, file)
    assert summary(terminal, file, "--mode", "add")["counted"] == 1
    assert day_totals(terminal) == [("2026-11-22", 2, 2, 2)]


def test_another_day_and_another_site_do_not_overlap(terminal: Terminal) -> None:
    file = terminal.file("a.log", COMBINED)
    summary(terminal, file)

    assert summary(terminal, file, site="s2")["counted"] == 5
    next_day = terminal.file("b.log", COMBINED.replace(DAY, "21/Nov/2026"))
    assert summary(terminal, next_day)["counted"] == 4


def test_an_import_that_stopped_before_its_first_line_goes_on(terminal: Terminal) -> None:
    file = terminal.file("a.log", COMBINED)
    summary(terminal, file)
    # As it stands when the process was killed after it had noted its days, before it added a hit.
    for table in ("import_file", "day_count", "hour_count", "value_count"):
        forget(terminal, table)

    assert summary(terminal, file)["counted"] == 4


def forget(terminal: Terminal, table: str) -> None:
    terminal.sql(f"DELETE FROM {table}")  # noqa: S608


def test_lines_that_cannot_have_happened_are_no_lines(terminal: Terminal) -> None:
    times = [
        "01/Jan/0001:00:00:00 +0000",
        "31/Dec/9999:23:59:59 +0000",
        "31/Dec/9999:23:59:59 -1200",
        "31/Dec/1989:00:00:00 +0000",
        "22/Nov/2026:12:05:01 +0000",
        "00/Nov/2026:12:00:00 +0000",
        "31/Feb/2026:12:00:00 +0000",
        "20/Nov/2026:25:00:00 +0000",
        "1763600000000",
        "20/Nov/2026:12:00:00 +9999",
    ]
    file = terminal.file("a.log", "".join(a_line("203.0.113.7", time) for time in times))

    assert summary(terminal, file)["reasons"] == {"unparsed": len(times)}


def test_a_log_of_another_format_can_be_read_again_with_the_right_one(terminal: Terminal) -> None:
    request = '[20/Nov/2026:10:00:00 +0000] 203.0.113.7 "GET /a HTTP/1.1" 200'
    line = f'{request} "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"\n'
    file = terminal.file("own.log", line)
    said = f"{file}: no line is of a format that is known; --format names it as nginx does"

    assert said == refused(terminal, file)
    form = '[$time_local] $remote_addr "$request" $status "$http_user_agent"'
    assert summary(terminal, file, "--format", form)["counted"] == 1


def test_lines_of_the_next_five_minutes_are_clocks_that_differ(terminal: Terminal) -> None:
    file = terminal.file("a.log", a_line("203.0.113.7", "22/Nov/2026:12:05:00 +0000"))

    assert summary(terminal, file)["counted"] == 1


def test_bytes_that_are_no_text_cost_their_own_line_only(terminal: Terminal) -> None:
    good = a_line("203.0.113.7", f"{DAY}:10:00:00 +0000").encode()
    bad = [
        good.replace(b"/a", b"/\xff"),
        good.replace(b"/a", b"/\0"),
        good.replace(b"/a", b"/%00"),
        good.replace(b"/a", b"/%ff"),
        good[:-1] * 1_000 + b"\n",
        b"x" * 3_000_000 + b"\n",
        b'"' * 1_000 + b"\n",
    ]
    file = terminal.file("a.log", b"".join([*bad, good.rstrip(b"\n")]))

    told = summary(terminal, file)

    assert (told["counted"], told["reasons"]) == (1, {"unparsed": len(bad)})


def test_a_user_agent_or_referrer_that_is_no_text_counts(terminal: Terminal) -> None:
    good = a_line("203.0.113.7", f"{DAY}:10:00:00 +0000").encode()
    file = terminal.file("a.log", good.replace(b"Mozilla/5.0 ", b"Mozilla/5.0 \xe9\xff "))

    assert summary(terminal, file)["counted"] == 1


def test_an_empty_log_has_no_lines(terminal: Terminal) -> None:
    assert summary(terminal, terminal.file("a.log", "")) == {
        "counted": 0,
        "added_before": 0,
        "lines": 0,
        "reasons": {},
    }


@pytest.mark.parametrize("cut", [20, 200, -1, -9])
def test_a_packed_log_that_is_cut_short_adds_nothing(terminal: Terminal, cut: int) -> None:
    file = terminal.file("a.log.gz", gzip.compress(COMBINED.encode())[:cut])

    assert refused(terminal, file).startswith(f"{file}: cannot be unpacked: ")
    assert day_totals(terminal) == []


def test_a_packed_log_that_is_damaged_adds_nothing(terminal: Terminal) -> None:
    packed = bytearray(gzip.compress(COMBINED.encode()))
    packed[60:90] = bytes(30)
    file = terminal.file("a.log.gz", bytes(packed))

    assert refused(terminal, file).startswith(f"{file}: cannot be unpacked: ")
    assert day_totals(terminal) == []


def test_a_file_that_is_none_is_refused_in_one_sentence(terminal: Terminal) -> None:
    os.mkfifo(terminal.folder / "pipe")
    for file in (terminal.folder, terminal.folder / "pipe", Path("/dev/zero"), Path("/nope")):
        assert refused(terminal, file).startswith(f"{file}: ")
        told = terminal.start("import", "log", file, "--site", "s1")
        assert (told.returncode, told.stdout) == (1, "")
        assert told.stderr.endswith(("is no plain file\n", "No such file or directory\n"))
        assert "Traceback" not in told.stderr


def test_without_redis_nothing_is_added(terminal: Terminal) -> None:
    file = terminal.file("a.log", COMBINED)

    assert refused(terminal, file, LUOT_REDIS_URL="redis://127.0.0.1:1").startswith("Redis: ")


def test_one_import_of_a_site_runs_at_a_time(terminal: Terminal) -> None:
    file = terminal.file("a.log", COMBINED)
    site = Site.of("s1", SiteSettings(name="Site one", hosts=("s1.example",)))
    with only_importer(terminal.data, site):
        assert refused(terminal, file) == "another import of s1 is running"
        assert summary(terminal, file, site="s2")["counted"] == 5

    assert summary(terminal, file)["counted"] == 4


def test_an_import_that_is_killed_goes_on_and_ends_as_one(
    terminal: Terminal, valkey: Valkey
) -> None:
    lines = 20_000
    file = terminal.file("a.log", a_large_log(lines))
    control = summary(terminal, file, site="s2")

    with terminal.begin("import", "log", file, "--site", "s1") as process:
        until(lambda: progress(valkey) > lines // 3, 60)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    rest = summary(terminal, file)

    assert 0 < rest["added_before"] < lines
    assert rest["lines"] == lines
    assert Counter(totals(terminal, "s1")) == Counter(totals(terminal, "s2"))
    assert sum(row[1] for row in day_totals(terminal)) == control["counted"]
    assert summary(terminal, file)["counted"] == 0


def progress(valkey: Valkey) -> int:
    """
    Views of the site s1 that Redis has counted.
    """
    return int(valkey.client.hget(SiteKeys("s1").state, "views") or 0)


def a_large_log(lines: int) -> str:
    """
    Two days of 400 visitors, whose lines come in the order of their times.
    """
    return "".join(
        a_line(
            f"203.0.{n * 7 % 400 // 200}.{n * 7 % 200}",
            f"{datetime(2026, 11, 19, tzinfo=UTC) + timedelta(seconds=second):%d/%b/%Y:%T} +0000",
            f"/page/{n * 13 % 97}" if n % 10 else "/style.css",
        )
        for n in range(lines)
        for second in [n * 172_800 // lines]
    )


def test_days_are_those_of_the_site_whatever_this_machine_thinks(terminal: Terminal) -> None:
    late = a_line("203.0.113.7", f"{DAY}:18:00:00 +0000")
    site = 'name = "S"\nhosts = ["{0}.example"]\ntimezone = "Asia/Ho_Chi_Minh"\n'
    terminal.write("", sites="".join(f"[sites.{s}]\n{site.format(s)}" for s in ("s1", "s2")))
    file = terminal.file("a.log", late)

    for site_id, zone in (("s1", "UTC"), ("s2", "America/New_York")):
        told = terminal.start("import", "log", file, "--site", site_id, variables={"TZ": zone})
        assert told.returncode == 0, told.stderr
        assert day_totals(terminal, site_id) == [("2026-11-21", 1, 1, 1)]
