"""
A real access log of 2015, from its lines to the report, beside a second count that knows nothing
of how Luot counts.
"""

import gzip
import json
import logging
import os
import re
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from service.cli import luot as command
from service.errors import Rejected
from service.intake.addresses import client_address
from service.intake.beacons import Sender, filter_of
from service.intake.logs import log_line, skip
from service.intake.paths import page_path
from tests.conftest import Luot, MakeLuot
from tests.databases import databases

DATA = os.environ.get("LUOT_TEST_DATA", "")
LOG = Path(DATA, "access-2015-05-17-18.log.gz")
LINES = 4_525

pytestmark = pytest.mark.skipif(not DATA, reason="LUOT_TEST_DATA names no folder with the log")

#: Address, time and user agent of a line in the combined format.
LINE = re.compile(r'(\S+) .*?\[([^]]+)\] ".*" \d+ \S+ ".*?" "(.*)"\s*\Z')

HALF_AN_HOUR = timedelta(minutes=30)


@pytest.fixture(autouse=True)
def _logs_stay_as_they_were() -> Iterator[None]:
    # Commands let this process log to their own standard error, which is closed afterwards.
    root = logging.getLogger()
    before = root.level, root.handlers[:]
    yield
    root.level, root.handlers[:] = before


@pytest.fixture(params=["UTC", "Asia/Ho_Chi_Minh"])
def zone(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def luot(make_luot: MakeLuot, zone: str) -> Luot:
    return make_luot(site={"timezone": zone})


def import_log(luot: Luot) -> dict[str, Any]:
    """
    What ``luot import log`` says.
    """
    settings = luot.runtime.settings
    folder = settings.data_dir
    (folder / "clock").write_text(str(luot.clock.ms / 1000 - time.time()), encoding="ascii")
    (folder / "luot.toml").write_text(
        '[sites.s1]\nname = "Site one"\nhosts = ["s1.example"]\n'
        f'timezone = "{settings.sites["s1"].timezone}"\n',
        encoding="utf-8",
    )
    told = CliRunner().invoke(
        command,
        [
            "import",
            "log",
            str(LOG),
            "--site",
            "s1",
            "--json",
            "--config",
            str(folder / "luot.toml"),
        ],
        env={
            "LUOT_REDIS_URL": settings.redis_url,
            "LUOT_DATA_DIR": str(folder),
            **databases.variables(folder),
            "LUOT_TEST_CLOCK": str(folder / "clock"),
        },
        catch_exceptions=False,
    )
    assert told.exit_code == 0, told.stderr
    said: dict[str, Any] = json.loads(told.stdout)
    return said


def counted_lines(luot: Luot) -> list[str]:
    """
    The lines that are views, by Luot's own rules about what is one.
    """
    with gzip.open(LOG, "rt", encoding="utf-8", errors="surrogateescape", newline="\n") as log:
        return [line for line in log if is_view(luot, line)]


def is_view(luot: Luot, text: str) -> bool:
    site, line = luot.runtime.sites["s1"], log_line(text)
    if line is None or skip(line) is not None:
        return False
    sender = Sender(client_address(line.address, "", 0), line.user_agent)
    try:
        page_path(line.target, site.paths)
    except Rejected:
        return False
    return filter_of(site, sender) is None


def second_count(lines: list[str], zone: str) -> dict[str, tuple[int, int, int]]:
    """
    Views, visits and visitors of each day: a visit is a run of hits with gaps under half an hour.
    """
    views, visits, visitors = Counter[str](), Counter[str](), Counter[str]()
    people: dict[tuple[str, str], list[datetime]] = {}
    for line in lines:
        match = LINE.match(line)
        assert match is not None, line
        address, time, agent = match.groups()
        local = datetime.strptime(time, "%d/%b/%Y:%H:%M:%S %z").astimezone(ZoneInfo(zone))
        people.setdefault((address, agent), []).append(local)
    for times in people.values():
        times.sort()
        for before, now in zip([None, *times], times, strict=False):
            views[f"{now:%F}"] += 1
            if before is None or now.astimezone(UTC) - before.astimezone(UTC) >= HALF_AN_HOUR:
                visits[f"{now:%F}"] += 1
        for day in {f"{time:%F}" for time in times}:
            visitors[day] += 1
    return {day: (views[day], visits[day], visitors[day]) for day in views}


def test_a_real_log_is_counted_as_a_second_count_does(luot: Luot, zone: str) -> None:
    summary = import_log(luot)
    expected = second_count(counted_lines(luot), zone)

    assert summary["lines"] == LINES
    assert summary["counted"] + sum(summary["reasons"].values()) == LINES
    assert summary["counted"] == sum(views for views, _, _ in expected.values())
    days = {
        day: luot.totals(day) for day in ("2015-05-16", "2015-05-17", "2015-05-18", "2015-05-19")
    }
    assert {day: found for day, found in days.items() if any(found)} == expected


def test_reports_and_live_counters_agree_about_a_real_log(luot: Luot) -> None:
    import_log(luot)
    span = {"from": "2015-05-16", "to": "2015-05-19"}
    totals = luot.report("totals", **span)
    pages = luot.report("pages", **span, limit="1000")["pages"]

    live = luot.counters(*(row["path"] for row in pages[:200]))

    assert live["views"]["total"] == totals["views"] > 500
    assert live["visits"]["total"] == totals["visits"]
    assert live["visitor_days"]["total"] == totals["visitors"]
    assert live["views"]["last_30_days"] == 0
    for row in pages[:200]:
        shown = live["pages"][row["path"]]
        assert (shown["views"], shown["visits"]) == (row["views"], row["visits"])


def test_a_second_import_of_a_real_log_adds_nothing(luot: Luot) -> None:
    first = import_log(luot)
    before = luot.totals("2015-05-16", "2015-05-19")
    luot.clock.forward(3 * 86_400)

    again = import_log(luot)

    assert (again["counted"], again["reasons"], again["added_before"]) == (0, {}, LINES)
    assert luot.totals("2015-05-16", "2015-05-19") == before
    assert luot.counters()["views"]["total"] == first["counted"] == before[0]


def read_by(luot: Luot, zone: str) -> list[tuple[datetime, str, tuple[str, str], str]]:
    """
    Time, site-day, reader and page of each view, in the order of the log.
    """
    rules, found = luot.runtime.sites["s1"].paths, []
    for text in counted_lines(luot):
        match, line = LINE.match(text), log_line(text)
        assert match is not None
        assert line is not None
        address, time, agent = match.groups()
        at = datetime.strptime(time, "%d/%b/%Y:%H:%M:%S %z")
        day = f"{at.astimezone(ZoneInfo(zone)):%F}"
        found.append((at, day, (address, agent), page_path(line.target, rules).path))
    return found


def listed(luot: Luot, door: str, **asked: str) -> list[dict[str, Any]]:
    answer = luot.http.get(f"/{door}", query_string={"site": "s1", "limit": "100", **asked})
    pages: list[dict[str, Any]] = answer.get_json()["pages"]
    return pages


def test_what_is_read_together_in_a_real_log_is_what_a_second_count_finds(
    luot: Luot, zone: str
) -> None:
    # Given the first ten pages of each reader of each day, put together by hand
    luot.clock.set("2015-05-19T06:00:00Z")
    read: dict[tuple[str, tuple[str, str]], list[str]] = {}
    for _, day, reader, page in read_by(luot, zone):
        pages = read.setdefault((day, reader), [])
        if page not in pages and len(pages) < 10:
            pages.append(page)
    readers = Counter(pair for pages in read.values() for pair in permutations(pages, 2))

    import_log(luot)
    luot.snapshot()

    shown = 0
    for page in {page for page, _ in readers}:
        expected = {other: n for (one, other), n in readers.items() if one == page and n >= 5}
        found = [row["path"] for row in listed(luot, "related", path=page)]
        assert set(found) == set(expected)
        assert [expected[other] for other in found] == sorted(expected.values(), reverse=True)
        shown += len(found)
    assert shown > 10


def test_what_is_read_now_in_a_real_log_is_what_a_second_count_finds(luot: Luot, zone: str) -> None:
    luot.clock.set("2015-05-19T06:00:00Z")
    now, scores = datetime(2015, 5, 19, 6, tzinfo=UTC), Counter[str]()
    for at, _, _, page in read_by(luot, zone):
        scores[page] += 2 ** ((at - now) / timedelta(hours=3))  # type: ignore[assignment]

    import_log(luot)
    luot.snapshot()

    found = listed(luot, "trending")
    expected = {page: round(score, 2) for page, score in scores.items() if score >= 0.01}
    assert {row["path"]: row["score"] for row in found} == dict(
        sorted(expected.items(), key=lambda row: -scores[row[0]])[: len(found)]
    )
    assert [row["score"] for row in found] == sorted((row["score"] for row in found), reverse=True)
    assert len(found) == min(100, len(expected)) > 20


def test_the_most_read_pages_of_a_real_log_are_those_of_a_second_count(
    luot: Luot, zone: str
) -> None:
    luot.clock.set("2015-05-18T23:59:59Z")
    today = luot.runtime.sites["s1"].day(luot.clock.ms).label
    views = Counter(page for _, day, _, page in read_by(luot, zone) if day == today)

    import_log(luot)
    luot.snapshot()

    found = listed(luot, "popular")
    assert [row["views"] for row in found] == [n for _, n in views.most_common(100)]
    assert {row["path"]: row["views"] for row in found}.items() <= views.items()
