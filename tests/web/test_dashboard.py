"""
The pages say what the reports say, on both databases, in words.
"""

import re
from pathlib import Path

import pytest

from service.clock import rfc3339
from tests import servers
from tests.conftest import Luot, MakeLuot, SetClock
from tests.web.signed import browser


@pytest.fixture
def luot(make_luot: MakeLuot, database_url: str) -> Luot:
    return make_luot(database_url=database_url, page_dimensions=["source"])


def page(luot: Luot, path: str, language: str = "en") -> str:
    headers = {"Authorization": f"Bearer {luot.token}", "Accept-Language": language}
    answer = browser(luot).get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.text


def numbers(text: str) -> list[str]:
    """
    The headline numbers of a page.
    """
    tiles = re.findall(r'<li class="tile.*?</li>', text, re.DOTALL)
    return [re.sub(r"\s+", " ", re.findall(r"<b>(.*?)</b>", tile, re.DOTALL)[0]) for tile in tiles]


def a_week(luot: Luot) -> None:
    """
    Two readers a day for a week, one of them from Google, and a robot.
    """
    for day in range(16, 23):
        luot.clock.set(f"2026-11-{day}T08:00:00Z")
        luot.hit("/a", title="Bài một", address="203.0.113.1", referrer="https://www.google.com/")
        luot.hit("/b", address="203.0.113.1")
        luot.hit("/b", address="203.0.113.2")
        luot.hit("/b", agent="curl/8")
    luot.hit("/b", event="download", address="203.0.113.2")
    luot.clock.set("2026-11-22T12:00:00Z")
    luot.snapshot()


def test_headline_numbers_are_those_of_the_reports(luot: Luot) -> None:
    a_week(luot)
    told = luot.report("totals", period="last_7_days")
    found = numbers(page(luot, "/sites/s1?period=last_7_days"))

    assert found[:3] == [str(told[name]) for name in ("views", "visits", "visitors")]
    assert found[:5] == ["21", "14", "14", "1.5", "43%"]


def test_a_day_under_way_is_compared_with_the_same_hours(luot: Luot) -> None:
    luot.clock.set("2026-11-21T08:00:00Z")
    luot.hit("/a", address="203.0.113.1")
    luot.clock.set("2026-11-21T20:00:00Z")
    luot.hit("/a", address="203.0.113.2")
    luot.clock.set("2026-11-22T12:00:00Z")
    luot.hit("/a", address="203.0.113.3")
    luot.snapshot()

    assert "as before" in page(luot, "/sites/s1?period=today")


def test_a_page_and_a_value_lead_to_each_other(luot: Luot) -> None:
    a_week(luot)
    of_page = page(luot, "/sites/s1/page?path=/a&period=last_7_days")
    of_value = page(luot, "/sites/s1/value?dimension=source&value=Google&period=last_7_days")

    assert numbers(of_page)[:3] == ["7", "7", "7"]
    assert "value?period=last_7_days&amp;dimension=source&amp;value=Google" in of_page
    assert "Kept for the site as a whole, not for each page:" in of_page
    assert numbers(of_value) == ["7", "7", "7"]
    assert "page?period=last_7_days&amp;path=%2Fa" in of_value
    assert '<span class="share num">100%</span>' in of_value


def test_what_is_not_kept_for_pages_is_said_and_not_shown_as_nothing(luot: Luot) -> None:
    a_week(luot)
    told = page(luot, "/sites/s1/value?dimension=browser&value=Chrome")

    assert "Luot keeps this for the site as a whole, not for each page." in told


def test_what_was_filtered_and_what_was_done_is_there(luot: Luot) -> None:
    a_week(luot)
    told = page(luot, "/sites/s1")
    assert "Robots" in told
    assert "download" in told

    assert "Máy tự động" in page(luot, "/sites/s1", "vi")


def test_reports_that_stand_still_are_said_to(luot: Luot) -> None:
    a_week(luot)
    luot.hit("/a", address="203.0.113.9")
    assert "notice" not in page(luot, "/sites/s1")
    luot.clock.forward(301)
    told = page(luot, "/sites/s1")

    assert "The reports end at 12:00; 1 views wait. Is the scheduler running?" in told
    assert rfc3339(luot.clock.ms).startswith("2026-11-22T12:05")


@pytest.mark.parametrize(
    "tail",
    [
        *("?period=x", "?from=2026-11-02&to=2026-11-01", "?sources=x", "/page", "/page?path=%ff"),
        *("/value?dimension=x&value=y", "/value?dimension=source", "/report?month=x", "?unit=a"),
        *("?from=2026-11-01", "?period=today&from=2026-11-01&to=2026-11-02", "?period=a&period=b"),
    ],
)
def test_what_cannot_be_answered_is_a_page_that_says_so(luot: Luot, tail: str) -> None:
    headers = {"Authorization": f"Bearer {luot.token}"}
    answer = browser(luot).get(f"/sites/s1{tail}", headers=headers)

    assert (answer.status_code, answer.mimetype) == (400, "text/html")
    assert "asks for something that is not there" in answer.text


@pytest.mark.parametrize("tail", ["/page?path=/none", "/top/x", "/top/views"])
def test_what_is_not_there_is_not_found(luot: Luot, tail: str) -> None:
    headers = {"Authorization": f"Bearer {luot.token}"}

    assert browser(luot).get(f"/sites/s1{tail}", headers=headers).status_code == 404


def test_an_address_can_choose_the_language_and_it_is_remembered(luot: Luot) -> None:
    client, headers = browser(luot), {"Authorization": f"Bearer {luot.token}"}
    assert '<html lang="vi">' in client.get("/sites/s1?lang=vi", headers=headers).text

    assert '<html lang="vi">' in client.get("/sites/s1", headers=headers).text


def test_style_and_script_are_kept_for_as_long_as_they_are_the_same(luot: Luot) -> None:
    found = re.findall(r'(?:href|src)="(/dashboard/[^"]+)"', page(luot, "/sites/s1"))
    client = browser(luot)
    for address in set(found):
        answer = client.get(address)
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        again = client.get(address, headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304
    assert len(set(found)) == 3
    assert client.get("/dashboard/dashboard.css?v=old").headers["Cache-Control"] == "no-cache"
    assert client.get("/dashboard/demo.css").status_code == 404


def test_without_redis_the_pages_still_answer_and_say_so(tmp_path: Path, clock: SetClock) -> None:
    with servers.valkey() as valkey:
        make = MakeLuot(tmp_path, valkey.url, clock)
        luot = make()
        luot.hit("/a")
        luot.snapshot()
        valkey.stop()
        told = page(luot, "/sites/s1")
        make.close()

    assert numbers(told)[0] == "1"
    assert "The live numbers cannot be read at this moment" in told
