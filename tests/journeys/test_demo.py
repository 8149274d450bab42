"""
The demo's page in a real browser.
"""

import pytest
from playwright.sync_api import Page, expect

from tests.chromium import installed
from tests.journeys.serving import Served


@pytest.mark.browser
@pytest.mark.skipif(installed() is None, reason="NO CHROMIUM: THE BROWSER TESTS ARE SKIPPED")
def test_the_demos_numbers_move_with_every_reload(served: Served, page: Page) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    views, visits, totals, links = [], [], [], []
    for _ in range(3):
        page.goto(f"{served.base}/demo/")
        expect(page.locator(".luot-box [data-luot='visits.total']")).to_be_visible()
        expect(page.locator("[data-luot-path]").first).not_to_have_text("…")
        views.append(page.text_content("h1 + .dateline [data-luot=views]"))
        visits.append(page.text_content(".luot-box [data-luot='visits.total']"))
        totals.append(page.text_content("[data-luot='views.total']"))
        links.append(page.locator("aside [data-luot-list] a").count())

    assert views == ["401", "402", "403"]
    assert visits == ["1.095", "1.095", "1.095"]
    assert totals == ["4.241.515", "4.241.516", "4.241.517"]
    assert min(links) > 0
    assert [line for line in said if "Failed to load resource" not in line] == []


@pytest.mark.browser
@pytest.mark.skipif(installed() is None, reason="NO CHROMIUM: THE BROWSER TESTS ARE SKIPPED")
def test_the_demo_speaks_english_around_the_same_pages(served: Served, page: Page) -> None:
    page.goto(f"{served.base}/demo/?lang=en")

    expect(page.locator("[data-luot='views.total']")).to_have_text("4,241,515")
    expect(page.locator(".luot-box-title")).to_have_text("Visitor statistics")
    assert served.counters()["pages"]["/demo/"]["views"] == 401
