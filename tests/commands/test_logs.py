import gzip
import json
import shutil
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import redis

from service.archive.log_imports import LogImport
from service.counting.keys import SiteKeys
from tests.commands.conftest import Terminal, a_line
from tests.conftest import CHROME, MakeLuot
from tests.servers import Valkey, until

DAY = "22/Nov/2026"


def line(second: int, path: str = "/a", address: str = "203.0.113.7") -> str:
    return a_line(address, f"{DAY}:10:{second // 60:02}:{second % 60:02} +0000", path)


def imported(terminal: Terminal, file: Path, *words: str) -> dict[str, Any]:
    told = terminal.run("import", "log", file, "--site", "s1", "--json", *words)
    assert told.exit_code == 0, told.stderr
    said: dict[str, Any] = json.loads(told.stdout)
    return said


def views(terminal: Terminal) -> dict[str, int]:
    return dict(
        terminal.sql(
            "SELECT path, sum(c.views) FROM day_count c JOIN page ON page.id = page_id GROUP BY 1"
        )
    )


AGENT = CHROME.replace(" ", "+")
NGINX = json.dumps(
    {
        "time_iso8601": "2026-11-22T10:00:00+00:00",
        "remote_addr": "203.0.113.7",
        "request": "GET /a HTTP/1.1",
        "status": "200",
        "http_user_agent": CHROME,
    }
)
CADDY = json.dumps(
    {
        "ts": 1795341600.5,
        "request": {
            "remote_ip": "203.0.113.7",
            "method": "GET",
            "uri": "/a",
            "headers": {"User-Agent": [CHROME]},
        },
        "status": 200,
    }
)
IIS = (
    "#Software: Microsoft Internet Information Services 10.0\n"
    "#Fields: date time cs-method cs-uri-stem cs-uri-query c-ip cs(User-Agent) sc-status\n"
    f"2026-11-22 10:00:00 GET /a id=1 203.0.113.7 {AGENT} 200\n"
)
OWN = '$remote_addr|[$time_local]|"$request" $status "$http_user_agent"'


@pytest.mark.parametrize(
    ("content", "format_", "path", "left"),
    [
        (NGINX + "\n", "auto", "/a", 0),
        (CADDY + "\n", "json", "/a", 0),
        (IIS, "auto", "/a?id=1", 2),
        (IIS, "w3c", "/a?id=1", 2),
        (f'203.0.113.7|[{DAY}:10:00:00 +0000]|"GET /a HTTP/2.0" 200 "{CHROME}" x\n', OWN, "/a", 0),
        ('{"status": [1], "request": [2], "ts": {}}\n' + NGINX, "json", "/a", 1),
    ],
)
def test_logs_of_other_servers_are_read(
    terminal: Terminal, content: str, format_: str, path: str, left: int
) -> None:
    said = imported(terminal, terminal.file("a.log", content), "--format", format_)

    assert (1, left) == (said["counted"], said["reasons"].get("unparsed", 0))
    assert {"": 1, path: 1} == views(terminal)


@pytest.mark.parametrize("format_", ["xml", "$remote_addr", "$remote_addr$status $request $msec"])
def test_a_format_that_cannot_be_used_is_refused(terminal: Terminal, format_: str) -> None:
    file = terminal.file("a.log", NGINX)
    told = terminal.run("import", "log", file, "--site", "s1", "--format", format_)

    assert told.exit_code == 1
    assert told.stderr.splitlines()[-1].startswith("luot: --format:")


def test_only_what_pages_did_not_count_is_added(terminal: Terminal, make_luot: MakeLuot) -> None:
    luot = make_luot(data_dir=terminal.data)
    luot.hit(path="/a")
    now = luot.clock.ms
    stamp = _stamp(now)
    known = a_line("203.0.113.7", stamp, "/a")
    content = known + a_line("203.0.113.9", stamp, "/a") + a_line("203.0.113.7", stamp, "/b")
    file = terminal.file("a.log", content)

    said = imported(terminal, file, "--mode", "missing")

    assert (2, {"known": 1}) == (said["counted"], said["reasons"])
    assert {"": 3, "/a": 2, "/b": 1} == views(terminal)
    assert imported(terminal, file, "--mode", "missing")["added_before"] == 3


def test_of_days_whose_readers_are_forgotten_pages_are_compared_by_number(
    terminal: Terminal, make_luot: MakeLuot, valkey: Valkey
) -> None:
    luot = make_luot(data_dir=terminal.data)
    luot.hit(path="/a")
    stamp = _stamp(luot.clock.ms)
    file = terminal.file("a.log", "".join(a_line(f"203.0.113.{n}", stamp) for n in range(3)))
    valkey.client.delete(SiteKeys("s1").salt("2026-11-22"))

    told = terminal.run("import", "log", file, "--site", "s1", "--mode", "missing")

    assert "lines were compared by number alone: 2026-11-22" in told.stdout
    assert {"": 3, "/a": 3} == views(terminal)


def test_a_repair_adds_what_is_missing_between_two_moments(terminal: Terminal) -> None:
    content = "".join(line(60 * minute, f"/{minute}") for minute in range(10))
    file = terminal.file("a.log", content)
    span = ("--from", "2026-11-22T10:03:00Z", "--to", "2026-11-22T12:06:00+02:00")

    said = imported(terminal, file, "--repair", *span)

    assert (3, {"outside": 7}) == (said["counted"], said["reasons"])
    assert imported(terminal, file, "--repair", *span)["counted"] == 0
    rest = imported(terminal, file, "--mode", "missing")
    assert (7, {"known": 3}) == (rest["counted"], rest["reasons"])
    assert terminal.run("import", "log", file, "--site", "s1", "--repair").exit_code == 2


def _stamp(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")


def test_a_followed_log_counts_each_line_once_whatever_becomes_of_the_file(
    terminal: Terminal,
) -> None:
    log = terminal.file("access.log", line(0) + line(1))
    asked = ("import", "log", log, "--site", "s1", "--follow", "--interval", "0.05", "--json")
    counted = 0

    def follow(expected: int, change: Any = None) -> None:
        nonlocal counted
        with terminal.begin(*asked) as process:
            if change:
                until(lambda: _live(terminal) >= 1 or process.poll() is not None)
                change()
            until(lambda: _live(terminal) == expected or process.poll() is not None)
            process.send_signal(signal.SIGKILL if expected % 2 else signal.SIGTERM)
            _, err = process.communicate(timeout=20)
        assert _live(terminal) == expected, err

    def write(text: str) -> None:
        with log.open("a") as opened:
            opened.write(text)

    follow(2)
    # Written, renamed and begun anew while nobody looked.
    write(line(2))
    log.rename(log.with_name("access.log.1"))
    log.write_text(line(3) + line(4)[:40])
    follow(4)
    # The half line is ended; then the log is packed away and begun anew while it is followed.
    write(line(4)[40:])

    def rotate() -> None:
        write(line(5))
        log.rename(log.with_name("access.log.2"))
        log.write_text(line(6))

    follow(7, rotate)
    shutil.copy(log, log.with_name("access.log.3"))
    log.write_bytes(b"")
    write(line(8))
    with gzip.open(log.with_name("access.log.4.gz"), "wb") as packed:
        packed.write(log.with_name("access.log.1").read_bytes())
    log.with_name("access.log.1").unlink()
    follow(8)


def test_a_followed_log_counts_again_what_redis_lost(terminal: Terminal, valkey: Valkey) -> None:
    # Given a log and the one before it, of which SQL has no line
    log = terminal.file("access.log", line(1) + line(2))
    asked = ("import", "log", log, "--site", "s1", "--follow", "--interval", "0.05")
    process = terminal.begin(*asked)
    try:
        until(lambda: _live(terminal) == 2)
        log.rename(log.with_name("access.log.1"))
        log.write_text(line(3))
        until(lambda: _live(terminal) == 3)
        # When Redis is emptied, and one more line is written
        valkey.client.flushall()
        with log.open("a") as opened:
            opened.write(line(4))
        until(lambda: _live(terminal) == 4)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)


def test_an_import_counts_again_what_redis_lost(
    terminal: Terminal, valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = terminal.file("a.log", "".join(line(second % 3600) for second in range(2_100)))
    record, batches = LogImport.record, []

    def losing(self: LogImport, *told: Any) -> None:
        record(self, *told)
        batches.append(told[2])
        if len(batches) == 3:
            valkey.client.flushall()

    monkeypatch.setattr(LogImport, "record", losing)
    said = imported(terminal, file)

    assert {"": 2_100, "/a": 2_100} == views(terminal)
    assert [500, 1000, 1500, 500, 1000, 1500, 2000, 2100] == batches
    assert (2_100, 2_100, 0) == (said["lines"], said["counted"], said["added_before"])
    assert imported(terminal, file)["added_before"] == 2_100


def _live(terminal: Terminal) -> int:
    client = redis.Redis.from_url(terminal.variables["LUOT_REDIS_URL"], decode_responses=True)
    with client:
        return int(client.hget("luot:{s1}:state", "views") or 0)
