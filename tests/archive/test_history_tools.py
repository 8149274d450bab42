"""
Files of other tools as they are read: odd rows, odd orders, and what is not there.
"""

import gzip
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from service.archive.history import History, Tool
from service.archive.history_tools import read_history
from service.dimensions import Dimension
from service.errors import ImportRefused
from service.intake.sites import Site
from service.settings import SiteSettings
from tests.commands.test_histories import (
    FILES,
    GOATCOUNTER,
    GOATCOUNTER_TABLES,
    MATOMO,
    archived,
    exported,
    json_lines,
    packed,
)

NOW_MS = round(datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp() * 1000)

FIRST, SECOND, THIRD = (date(2026, 11, day) for day in (1, 2, 3))

UMAMI = "website_id,session_id,visit_id,created_at,url_path,url_query,event_type,event_name\n"


def read(folder: Path, tool: str, content: str | bytes, zone: str = "UTC") -> History:
    file = folder / ("a.json" if str(content)[:1] == "{" else "a")
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    site = Site.of("s1", SiteSettings(name="One", hosts=["s1.example"], timezone=zone))
    return read_history(file, Tool(tool), site, NOW_MS)


def refused(folder: Path, tool: str, content: str | bytes) -> str:
    with pytest.raises(ImportRefused) as error:
        read(folder, tool, content)
    return str(error.value)


def values(history: History, day: date, dimension: Dimension) -> dict[str, int]:
    """
    The views, or of events their number, by a dimension.
    """
    number = list(Dimension).index(dimension) + 1
    rows = history.values.get((day, number), {})
    return {value: row[3 if dimension is Dimension.EVENT else 0] for value, row in rows.items()}


CSV_FILES = [(tool, text) for tool, name, text, *_ in FILES if name == "a.csv"]
CSV_IDS = [f"{tool}-{number}" for number, (tool, _) in enumerate(CSV_FILES)]


@pytest.mark.parametrize(("tool", "text"), CSV_FILES, ids=CSV_IDS)
def test_what_an_editor_makes_of_a_file_changes_no_number(
    tmp_path: Path, tool: str, text: str
) -> None:
    plain = text.lstrip("\ufeff").replace("\r\n", "\n")
    known = read(tmp_path, tool, text)

    for changed in (
        "\ufeff" + plain,
        "\ufeff\ufeff" + plain,
        plain.replace("\n", "\r\n"),
        plain.rstrip("\n"),
        plain + "\n \n\n",
        plain + ("," if "," in plain else ";") * (plain.splitlines()[-1].count(",") or 3) + "\n",
        gzip.compress(plain.encode()),
    ):
        told = read(tmp_path, tool, changed)
        assert (known.counts, known.values) == (told.counts, told.values), changed[:80]


@pytest.mark.parametrize("rows", [GOATCOUNTER.splitlines(keepends=True)], ids=["goatcounter"])
def test_rows_in_another_order_are_the_same_visits(tmp_path: Path, rows: list[str]) -> None:
    heading, first, second, third, _, fourth, fifth, *rest = rows
    known = read(tmp_path, "goatcounter", GOATCOUNTER)
    told = read(
        tmp_path,
        "goatcounter",
        "".join([heading, *reversed(rest), fourth + fifth, third, second, first]),
    )

    assert known.counts == told.counts
    for dimension in (Dimension.BROWSER, Dimension.COUNTRY):
        assert values(known, FIRST, dimension) == values(told, FIRST, dimension)


def test_a_visit_is_one_of_the_day_on_which_it_began(tmp_path: Path) -> None:
    later = "w,p,v,2026-11-02 00:10:00.5+00,/b,id=7,1,\n"
    told = read(
        tmp_path,
        "umami",
        packed(website_event=UMAMI + later + "w,p,v,2026-11-01 23:50:00+00:00,/a,,1,\n"),
    )

    # views, visits, visitors, entries, exits, engaged visits
    assert [1, 1, 1, 0, 0, 1, 0, 0] == told.counts[FIRST, ""]
    assert [1, 0, 1, 0, 0, 0, 0, 0] == told.counts[SECOND, ""]
    assert 1 == told.counts[FIRST, "/a"][3]
    assert 1 == told.counts[FIRST, "/b?id=7"][4]


def test_goatcounters_hours_are_put_on_the_sites_days(tmp_path: Path) -> None:
    told = read(tmp_path, "goatcounter", exported(), zone="Asia/Ho_Chi_Minh")

    assert [FIRST, THIRD] == told.days
    assert [9, 6, 0, 0, 0, 6, 0, 5] == told.counts[FIRST, ""]
    came = {"Google": 4, "news.example": 2, "(direct)": 3}
    assert came == values(told, FIRST, Dimension.SOURCE)
    assert {"Firefox": 6, "(unknown)": 3} == values(told, FIRST, Dimension.BROWSER)
    assert {"Linux": 6} == values(told, FIRST, Dimension.SYSTEM)
    assert {"VN": 6, "(unknown)": 3} == values(told, FIRST, Dimension.COUNTRY)
    assert {"wide": 6, "(unknown)": 3} == values(told, FIRST, Dimension.SCREEN)
    assert {"signup": 5} == values(told, FIRST, Dimension.EVENT)
    # Its views of the second are on the third there, and so is their browser.
    assert {"Firefox": 1} == values(told, THIRD, Dimension.BROWSER)
    assert {"host": 1} == told.left_out


HIT = {"hour": "2026-11-01T10:00:00Z", "path_id": 211, "ref_id": 1, "count": 1}
SIZE = {"day": "2026-11-01", "path_id": 211, "width": 1, "count": 1}
TWO_FOLDERS = {f"{folder}/{name}": "" for folder in "ab" for name in GOATCOUNTER_TABLES}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (exported(hit_stats=json_lines({**HIT, "count": -1})), "line 1: count: has to be a whole"),
        (exported(hit_stats=json_lines({**HIT, "count": 1.5})), "line 1: count: has to be a whole"),
        (exported(hit_stats=json_lines({"hour": HIT["hour"]})), "line 1: path_id: is missing"),
        (exported(hit_stats=json_lines({**HIT, "path_id": [1]})), "line 1: path_id: has to be a"),
        (
            exported(hit_stats=json_lines(HIT, {**HIT, "path_id": 999})),
            "line 2: path_id: is not in",
        ),
        (exported(hit_stats=json_lines({**HIT, "hour": 7})), "line 1: hour: has to be a time"),
        (
            exported(hit_stats=json_lines({**HIT, "hour": "2027-01-01T00:00:00Z"})),
            "line 1: hour: is in the future",
        ),
        (exported(hit_stats="{x\n"), "line 1: is no JSON object"),
        (exported(hit_stats="[" * 100_000), "line 1: is no JSON object"),
        (exported(hit_stats="\0\n"), "line 1: has a NUL"),
        (exported(hit_stats=""), "there is nothing in it that counts"),
        (exported(paths='{"id":211,"path":"/\\ud800"}\n'), "line 1: path: is no path of a page"),
        (exported(paths=json_lines({"id": 211, "path": [1]})), "line 1: path: is no path of a"),
        (exported(paths=json_lines({"id": 211})), "line 1: path: is missing"),
        (exported(paths=json_lines({"path": "/a"})), "line 1: id: is missing"),
        (
            exported(size_stats=json_lines({**SIZE, "width": -1})),
            "line 1: width: has to be a whole number",
        ),
        (exported(size_stats=json_lines({**SIZE, "day": "x"})), "line 1: day: has to be a day"),
        (
            archived({**GOATCOUNTER_TABLES, "info.json": '{"export_version": "2.0"}'}),
            "export_version: is '2.0', and 1.0 is known",
        ),
        (archived({**GOATCOUNTER_TABLES, "info.json": "["}), "export_version: is None"),
        (archived(TWO_FOLDERS), "the archive has info.json twice"),
        (archived({"paths.jsonl": ""}), "the archive has no hit_stats.jsonl"),
        (exported()[:-30], "is no zip archive that can be read"),
    ],
)
def test_an_export_of_goatcounter_with_a_mistake_is_refused(
    tmp_path: Path, content: bytes, said: str
) -> None:
    assert said in refused(tmp_path, "goatcounter", content)


@pytest.mark.parametrize("field", ["day", "daily"])
def test_an_answer_of_goatcounter_without_a_number_is_refused(tmp_path: Path, field: str) -> None:
    day: dict[str, Any] = {"day": "2026-11-01", "daily": 1}
    del day[field]
    told = json.dumps({"hits": [{"path": "/a", "stats": [day]}]})

    assert f"hits: line 1: {field}: " in refused(tmp_path, "goatcounter", told)


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"nb_hits": None}, "nb_hits: has to be a whole number"),
        ({"nb_hits": 4.0}, "nb_hits: has to be a whole number"),
        ({"nb_hits": True}, "nb_hits: has to be a whole number"),
        ({"nb_hits": "25%"}, "nb_hits: has to be a whole number"),
        ({"nb_hits": 10**30}, "nb_hits: has to be a whole number"),
        ({"nb_visits": ...}, "nb_visits: is missing"),
        ({"label": ..., "url": ...}, "label: is missing"),
        ({"url": ["/a"]}, "url: is no path of a page"),
        ({"url": 7}, "url: is no path of a page"),
    ],
)
def test_a_row_of_matomo_that_cannot_be_is_refused(
    tmp_path: Path, cells: dict[str, Any], said: str
) -> None:
    row = {**json.loads(MATOMO)["2026-11-01"][0], **cells}
    told = {name: value for name, value in row.items() if value is not ...}

    assert f": 2026-11-01: line 1: {said}" in refused(
        tmp_path, "matomo", json.dumps({"2026-11-01": [told]})
    )


def test_what_matomo_added_up_is_no_page(tmp_path: Path) -> None:
    rows = [
        {"label": name, "nb_visits": 1, "nb_hits": 2}
        for name in ("/a", "Others", "Page URL not defined")
    ]
    told = read(tmp_path, "matomo", json.dumps({"2026-11-01": rows}))

    assert [2, 4] == [told.counts[FIRST, path][0] for path in ("/a", "(other)")]


def test_plausibles_events_are_events(tmp_path: Path) -> None:
    content = next(content for tool, _, content, *_ in FILES if tool == "plausible")
    told = read(tmp_path, "plausible", content)

    assert [20, 10, 8, 0, 0, 7, 0, 3] == told.counts[FIRST, ""]
    assert {"Sign up": 3} == values(told, FIRST, Dimension.EVENT)
    assert {"engagement": 1} == told.left_out


def test_two_exports_of_plausible_in_one_archive_are_refused(tmp_path: Path) -> None:
    visitors = "date,visitors,pageviews,bounces,visits\n2026-11-01,1,1,1,1\n"
    content = packed(
        imported_visitors_20251101_20251130=visitors,
        imported_visitors_20261101_20261130=visitors,
        imported_pages="date,page,visits,visitors,pageviews\n",
    )

    assert "the archive has imported_visitors twice" in refused(tmp_path, "plausible", content)


def test_the_first_version_of_goatcounters_csv_has_user_agents(tmp_path: Path) -> None:
    content = next(text for tool, text in CSV_FILES if str(text).startswith("1Path"))
    told = read(tmp_path, "goatcounter", content)

    assert {"Firefox": 1, "(unknown)": 2} == values(told, FIRST, Dimension.BROWSER)
    assert {"Linux": 1, "(unknown)": 2} == values(told, FIRST, Dimension.SYSTEM)


def test_a_gzip_that_unpacks_to_too_much_is_told_before_its_lines_are_read(tmp_path: Path) -> None:
    bomb = gzip.compress(b"path,views\n" + b"\n" * 30_000_000)

    assert "unpacks to more than can be meant" in refused(tmp_path, "csv", bomb)
