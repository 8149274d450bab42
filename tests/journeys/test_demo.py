"""
The demo's page in a real browser.
"""

import pytest
from playwright.sync_api import Page, expect

from tests.chromium import installed
from tests.conftest import CHROME
from tests.journeys.serving import Served


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, object]:
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
    return {"executable_path": installed(), "args": [*quiet, "--disable-component-update"]}


@pytest.fixture(scope="session")
def browser_context_args() -> dict[str, object]:
    # A browser without a window says so, and is filtered as the machine that it is.
    return {"user_agent": CHROME}


@pytest.mark.browser
@pytest.mark.skipif(installed() is None, reason="NO CHROMIUM: THE BROWSER TESTS ARE SKIPPED")
def test_the_demos_numbers_move_with_every_reload(served: Served, page: Page) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    views, visits, totals = [], [], []
    for _ in range(3):
        page.goto(f"{served.base}/demo/")
        expect(page.locator("[data-total=views]")).not_to_be_empty()
        expect(page.locator("[data-path]").first).not_to_be_empty()
        views.append(page.text_content("[data-views]"))
        visits.append(page.text_content("[data-total=visits]"))
        totals.append(page.text_content("[data-total=views]"))

    assert views == ["401", "402", "403"]
    assert visits == ["1095", "1095", "1095"]
    assert totals == ["4241515", "4241516", "4241517"]
    assert said == []
