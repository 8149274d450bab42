import csv
import io
import json
import signal
import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.archive.history_files import LARGEST_LINE
from service.archive.schema import MEASURES, VALUE_MEASURES
from service.counting.keys import SiteKeys
from service.jobs.correcting import By, merge_pages, undo_correction
from tests.commands.conftest import Terminal
from tests.conftest import MakeLuot
from tests.databases import only_sqlite
from tests.servers import Valkey, until
from tests.web.test_dashboard import page

GOATCOUNTER = (
    "2Path,Title,Event,UserAgent,Browser,System,Session,Bot,Referrer,Referrer scheme,"
    "Screen size,Location,FirstVisit,Date\r\n"
    '/a,"A, ""the"" page",false,,Firefox 79,Linux,s-1,0,,,,VN-HN,true,2026-11-01T10:00:00Z\r\n'
    "/a,A,false,,Firefox 79,Linux,s-1,0,,,,VN,false,2026-11-01T10:05:00Z\r\n"
    "/b,B,0,,Chrome 80,,s-2,0,,,,,1,2026-11-01T11:00:00Z\r\n"
    "\r\n"
    '"/c?id=3","two\nlines",false,,,,s-1,0,,,,,true,2026-11-01T10:09:00Z\r\n'
    "signup,,true,,,,s-1,0,,,,,true,2026-11-01T10:10:00Z\r\n"
    "/a,A,false,,,,s-9,3,,,,,true,2026-11-01T10:10:00Z\r\n"
    "https://other.example/a,A,false,,,,s-1,0,,,,,true,2026-11-01T10:10:00Z\r\n"
    "/a,=HYPERLINK(1),false,,,,s-2,0,,,,,true,2026-11-02T10:00:00Z\r\n"
)


GOATCOUNTER_1 = (
    "1Path,Title,Event,Bot,Session,FirstVisit,Referrer,Referrer scheme,Browser,Screen size,"
    "Location,Date\n"
    "/a,A,false,0,s-1,true,,,Mozilla/5.0 (X11; Linux x86_64; rv:80.0) Gecko/20100101 Firefox/80.0,"
    '"1280,768,1",VN,2026-11-01T10:00:00Z\n'
    # Nobody kept sessions: each of them is one.
    "/a,A,false,0,,true,,,,,VN,2026-11-01T10:00:00Z\n"
    "/a,A,false,0,0-0,true,,,,,VN,2026-11-01T10:00:00Z\n"
)


def archived(members: dict[str, str]) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return raw.getvalue()


def packed(**members: str) -> bytes:
    return archived({f"{name}.csv": text for name, text in members.items()})


def json_lines(*told: dict[str, Any]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in told)


#: The files of GoatCounter's export in JSON, the last hour of which is the next day in Vietnam.
GOATCOUNTER_TABLES = {
    "info.json": json.dumps({"export_version": "1.0", "goatcounter_version": "2.7"}),
    "paths.jsonl": json_lines(
        {"id": 211, "path": "/a", "title": "A, the page"},
        {"id": 215, "path": "/số", "title": ""},
        {"id": 9, "event": True, "path": "signup", "title": ""},
        {"id": 10, "path": "https://other.example/a", "title": ""},
    ),
    "refs.jsonl": json_lines(
        {"id": 1, "ref": "", "ref_scheme": "o"},
        {"id": 2, "ref": "Google", "ref_scheme": "g"},
        {"id": 3, "ref": "news.example/x", "ref_scheme": "h"},
    ),
    "browsers.jsonl": json_lines(
        {"id": 29, "name": "", "version": ""}, {"id": 37, "name": "Firefox", "version": "83"}
    ),
    "systems.jsonl": json_lines({"id": 3, "name": "Linux", "version": "Ubuntu"}),
    "locations.jsonl": json_lines({"country": "VN", "region": "HN", "country_name": "Vietnam"}),
    "hit_stats.jsonl": json_lines(
        {"hour": "2026-11-01T10:00:00Z", "path_id": 211, "ref_id": 2, "count": 4},
        {"hour": "2026-11-01T11:00:00Z", "path_id": 211, "ref_id": 3, "count": 2},
        {"hour": "2026-11-01T10:00:00Z", "path_id": 215, "ref_id": 1, "count": 3},
        {"hour": "2026-11-01T10:00:00Z", "path_id": 9, "ref_id": 1, "count": 5},
        {"hour": "2026-11-01T10:00:00Z", "path_id": 10, "ref_id": 1, "count": 9},
        {"hour": "2026-11-02T20:00:00Z", "path_id": 211, "ref_id": 1, "count": 1},
    )
    + "\r\n",
    "browser_stats.jsonl": json_lines(
        {"day": "2026-11-01", "path_id": 211, "browser_id": 37, "count": 6},
        {"day": "2026-11-01", "path_id": 215, "browser_id": 29, "count": 3},
        {"day": "2026-11-02", "path_id": 211, "browser_id": 37, "count": 1},
        {"day": "2026-11-01", "path_id": 9, "browser_id": 37, "count": 5},
    ),
    "system_stats.jsonl": json_lines(
        {"day": "2026-11-01", "path_id": 211, "system_id": 3, "count": 6},
    ),
    "location_stats.jsonl": json_lines(
        {"day": "2026-11-01", "path_id": 211, "location": "VN-HN", "count": 6},
        {"day": "2026-11-01", "path_id": 215, "location": "", "count": 3},
    ),
    "size_stats.jsonl": json_lines(
        {"day": "2026-11-01", "path_id": 211, "width": 1920, "count": 6},
        {"day": "2026-11-01", "path_id": 215, "width": 0, "count": 3},
    ),
    "language_stats.jsonl": json_lines(
        {"day": "2026-11-01", "path_id": 211, "language": "eng", "count": 6},
    ),
}


def exported(folder: str = "goatcounter-export-s1-20261122T120000Z/", **changes: str) -> bytes:
    tables = {**GOATCOUNTER_TABLES, **{f"{name}.jsonl": text for name, text in changes.items()}}
    return archived({folder + name: text for name, text in tables.items()})


#: The answer of its API: on a day with an event the site has no fewer visits for it.
GOATCOUNTER_API = json.dumps(
    {
        "hits": [
            {"path": "/a", "event": False, "stats": [{"day": "2026-11-01", "daily": 7}]},
            {"path": "/b", "event": False, "stats": [{"day": "2026-11-01", "daily": 2}]},
            {"path": "click", "event": True, "stats": [{"day": "2026-11-01", "daily": 3}]},
            {"path": "/c", "event": False, "stats": None},
        ],
        "total": 9,
        "more": False,
    }
)


PLAUSIBLE = packed(
    imported_visitors_20261101_20261102=(
        '"date","visitors","pageviews","bounces","visits","visit_duration"\n'
        '"2026-11-01",8,20,3,10,900\n"2026-11-02",1,1,1,1,0\n'
    ),
    imported_pages_20261101_20261102=(
        '"date","hostname","page","visits","visitors","pageviews","total_scroll_depth",'
        '"total_scroll_depth_visits"\n'
        '"2026-11-01","s1.example","/a",9,8,15,0,0\n"2026-11-01","s1.example","/b",4,4,5,0,0\n'
        '"2026-11-02","s1.example","/a",1,1,1,0,0\n'
    ),
    imported_entry_pages_20261101_20261102=(
        '"date","entry_page","visitors","entrances","visit_duration","bounces","pageviews"\n'
        '"2026-11-01","/a",8,10,900,3,20\n'
    ),
    imported_sources_20261101_20261102=(
        '"date","source","referrer","utm_source","utm_medium","utm_campaign","utm_content",'
        '"utm_term","pageviews","visitors","visits","visit_duration","bounces"\n'
        '"2026-11-01","Google","google.com","","","","","",12,5,6,1,1\n'
        '"2026-11-01","","","","","","","",8,3,4,1,2\n'
    ),
    imported_custom_events_20261101_20261102=(
        '"date","name","link_url","path","visitors","events"\n'
        '"2026-11-01","Sign up","","",2,3\n"2026-11-01","engagement","","",8,60\n'
    ),
)

UMAMI_EVENTS = packed(
    website_event=(
        "website_id,session_id,visit_id,created_at,url_path,url_query,browser,os,country,"
        "event_type,event_name\n"
        "w,p1,v1,2026-11-01 10:00:00,/a,,chrome,Windows 10,VN,1,\n"
        "w,p1,v1,2026-11-01 10:01:00,/b,id=7&utm_source=x,chrome,Windows 10,VN,1,\n"
        "w,p1,v2,2026-11-01 15:00:00,/a,,chrome,Windows 10,VN,1,\n"
        "w,p1,v2,2026-11-01 15:00:09,/a,,chrome,Windows 10,VN,2,buy\n"
        "w,p1,v2,2026-11-01 15:00:10,/a,,chrome,Windows 10,VN,5,\n"
    )
)

UMAMI_PAGES = packed(events="", pages="x,y\r\n/a,7\r\n/b,2\r\n", referrers="x,y\r\n")

MATOMO = json.dumps(
    {
        "2026-11-01": [
            {
                "label": "/a",
                "nb_visits": 4,
                "nb_uniq_visitors": 3,
                "nb_hits": 9,
                "entry_nb_visits": "4",
                "entry_bounce_count": "1",
                "exit_nb_visits": 2,
                "bounce_rate": "25%",
                "url": "https://s1.example/a",
            },
            {"label": "/b", "nb_visits": 2, "nb_hits": 2, "url": "https://s1.example/b"},
            {"label": "Others", "nb_visits": 1, "nb_hits": 1, "url": ""},
            {"label": "/x", "nb_visits": 5, "nb_hits": 5, "url": "https://other.example/x"},
        ],
        "2026-11-02": [],
    }
)

GA4 = (
    "\ufeff# ----------------------------------------\n# Pages and screens\n"
    "# Start date: 20261101\n# ----------------------------------------\n\n"
    "Page path and screen class,Views,Active users,Event count\n"
    '/a,"1,012",5,40\n/b,3,2,9\n(not set),1,1,1\n,"1,016",6,50\n'
)
GA4_DAYS = (
    "Date,Page path and screen class,Views,Sessions,Total users\n"
    "20261101,/a,12,6,5\n20261101,/b,3,2,2\nGrand total,,15,7,6\n"
)
BUSUANZI = (
    "url;page_pv;site_pv;site_uv\r\nhttps://s1.example/a;40;5000;900\r\n"
    "https://s1.example/b;2;5001;901\r\n"
)
PLAIN = "path,day,views,visits\n,2026-11-01,30,9\n/a,2026-11-01,20,5\n/b,2026-11-01,10,4\n"

#: Tool, file, and of the site: days with views, visits, visitors; then what totals show.
FILES: list[tuple[str, str, str | bytes, list[tuple[Any, ...]], tuple[int, int]]] = [
    (
        "goatcounter",
        "a.csv",
        GOATCOUNTER,
        [("2026-11-01", 4, 2, 2), ("2026-11-02", 1, 0, 1)],
        (5, 2),
    ),
    ("goatcounter", "a.csv", GOATCOUNTER_1, [("2026-11-01", 3, 3, 3)], (3, 3)),
    (
        "goatcounter",
        "a.zip",
        exported(),
        [("2026-11-01", 9, 6, 0), ("2026-11-02", 1, 1, 0)],
        (10, 7),
    ),
    ("goatcounter", "a.json", GOATCOUNTER_API, [("2026-11-01", 9, 7, 0)], (9, 7)),
    (
        "plausible",
        "a.zip",
        PLAUSIBLE,
        [("2026-11-01", 20, 10, 8), ("2026-11-02", 1, 1, 1)],
        (21, 11),
    ),
    ("umami", "a.zip", UMAMI_EVENTS, [("2026-11-01", 3, 2, 1)], (3, 2)),
    ("umami", "a.zip", UMAMI_PAGES, [], (9, 7)),
    ("matomo", "a.json", MATOMO, [("2026-11-01", 12, 4, 3)], (12, 4)),
    ("ga4", "a.csv", GA4, [], (1016, 0)),
    ("ga4", "a.csv", GA4_DAYS, [("2026-11-01", 15, 6, 5)], (15, 6)),
    ("busuanzi", "a.csv", BUSUANZI, [], (5001, 901)),
    ("vercount", "a.csv", BUSUANZI, [], (5001, 901)),
    ("csv", "a.csv", PLAIN, [("2026-11-01", 30, 9, 0)], (30, 9)),
]
IDS = [f"{row[0]}-{number}" for number, row in enumerate(FILES)]


def imported(terminal: Terminal, tool: str, file: Path, *words: str) -> dict[str, Any]:
    told = terminal.run("import", tool, file, "--site", "s1", "--json", *words)
    assert told.exit_code == 0, told.stderr
    said: dict[str, Any] = json.loads(told.stdout)
    return said


def refused(terminal: Terminal, tool: str, file: Path, *words: str) -> str:
    told = terminal.run("import", tool, file, "--site", "s1", *words)
    assert (told.exit_code, told.stdout) == (1, ""), told.stdout
    assert everything(terminal)[:2] == ([], [])
    return told.stderr.splitlines()[-1].removeprefix("luot: ")


def site_days(terminal: Terminal) -> list[Any]:
    return terminal.sql(
        "SELECT day, c.views, c.visits, c.visitors FROM day_count c "
        "JOIN page ON page.id = page_id WHERE path = '' ORDER BY day"
    )


def everything(terminal: Terminal) -> tuple[list[Any], ...]:
    return (
        terminal.sql(
            "SELECT path, day, c.* FROM day_count c JOIN page ON page.id = page_id ORDER BY 1, 2"
        ),
        terminal.sql(
            "SELECT text, c.* FROM value_count c JOIN value ON value.id = value_id ORDER BY 1, 2, 3"
        ),
        terminal.sql(
            "SELECT path, history_views, history_visits FROM page "
            "WHERE history_views + history_visits > 0 ORDER BY 1"
        ),
    )


def shown(valkey: Valkey) -> tuple[int, int]:
    keys = SiteKeys("s1")
    state = valkey.client.hgetall(keys.state)
    return tuple(
        int(state.get(name, 0)) + int(state.get(f"baseline_{name}", 0))
        for name in ("views", "visits")
    )  # type: ignore[return-value]


@pytest.mark.parametrize(("tool", "name", "content", "days", "totals"), FILES, ids=IDS)
def test_a_file_counts_once(
    terminal: Terminal,
    valkey: Valkey,
    tool: str,
    name: str,
    content: str | bytes,
    days: list[tuple[Any, ...]],
    totals: tuple[int, int],
) -> None:
    file = terminal.file(name, content)

    assert imported(terminal, tool, file, "--dry-run")["result"] == "would be added"
    assert everything(terminal) == ([], [], [])
    first = imported(terminal, tool, file)
    before = everything(terminal)

    assert ("added", *totals) == (first["result"], first["views"], first["visits"])
    assert days == site_days(terminal)
    assert totals == shown(valkey)
    assert imported(terminal, tool, file)["result"] == "added before"
    assert before == everything(terminal)
    assert totals == shown(valkey)


@pytest.mark.parametrize("step", ["staged", "history added", "history"])
def test_an_import_that_was_killed_goes_on_to_the_same_numbers(
    terminal: Terminal, valkey: Valkey, step: str
) -> None:
    pages = "".join(f"/{n},2026-11-0{n % 9 + 1},{n},1\n" for n in range(2_100))
    file = terminal.file("a.csv", "path,day,views,visits\n" + pages)
    at = {"LUOT_TEST_CRASH_AT": f"{step}:2" if step == "staged" else step}
    killed = terminal.start("import", "csv", file, "--site", "s1", variables=at)

    assert killed.returncode == -signal.SIGKILL
    # The site's rows and its pages' are added in one step, so there are all or none.
    known = sum(row[1] for row in site_days(terminal))
    assert known in {0, sum(range(2_100))}
    again = imported(terminal, "csv", file)

    assert again["result"] == ("added before" if known else "added")
    assert sum(range(2_100)) == sum(row[1] for row in site_days(terminal))
    assert sum(range(2_100)) == shown(valkey)[0]


@pytest.mark.parametrize(("tool", "name", "content", "days", "totals"), FILES, ids=IDS)
def test_whatever_wrote_the_file_a_killed_import_is_made_good_by_the_next(
    terminal: Terminal,
    valkey: Valkey,
    tool: str,
    name: str,
    content: str | bytes,
    days: list[tuple[Any, ...]],
    totals: tuple[int, int],
) -> None:
    # Given an import that ended with its rows at hand and none of them counted
    file = terminal.file(name, content)
    at = {"LUOT_TEST_CRASH_AT": "staged"}
    killed = terminal.start("import", tool, file, "--site", "s1", variables=at)
    assert (killed.returncode, site_days(terminal)) == (-signal.SIGKILL, [])

    assert imported(terminal, tool, file)["result"] == "added"
    assert days == site_days(terminal)
    assert totals == shown(valkey)


@only_sqlite
@pytest.mark.parametrize(
    # Hits, sums of days, sums without days, and a plain file.
    ("tool", "name", "content"),
    [FILES[number][:3] for number in (0, 1, 3, 9)],
    ids=[IDS[number] for number in (0, 1, 3, 9)],
)
def test_postgresql_and_sqlite_have_the_same_rows_also_after_a_killed_import(
    terminal: Terminal,
    valkey: Valkey,
    request: pytest.FixtureRequest,
    tool: str,
    name: str,
    content: str | bytes,
) -> None:
    # Given what the file makes on SQLite
    file = terminal.file(name, content)
    imported(terminal, tool, file)
    expected = plainly(terminal), shown(valkey)
    valkey.client.flushall()

    # When an import into PostgreSQL is killed and two more follow
    there = request.getfixturevalue("on_postgresql")
    at = {"LUOT_TEST_CRASH_AT": "staged"}
    killed = there.start("import", tool, file, "--site", "s1", variables=at)
    assert (killed.returncode, site_days(there)) == (-signal.SIGKILL, [])
    results = [imported(there, tool, file)["result"] for _ in range(2)]

    # Then each row counts once
    assert ["added", "added before"] == results
    assert expected == (plainly(there), shown(valkey))


def plainly(terminal: Terminal) -> list[list[Any]]:
    """
    Everything that counts, without the numbers that rows have in one database.
    """
    counts = ", ".join(f"c.{name}" for name in MEASURES)
    of_values = ", ".join(f"c.{name}" for name in VALUE_MEASURES)
    page = "JOIN page ON page.id = c.page_id"
    value = f"{page} JOIN value ON value.id = c.value_id"
    asked = (
        f"SELECT path, day, {counts} FROM day_count c {page}",  # noqa: S608 - names of ours
        f"SELECT path, month, {counts} FROM month_count c {page}",  # noqa: S608
        f"SELECT path, day, hour, {counts} FROM hour_count c {page}",  # noqa: S608
        f"SELECT path, day, dimension, text, {of_values} FROM value_count c {value}",  # noqa: S608
        "SELECT path, title, views, visits, history_views, history_visits FROM page",
    )
    return [sorted(terminal.sql(question), key=repr) for question in asked]


def test_a_restored_site_shows_the_same_numbers(
    terminal: Terminal, valkey: Valkey, make_luot: MakeLuot
) -> None:
    luot = make_luot(data_dir=terminal.data)
    luot.hit(path="/a")
    imported(terminal, "goatcounter", terminal.file("a.csv", GOATCOUNTER))
    imported(terminal, "umami", terminal.file("a.zip", UMAMI_PAGES))
    before = luot.counters("/a", "/b")
    valkey.client.flushall()

    assert before["views"]["this_month"] == 6
    assert before["views"]["total"] == 15
    assert before["pages"]["/a"]["views"] == 11
    until(lambda: not luot.counters("/a", "/b")["stale"], seconds=15)
    after = luot.counters("/a", "/b")
    assert [before[n] for n in ("views", "visits", "visitor_days", "pages")] == [
        after[n] for n in ("views", "visits", "visitor_days", "pages")
    ]
    told = terminal.run("reconcile", "--site", "s1")
    assert told.exit_code == 0, (told.stdout, told.stderr, after["stale"])


def test_days_that_have_numbers_are_refused_unless_told_how(
    terminal: Terminal, valkey: Valkey, make_luot: MakeLuot
) -> None:
    luot = make_luot(data_dir=terminal.data)
    for _ in range(3):
        luot.hit(path="/a")
    heading = "path,day,views,visits\n"
    one = terminal.file("a.csv", heading + "/a,2026-11-22,10,4\n/b,2026-11-21,1,1\n")
    two = terminal.file("b.csv", heading + "/a,2026-11-22,2,1\n/b,2026-11-22,5,1\n")

    told = terminal.run("import", "csv", one, "--site", "s1")
    assert "these days have numbers already: 2026-11-22; --mode add" in told.stderr
    assert shown(valkey) == (3, 1)
    imported(terminal, "csv", one, "--mode", "add")
    assert shown(valkey) == (14, 6)

    imported(terminal, "csv", two, "--mode", "replace")

    # Of /a three views were measured, more than the two of the file; the 21st keeps the first's.
    assert ("2026-11-22", 7, 1, 1) == site_days(terminal)[-1]
    assert shown(valkey) == (8, 2)
    rows = terminal.sql(
        "SELECT path, c.views FROM day_count c JOIN page ON page.id = page_id "
        "WHERE day = '2026-11-22' ORDER BY 1"
    )
    assert [("", 7), ("/a", 3), ("/b", 5)] == rows


def test_an_older_counter_is_not_added_to_twice(terminal: Terminal, valkey: Valkey) -> None:
    terminal.run("baseline", "set", "--site", "s1", "--views", "100", "--visits", "10")
    file = terminal.file("a.csv", "path,page_pv,site_pv,site_uv\n/a,9,150,12\n")

    told = terminal.run("import", "busuanzi", file, "--site", "s1")
    assert "the site has numbers from an older counter" in told.stderr
    imported(terminal, "busuanzi", file, "--mode", "replace")

    assert shown(valkey) == (150, 12)


CSV = "path,day,views\n/a,2026-11-01,1\n"


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        *[
            (f"/a,2026-11-01,{count}", "line 3: views: has to be a whole number")
            for count in ("-5", "1e3", "1.5", "", "１２", "٣", "0x10", "+1")
        ],
        ("/a,2026-11-01,9007199254740992", "line 3: views: is above 9007199254740991"),
        *[
            (f"/a,{day},1", "line 3: day: ")
            for day in (
                "0000-00-00",
                "2026-02-30",
                "9999-12-31",
                "1793000000000",
                "01/02/03",
                "1989-12-31",
                "2026-1101",
                "",
            )
        ],
        ("/a\0,2026-11-01,1", "line 3: has a NUL"),
        ("/%00,2026-11-01,1", "line 3: path: is no path of a page"),
        ("/a,2026-11-01", "line 3: has 2 columns, the heading 3"),
        ("/a,2026-11-01,1,2", "line 3: has 4 columns, the heading 3"),
        ('"/a,2026-11-01,1', "line 3: unexpected end of data"),
        ('"/a"x,2026-11-01,1', "line 3: ',' expected after '\"'"),
        ("/a" * LARGEST_LINE, f"line 3: is over {LARGEST_LINE} bytes long"),
    ],
)
def test_a_row_that_cannot_be_is_named_and_nothing_is_added(
    terminal: Terminal, cell: str, said: str
) -> None:
    file = terminal.file("a.csv", f"{CSV}{cell}\n")

    assert refused(terminal, "csv", file).startswith(f"{file}: {said}")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"path,day,views\n/\xff,2026-11-01,1\n", "line 2: is not UTF-8"),
        (b"path,day,views\n/\xed\xa0\x80,2026-11-01,1\n", "line 2: is not UTF-8"),
        (CSV.encode("utf-16"), "line 1: is UTF-16; save it as UTF-8"),
        (b"day,views\n", "line 1: path: is not in the heading"),
        (b"path,views,path\n", "line 1: path: stands twice in the heading"),
        (b",".join([b"x"] * 100_000), "line 1: has 100000 columns"),
        (b"path,views\n", "there is nothing in it that counts"),
        (b"\x80\x04\x95cos\nsystem\n.", "line 1: is not UTF-8"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "line 1: path: is not in the heading"),
        (b"\x1f\x8b\x08\0broken", "cannot be unpacked: "),
    ],
)
def test_a_file_that_is_none_is_refused(terminal: Terminal, content: bytes, said: str) -> None:
    file = terminal.file("a.csv", content)

    assert refused(terminal, "csv", file).startswith(f"{file}: {said}")


def unsafe(name: str, mode: int = 0) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        entry = zipfile.ZipInfo("placeholder")
        entry.filename = name
        entry.external_attr = mode << 16
        archive.writestr(entry, "x")
    return raw.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (unsafe("../../etc/cron.d/x"), "has an entry with the unsafe name"),
        (unsafe("/etc/x"), "has an entry with the unsafe name"),
        (unsafe("a\\..\\x"), "has an entry with the unsafe name"),
        (unsafe("CON"), "has an entry with the unsafe name"),
        (unsafe("pages.csv", stat.S_IFLNK | 0o777), "has an entry with the unsafe name"),
        (packed(**{str(n): "" for n in range(1_001)}), "has 1001 entries, more than 1000"),
        (packed(pages="x,y\n" + "0" * 30_000_000), "pages.csv would unpack to 30000004 bytes"),
        (packed(other="x"), "has neither website_event.csv nor pages.csv in it"),
        (packed(pages="x,y\n/a,many\n"), "pages.csv: line 2: y: has to be a whole number"),
        (b"PK\x03\x04", "is no zip archive that can be read"),
    ],
)
def test_an_archive_that_tries_something_is_refused(
    terminal: Terminal, content: bytes, said: str
) -> None:
    file = terminal.file("a.zip", content)

    assert refused(terminal, "umami", file).startswith(f"{file}: {said}")


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12),
            st.integers(1, 22),
            st.integers(0, 10**6),
        ),
        min_size=1,
        max_size=20,
    ),
    delimiter=st.sampled_from(",;\t"),
    end=st.sampled_from(["\n", "\r\n"]),
    bom=st.booleans(),
)
def test_views_of_a_plain_csv_add_up_whatever_its_paths_and_signs_are(
    terminal: Terminal,
    rows: list[tuple[str, int, int]],
    delimiter: str,
    end: str,
    bom: bool,
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end)
    writer.writerow(["path", "day", "views"])
    for path, day, views in rows:
        quoted = path.replace("%", "").replace("\u2028", "").replace("\u2029", "")
        writer.writerow([f"/p{quoted}", f"2026-11-{day:02}", views])
    file = terminal.file("a.csv", ("\ufeff" if bom else "") + text.getvalue())

    told = imported(terminal, "csv", file, "--dry-run")

    assert sum(views for _, _, views in rows) == told["views"]


def test_who_took_over_a_history_is_told_too(terminal: Terminal, make_luot: MakeLuot) -> None:
    luot = make_luot(data_dir=terminal.data)
    assert "GoatCounter: " not in page(luot, "/sites/s1")
    file = terminal.file("a.csv", GOATCOUNTER)
    assert terminal.run("import", "goatcounter", file, "--site", "s1").exit_code == 0
    # The days of the file are another tool's; the first of Luot's own is yet to come.
    assert "GoatCounter: " not in page(luot, "/sites/s1")
    luot.hit()
    luot.snapshot()

    assert "GoatCounter: robots and readers who opted out" in page(luot, "/sites/s1")
    assert "Umami: " not in page(luot, "/sites/s1")


def test_an_imported_page_that_moves_takes_its_history_along(
    terminal: Terminal, valkey: Valkey, make_luot: MakeLuot
) -> None:
    # Given a page with measured and imported numbers
    luot = make_luot(data_dir=terminal.data)
    luot.hit(path="/old")
    luot.hit(path="/new")
    luot.snapshot()
    text = "path,day,views,visits\n/old,2026-11-01,10,4\n/new,2026-11-01,5,2\n"
    imported(terminal, "csv", terminal.file("a.csv", text))
    before = luot.counters("/new")
    by = By("somebody", "it has moved")

    # When it moves, more of it is imported, and Redis forgets everything
    merged = merge_pages(luot.runtime, luot.runtime.sites["s1"], "/old", "/new", by)
    told = [luot.counters("/new")["pages"]["/new"]["views"]]
    more = "path,day,views,visits\n/old,2026-11-02,100,1\n/new,2026-11-02,200,1\n"
    imported(terminal, "csv", terminal.file("b.csv", more))
    told += [luot.counters("/new")["pages"]["/new"]["views"]]
    valkey.client.flushall()
    until(lambda: not luot.counters("/new")["stale"], seconds=15)
    told += [luot.counters("/new")["pages"]["/new"]["views"]]
    undo_correction(luot.runtime, luot.runtime.sites["s1"], merged.id, by)
    told += [luot.counters(path)["pages"][path]["views"] for path in ("/old", "/new")]

    # Then the new page has all of it, and after the way back each its own; later rows stay
    assert 6 == before["pages"]["/new"]["views"]
    assert [17, 317, 317, 11, 306] == told
    assert terminal.run("reconcile", "--site", "s1").exit_code == 0
