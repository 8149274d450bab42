from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from service.hints import SENTENCE, ProxyHint
from tests.commands.conftest import SITE, Terminal, a_line
from tests.databases import only_sqlite
from tests.servers import Valkey

STAR = '[sites.s2]\nname = "Everybody"\nhosts = ["*"]\n'


def said(terminal: Terminal, *words: object, **variables: str) -> list[str]:
    """
    What is wrong; something is.
    """
    told = terminal.run("check", *words, **variables)
    assert told.exit_code == 1
    return told.stdout.splitlines()


def test_nothing_is_wrong(terminal: Terminal) -> None:
    told = terminal.run("check")

    assert (told.exit_code, told.stdout) == (0, "everything is as it should be\n")


def test_redis_that_is_away_is_named(terminal: Terminal) -> None:
    assert said(terminal, LUOT_REDIS_URL="redis://127.0.0.1:1") == [
        "Redis: ConnectionError (start it, or correct redis_url)"
    ]


def test_the_embedded_store_runs_while_serve_does(terminal: Terminal) -> None:
    assert said(terminal, LUOT_REDIS_URL="") == [
        "Redis: ConnectionError (the embedded store runs while luot serve does)"
    ]


@contextmanager
def configured(valkey: Valkey, name: str, value: str) -> Iterator[None]:
    before = str(valkey.client.config_get(name)[name])
    valkey.client.config_set(name, value)
    try:
        yield
    finally:
        valkey.client.config_set(name, before)


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl"])
def test_a_redis_that_throws_counters_away_is_not_fit(
    terminal: Terminal, valkey: Valkey, policy: str
) -> None:
    with configured(valkey, "maxmemory-policy", policy):
        [sentence] = said(terminal)

    assert sentence.startswith(
        f"Redis: maxmemory-policy {policy} throws counters away: set noeviction"
    )


def test_a_replica_is_not_fit(terminal: Terminal, valkey: Valkey) -> None:
    valkey.client.replicaof("127.0.0.1", "1")
    try:
        [sentence] = said(terminal)
    finally:
        valkey.client.replicaof("NO", "ONE")

    assert sentence.startswith("Redis: this Redis is a read-only replica: ")


@pytest.mark.parametrize("password", ["hunter3", "hunter2"])
def test_a_user_who_may_not_come_in_is_named_without_password(
    terminal: Terminal, valkey: Valkey, password: str
) -> None:
    valkey.client.acl_setuser("luot", enabled=True, passwords=["+hunter2"], commands=["+ping"])
    try:
        lines = said(
            terminal, LUOT_REDIS_URL=valkey.url.replace("unix://", f"unix://luot:{password}@")
        )
    finally:
        valkey.client.acl_deluser("luot")

    told = "Redis: it refuses this user: look at the user and password in redis_url"
    assert [told] == lines


def test_tables_that_are_missing_are_named(terminal: Terminal) -> None:
    (terminal.folder / "new").mkdir()

    assert said(terminal, "--data", terminal.folder / "new") == [
        "database: it has not this version's tables: run luot migrate"
    ]


def test_a_data_directory_that_is_missing_is_named(terminal: Terminal) -> None:
    folder = terminal.folder / "new"

    assert said(terminal, "--data", folder)[0] == (
        f"data directory: {folder} does not exist: mkdir -p {folder}, or set data_dir"
    )


def test_a_data_directory_that_is_none_is_named(terminal: Terminal) -> None:
    assert said(terminal, "--data", "/dev/null")[0] == (
        "data directory: /dev/null is no folder: set data_dir to one"
    )


@only_sqlite
def test_a_database_that_is_none_is_named(terminal: Terminal) -> None:
    (terminal.folder / "new").mkdir()
    terminal.file("new/luot.sqlite3", b"this is no database, but it is long enough" * 100)

    [sentence] = said(terminal, "--data", terminal.folder / "new")

    assert sentence.startswith("database: file is not a database; luot.sqlite3 in")


def test_a_site_that_redis_has_lost_a_part_of_is_named(terminal: Terminal, valkey: Valkey) -> None:
    terminal.write('durability = "redis"')
    log = terminal.file("a.log", a_line("203.0.113.7", "20/Nov/2026:10:00:00 +0000"))
    terminal.run("import", "log", log, "--site", "s1")

    valkey.client.hset("luot:{s1}:state", mapping={"number": 0, "tip": "older", "server": "-"})

    [sentence] = said(terminal)
    assert sentence.startswith("site: s1: ")
    assert "Redis has lost its numbers" in sentence


def test_every_broken_thing_is_named_at_once(terminal: Terminal) -> None:
    lines = said(terminal, "--data", terminal.folder / "new", LUOT_REDIS_URL="redis://127.0.0.1:1")

    assert [line.partition(":")[0] for line in lines] == ["data directory", "Redis", "database"]


@pytest.mark.parametrize(
    ("sites", "warning"),
    [
        ("", "warning: sites: there is none; add a table [sites.NAME] to the settings file"),
        (SITE + STAR, 'warning: sites.s2.hosts: "*" lets every page in the world count'),
    ],
)
def test_what_may_be_meant_is_a_warning(terminal: Terminal, sites: str, warning: str) -> None:
    terminal.write("", sites=sites)

    told = terminal.run("check")

    assert (told.exit_code, told.stdout.splitlines()[0]) == (0, warning)


def test_a_clock_that_jumped_is_told_and_accepted(terminal: Terminal) -> None:
    terminal.run("job", "run", "snapshot")
    terminal.clock.forward(3 * 86_400)
    told = terminal.run("check")
    kept = terminal.run("job", "run", "tidy")
    accepted = terminal.run("check", "--accept-clock")

    assert (1, True) == (told.exit_code, "luot check --accept-clock" in told.output)
    assert 0 == kept.exit_code
    assert (0, "everything is as it should be\n") == (accepted.exit_code, accepted.output)


def test_retention_tells_what_it_would_fold_and_folds_it(terminal: Terminal) -> None:
    assert "kept for ever" in terminal.run("retention").output
    log = terminal.file("old.log", a_line("203.0.113.1", "21/Nov/2024:10:00:00 +0000"))
    terminal.run("import", "log", "--site", "s1", log)
    terminal.write("hours_kept_months = 2\ndays_kept_years = 1")
    tried = terminal.run("retention", "--dry-run").output
    before = terminal.sql("SELECT day FROM day_count")
    done = terminal.run("retention").output

    assert "s1: 0 rows of hours" in tried
    assert [("2024-11-21",)] * 2 == before
    assert done.endswith("retention: done\n")
    assert [("2024-11-01", -1)] * 2 == terminal.sql("SELECT day, hour FROM hour_count")


def test_a_proxy_that_nobody_declared_is_a_warning(terminal: Terminal) -> None:
    terminal.run("check")
    hint = ProxyHint(terminal.data, 0, terminal.clock)
    for _ in range(100):
        hint.note("127.0.0.1")
    found = terminal.run("check")

    assert (0, f"warning: {SENTENCE}") == (found.exit_code, found.output.splitlines()[0])
