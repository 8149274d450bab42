"""
The drill: a backup of one machine, restored on a clean one.
"""

import hashlib
import json
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import select

from service.archive.backups import backup, restore_backup
from service.archive.databases import Database
from service.archive.migrating import migrate
from service.archive.tables import all_tables
from service.errors import BackupRefused
from tests.commands.conftest import Terminal, a_line
from tests.conftest import CHROME, Luot, settings_for
from tests.servers import Valkey


def rows_of(database: Database) -> dict[str, list[str]]:
    """
    Everything that counts, without what moves when Redis is given the site back.
    """
    tables = ("page", "day_count", "hour_count", "value_count", "token", "audit", "correction")
    found = {}
    with database.read() as connection:
        for name in tables:
            # As declared: a day is a day on either database.
            rows = connection.execute(select(all_tables.tables[name]))
            found[name] = sorted(repr(tuple(row)) for row in rows)
    return found


def totals_in(valkey: Valkey) -> dict[str, list[str]]:
    """
    What pages have in all, and which have moved.
    """
    rows = valkey.client.hgetall("luot:{s1}:pages")
    return {str(path): str(row).split()[:3] for path, row in rows.items()}


@pytest.fixture
def counted(terminal: Terminal) -> Terminal:
    lines = "".join(
        a_line(f"203.0.113.{n}", f"21/Nov/2026:10:0{n}:00 +0000", f"/{n % 3}") for n in range(9)
    )
    log = terminal.file("access.log", lines)
    assert terminal.run("import", "log", "--site", "s1", log).exit_code == 0
    terminal.run("baseline", "set", "--site", "s1", "--views", 1000, "--visits", 500)
    terminal.run("page", "alias", "/1", "/2", "--site", "s1", "--why", "moved")
    return terminal


def test_a_clean_host_has_every_number_from_a_backup(counted: Terminal, valkey: Valkey) -> None:
    before = counted.run("report", "--site", "s1", "--json").output
    live = totals_in(valkey)
    done = counted.run("backup", counted.folder / "luot.zip")
    # Given another machine: no Redis, no journal, another data directory
    valkey.client.flushall()
    counted.data = counted.folder / "elsewhere"
    counted.write("")
    back = counted.run("restore", counted.folder / "luot.zip")

    assert (0, 0) == (done.exit_code, back.exit_code), (done.output, back.output)
    assert "s1: Redis has what SQL has" in back.output
    assert before == counted.run("report", "--site", "s1", "--json").output
    assert "/2" in str(valkey.client.hget("luot:{s1}:pages", "/1"))
    assert live == totals_in(valkey)
    assert "open" == valkey.client.hget("luot:{s1}:state", "phase")


def test_before_luot_serve_the_embedded_store_is_no_reason_to_fail(counted: Terminal) -> None:
    counted.run("backup", counted.folder / "luot.zip")
    counted.data = counted.folder / "elsewhere"
    counted.write("")
    back = counted.run("restore", counted.folder / "luot.zip", LUOT_REDIS_URL="")

    assert (0, "") == (back.exit_code, back.stderr)
    assert "s1: luot serve gives it back to Redis" == back.stdout.splitlines()[-1]


def test_a_redis_that_is_ahead_of_the_backup_follows_it(counted: Terminal, valkey: Valkey) -> None:
    counted.run("backup", counted.folder / "luot.zip")
    log = counted.file("more.log", a_line("203.0.113.99", "22/Nov/2026:01:00:00 +0000", "/later"))
    counted.run("import", "log", "--site", "s1", log)
    counted.data = counted.folder / "elsewhere"
    counted.write("")
    back = counted.run("restore", counted.folder / "luot.zip")

    assert 0 == back.exit_code, back.output
    assert None is valkey.client.hget("luot:{s1}:pages", "/later")
    assert "9" == valkey.client.hget("luot:{s1}:state", "views")


def test_a_database_with_rows_is_left_alone(counted: Terminal) -> None:
    counted.run("backup", counted.folder / "luot.zip")
    before = counted.sql("SELECT count(*) FROM day_count")
    back = counted.run("restore", counted.folder / "luot.zip")

    assert 1 == back.exit_code
    assert "the database is not empty" in back.output
    assert before == counted.sql("SELECT count(*) FROM day_count")


def test_a_backup_moves_between_databases(luot: Luot, database_url: str, tmp_path: Path) -> None:
    for number in range(6):
        luot.hit(f"/{number % 2}", address=f"203.0.113.{number}", title="Tựa")
    luot.snapshot()
    backup(luot.runtime.database, luot.runtime.settings, tmp_path / "b.zip", luot.clock.now_ms())
    other = Database(database_url, tmp_path / "other")
    (tmp_path / "other").mkdir()
    try:
        migrate(other)
        restore_backup(other, tmp_path / "b.zip")
        there = rows_of(other)
        with other.write() as connection:
            # New rows get new numbers.
            connection.exec_driver_sql("INSERT INTO value (text) VALUES ('new')")
    finally:
        other.close()

    assert rows_of(luot.runtime.database) == there


@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "table", "newer"])
def test_a_damaged_backup_changes_nothing(luot: Luot, tmp_path: Path, damage: str) -> None:
    luot.hit("/a")
    luot.snapshot()
    file = tmp_path / "b.zip"
    backup(luot.runtime.database, luot.runtime.settings, file, luot.clock.now_ms())
    raw = file.read_bytes()
    if damage in {"table", "newer"}:
        _rewrite(file, damage)
    else:
        # Inside what a table was packed into.
        with zipfile.ZipFile(file) as whole:
            at = whole.getinfo("tables/page.jsonl").header_offset + 80
        flipped = bytes([raw[at] ^ 0xFF])
        told = {"cut": raw[:-100], "changed": raw[:at] + flipped + raw[at + 1 :], "empty": b""}
        file.write_bytes(told[damage])
    (tmp_path / "other").mkdir()
    other = Database("", tmp_path / "other")
    try:
        with pytest.raises(BackupRefused, match="damaged|no backup|newer Luot"):
            restore_backup(other, file)
        with other.read() as connection:
            assert [] == connection.exec_driver_sql("SELECT name FROM sqlite_master").all()
    finally:
        other.close()


def _rewrite(file: Path, damage: str) -> None:
    with zipfile.ZipFile(file) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    manifest = json.loads(parts["manifest.json"])
    if damage == "newer":
        manifest["revision"] = "from-the-future"
    else:
        parts["tables/page.jsonl"] += parts["tables/page.jsonl"]
    parts["manifest.json"] = json.dumps(manifest).encode()
    with zipfile.ZipFile(file, "w") as new:
        for name, raw in parts.items():
            new.writestr(name, raw)


def test_a_backup_of_an_older_schema_is_brought_up_to_date(tmp_path: Path, luot: Luot) -> None:
    luot.hit("/a")
    luot.snapshot()
    file = tmp_path / "b.zip"
    backup(luot.runtime.database, luot.runtime.settings, file, luot.clock.now_ms())
    _make_older(file)
    (tmp_path / "other").mkdir()
    other = Database("", tmp_path / "other")
    try:
        restore_backup(other, file)
        with other.read() as connection:
            asked = "SELECT views, moved_to FROM page WHERE path = '/a'"
            assert [(1, None)] == connection.exec_driver_sql(asked).all()
    finally:
        other.close()


def _make_older(file: Path) -> None:
    """
    The file as the first schema would have made it.
    """
    with zipfile.ZipFile(file) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    manifest = json.loads(parts["manifest.json"])
    manifest["revision"] = "0001"
    new = {"correction", "correction_change", "correction_step", "purged_site"}
    first = {"site", "page", "hour_count", "day_count", "value", "value_count", "filtered_count"}
    first |= {"delta", "producer", "import_file", "import_day", "token", "audit"}
    manifest["tables"] = {n: t for n, t in manifest["tables"].items() if n in first - new}
    later = {"digest", "shown_title", "shown_host", "shown_ms", "candidate", "candidate_visitors"}
    later |= {"pinned_title", "moved_to", "history_views", "history_visits"}
    gone = {"site": {"corrected"}, "page": later, "token": {"expires_ms"}}
    for name, columns in gone.items():
        note = manifest["tables"][name]
        keep = [i for i, column in enumerate(note["columns"]) if column not in columns]
        rows = [json.loads(line) for line in parts[f"tables/{name}.jsonl"].splitlines()]
        raw = b"".join(json.dumps([row[i] for i in keep]).encode() + b"\n" for row in rows)
        note["columns"] = [note["columns"][i] for i in keep]
        note["sha256"] = hashlib.sha256(raw).hexdigest()
        parts[f"tables/{name}.jsonl"] = raw
    parts["manifest.json"] = json.dumps(manifest).encode()
    with zipfile.ZipFile(file, "w") as out:
        for name, raw in parts.items():
            out.writestr(name, raw)


def test_nothing_in_a_backup_says_who_anybody_was(luot: Luot, tmp_path: Path) -> None:
    luot.hit("/a", address="203.0.113.77", agent=f"{CHROME} canary-agent")
    luot.snapshot()
    salt = luot.runtime.store.commands.get("luot:{s1}:salt:2026-11-22")
    file = tmp_path / "b.zip"
    told = settings_for(tmp_path, "redis://:canary-password@127.0.0.1:1/0")
    backup(luot.runtime.database, told, file, luot.clock.now_ms())
    with zipfile.ZipFile(file) as opened:
        everything = b"".join(opened.read(name) for name in opened.namelist())

    assert 0o600 == file.stat().st_mode & 0o777
    for canary in ("203.0.113.77", "canary-agent", "canary-password", str(salt), luot.token):
        assert canary.encode() not in everything
