"""
Pages that have moved, and views that were removed, as every reader of a page tells them.
"""

import re
from collections.abc import Iterator
from datetime import date
from urllib.parse import quote

import pytest
from werkzeug.test import Client, TestResponse

from service.archive.removing import Wave
from service.jobs.correcting import By, merge_pages, remove_wave
from service.web.report_table import REPORTS
from tests.doors import ORIGIN, opened
from tests.outcomes import Watched
from tests.web.signed import signed_in

#: Both answer the same.
FRONTS = ("wsgi", "asgi")

BY = By("a test", "because")
TODAY = date(2026, 11, 22)

#: Whoever takes a path and counts nothing, with PATH where that stands.
READERS = {
    "counters": "/counters?site=s1&path=PATH",
    "related": "/related?site=s1&path=PATH",
    "badge": "/badge/s1.svg?path=PATH",
    "box": "/box/s1?path=PATH",
    "goatcounter": "/counter/PATH.json",
    "goatcounter since": "/counter/PATH.json?start=2026-11-01",
    "goatcounter as a picture": "/counter/PATH.svg",
    "busuanzi": "/api",
    "vercount": f"/api/v2/log?url={ORIGIN}PATH",
    "dashboard": "/sites/s1/page?path=PATH&period=today",
    **{
        report.path: f"/api/v1/sites/s1/{report.path}?path=PATH"
        for report in REPORTS
        if "{" not in report.path and any(one.name == "path" for one in report.parameters)
    },
    "breakdown": "/api/v1/sites/s1/breakdown/source?path=PATH",
}

#: Whoever lists pages.
LISTS = {
    "popular": "/popular?site=s1",
    "trending": "/trending?site=s1",
    "related": "/related?site=s1&path=/new",
    "box": "/box/s1",
    "dashboard": "/sites/s1",
    "top pages": "/sites/s1/top/pages",
    "report": "/sites/s1/report",
    "report as CSV": "/sites/s1/report.csv",
    **{
        report.path: f"/api/v1/sites/s1/{report.path}"
        for report in REPORTS
        if report.path in {"pages", "entries", "exits", "realtime", "counter-report"}
    },
}


def read(seen: Watched, path: str, *readers: int) -> None:
    for reader in readers:
        answer = seen.luot.hit(path, address=f"203.0.113.{reader}", title=f"T {path[1:]}")
        assert answer.headers["Luot-Result"] == "counted"


@pytest.fixture(scope="module")
def corrected(tmp_path_factory: pytest.TempPathFactory, front: str) -> Iterator[Watched]:
    """
    ``/old`` is now ``/new``, and nobody has read ``/bad`` any more.
    """
    with opened(tmp_path_factory.mktemp("moved"), front, rate_per_second=0) as seen:
        site = seen.runtime.sites["s1"]
        read(seen, "/old", 1, 2)
        read(seen, "/new", 2, 3, 4)
        read(seen, "/other", 1, 2, 3, 4)
        read(seen, "/bad", 7, 8, 9, 10, 11, 12)
        seen.luot.snapshot()
        merge_pages(seen.runtime, site, "/old", "/new", BY)
        remove_wave(seen.runtime, site, Wave(TODAY, TODAY, "/bad"), BY)
        # Hits of both come after it, to pages that everybody still knows by their old names.
        read(seen, "/old", 5)
        seen.luot.snapshot()
        yield seen


@pytest.fixture(scope="module")
def person(corrected: Watched) -> Client:
    return signed_in(corrected.luot)


def asked(seen: Watched, person: Client, target: str, path: str) -> TestResponse:
    if target.startswith("/sites"):
        return person.get(target.replace("PATH", path))
    headers = {"Origin": ORIGIN, "x-bsz-referer": f"{ORIGIN}{path}"}
    if target.startswith("/api/v1/sites"):
        headers["Authorization"] = f"Bearer {seen.luot.token}"
    return seen.luot.http.get(target.replace("PATH", path), headers=headers)


def numbers_in(text: str, *paths: str) -> list[str]:
    """
    What an answer says, without the page's names and what is new in each.
    """
    plain = re.sub(r'nonce="[^"]*"|[0-9a-f]{64}', "", text)
    for path in paths:
        for name in (path, quote(path, safe=""), f"T {path[1:]}"):
            plain = plain.replace(name, "page")
    return re.findall(r"[\w./-]+", plain)


@pytest.mark.parametrize("name", [name for name in READERS if name != "vercount"])
def test_a_page_that_has_moved_tells_the_numbers_of_where_it_is(
    corrected: Watched, person: Client, name: str
) -> None:
    old, new = (asked(corrected, person, READERS[name], path) for path in ("/old", "/new"))

    assert (200, 200) == (old.status_code, new.status_code), old.text
    # What else an answer calls the page, such as its title, may be the name of where it is.
    assert numbers_in(new.text, "/old", "/new") == numbers_in(old.text, "/old", "/new")


def test_scores_of_both_names_are_one(corrected: Watched) -> None:
    pages = corrected.luot.http.get("/trending?site=s1").get_json()["pages"]
    scores = {row["path"]: row["score"] for row in pages}

    assert {"/new": 6, "/other": 4, "/first": 1} == scores


def test_a_live_stream_begins_with_the_numbers_of_where_it_is(corrected: Watched) -> None:
    site = corrected.runtime.sites["s1"]
    shown = corrected.runtime.shown(site, ["/old", "/new"])

    assert shown is not None
    assert shown.numbers.pages[0] == shown.numbers.pages[1]


def test_each_tells_six_views(corrected: Watched, person: Client) -> None:
    assert 6 == corrected.luot.counters("/old")["pages"]["/old"]["views"]
    told = asked(corrected, person, READERS["goatcounter"], "/old").get_json()
    assert "6" == told["count"]
    told = asked(corrected, person, READERS["busuanzi"], "/old").get_json()
    assert 6 == told["data"]["page_pv"]
    assert ">6<" in asked(corrected, person, READERS["badge"], "/old").text


@pytest.mark.parametrize("name", LISTS)
def test_lists_have_neither_old_names_nor_what_was_removed(
    corrected: Watched, person: Client, name: str
) -> None:
    answer = asked(corrected, person, LISTS[name], "")

    assert 200 == answer.status_code, answer.text
    for path in ("/old", "/bad", "(removed)", "T bad"):
        assert (path in answer.text, path) == (False, path), answer.text


@pytest.mark.parametrize("name", ["counters", "badge", "goatcounter", "busuanzi", "dashboard"])
def test_a_page_whose_views_were_removed_has_none(
    corrected: Watched, person: Client, name: str
) -> None:
    bad, never = (asked(corrected, person, READERS[name], path) for path in ("/bad", "/zzz"))

    assert 0 == corrected.luot.counters("/bad")["pages"]["/bad"]["views"]
    assert bad.status_code in {200, 404}
    if name != "dashboard":
        assert numbers_in(never.text, "/zzz") == numbers_in(bad.text, "/bad")


@pytest.mark.parametrize("path", ["(removed)", "/(removed)"])
def test_nobody_can_ask_for_what_was_removed(corrected: Watched, path: str) -> None:
    told = corrected.luot.counters(path)["pages"][path]

    assert told["views"] in {0, None}


def test_the_sum_of_the_site_is_that_of_its_pages(corrected: Watched) -> None:
    # One of them is the first view of the world that the tests of doors begin with.
    assert 11 == corrected.views()
    assert 11 == corrected.luot.totals("2026-11-22")[0]
