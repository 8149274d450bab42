"""
Sums agree wherever they can be asked for: pages, days, hours, live counters, exports.
"""

import csv
import io
import json
import zipfile
from collections import defaultdict
from typing import Any

import pytest

from service.dimensions import Dimension
from tests.conftest import Luot, MakeLuot

#: In Berlin: a day of 25 hours, one of 23, and one of 24, with the days around them.
SPANS = [("2026-10-24", "2026-10-27", 97), ("2026-03-28", "2026-03-30", 71)]

SINGLE = [d for d in Dimension if d not in {Dimension.TAG, Dimension.EVENT}]


@pytest.fixture
def luot(make_luot: MakeLuot, database_url: str) -> Luot:
    return make_luot(site={"timezone": "Europe/Berlin"}, database_url=database_url)


def read(luot: Luot, first: str, hours: int) -> None:
    """
    Some readers in every hour, who go from page to page, also over midnight.
    """
    luot.clock.set(f"{first}T00:10:00+0{2 if '-10-' in first else 1}:00")
    for hour in range(hours):
        for person in range(1 + hour % 3):
            address = f"203.0.113.{(hour + person) % 7}"
            luot.hit(f"/{hour % 5}", address=address, referrer=f"https://r{person}.example/")
            luot.clock.forward(60)
            luot.hit(f"/{person}", address=address, event="play" if hour % 4 == 0 else None)
        luot.clock.forward(3600 - 60 * (1 + hour % 3))
        if hour % 30 == 0:
            luot.snapshot()
    luot.snapshot()


def lines(luot: Luot, question: str, **asked: str) -> list[dict[str, Any]]:
    answer = luot.http.get(
        f"/api/v1/sites/s1/{question}",
        query_string={**asked, "format": "jsonl"},
        headers={"Authorization": f"Bearer {luot.token}"},
    )
    assert answer.status_code == 200, answer.data
    return [json.loads(line) for line in answer.data.splitlines()]


@pytest.mark.parametrize(("first", "last", "hours"), SPANS)
def test_every_sum_is_the_same(luot: Luot, first: str, last: str, hours: int) -> None:
    read(luot, first, hours)
    span = {"from": first, "to": last}
    totals = luot.report("totals", **span)
    measures = ("views", "visits", "bounces", "engaged_seconds", "events")

    for unit in ("hour", "day", "week", "month"):
        rows = luot.report("series", unit=unit, **span)["series"]
        assert {m: totals[m] for m in measures} == {m: sum(r[m] for r in rows) for m in measures}
        seen = sum(row.get("visitors", row.get("visitor_days", 0)) for row in rows)
        assert totals["visitors"] == totals["visitor_days"] == seen
    by_hour: dict[str, int] = defaultdict(int)
    for row in luot.report("series", unit="hour", **span)["series"]:
        by_hour[row["day"]] += row["views"]
    by_day = {row["day"]: row["views"] for row in luot.report("series", **span)["series"]}
    assert by_day == by_hour
    assert hours == len(luot.report("series", unit="hour", **span)["series"])

    pages = luot.report("pages", **span)["pages"]
    assert totals["views"] == sum(page["views"] for page in pages)
    assert totals["events"] == sum(page["events"] for page in pages)
    for page in pages:
        alone = luot.report("totals", path=page["path"], **span)
        assert (page["views"], page["visits"]) == (alone["views"], alone["visits"])
    for dimension in SINGLE:
        values = luot.report(f"breakdown/{dimension}", **span)["values"]
        assert totals["views"] == sum(value["views"] for value in values), dimension
        assert totals["visits"] == sum(value["visits"] for value in values), dimension


def test_a_report_after_a_snapshot_is_what_the_live_counters_say(luot: Luot) -> None:
    read(luot, SPANS[0][0], SPANS[0][2])
    live, ever = luot.counters(*(f"/{n}" for n in range(5))), luot.report("totals", period="all")

    assert live["views"]["total"] == ever["views"]
    assert live["visits"]["total"] == ever["visits"]
    assert live["visitor_days"]["total"] == ever["visitors"]
    for name in ("today", "yesterday", "this_week", "this_month", "last_7_days", "last_30_days"):
        found = luot.report("totals", period=name)
        assert (live["views"][name], live["visits"][name]) == (found["views"], found["visits"])
    for page in luot.report("pages", period="all")["pages"]:
        shown = live["pages"][page["path"]]
        assert (shown["views"], shown["visits"]) == (page["views"], page["visits"])


def test_exports_say_what_answers_say(luot: Luot) -> None:
    first, last, hours = SPANS[0]
    read(luot, first, hours)
    span = {"from": first, "to": last}

    assert luot.report("pages", **span)["pages"] == lines(luot, "pages", **span)
    assert luot.report("series", **span)["series"] == lines(luot, "series", **span)
    for dimension in ("source", "event", "entry_page"):
        told = luot.report(f"breakdown/{dimension}", **span)["values"]
        assert told == lines(luot, f"breakdown/{dimension}", **span)
    totals = luot.report("totals", **span)
    for row in lines(luot, "totals", **span):
        assert row == {name: totals[name] for name in row}

    answer = luot.http.get(
        "/api/v1/sites/s1/export",
        query_string=span,
        headers={"Authorization": f"Bearer {luot.token}"},
    )
    archive = zipfile.ZipFile(io.BytesIO(answer.data))
    views = {}
    for name in archive.namelist():
        text = archive.read(name).decode("utf-8-sig")
        views[name] = sum(int(row.get("views", 0)) for row in csv.DictReader(io.StringIO(text)))
    for name in ("days.csv", "hours.csv", "pages.csv"):
        assert totals["views"] == views[name]
    assert totals["views"] * len(SINGLE) == views["values.csv"]
    assert totals["views"] == sum(row["views"] for row in lines(luot, "export", **span))
