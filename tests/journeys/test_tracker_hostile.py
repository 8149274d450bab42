"""
luot.js on pages and with services that are not as they should be: it counts or is silent.
"""

import os
from typing import Any

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect

from tests.chromium import installed
from tests.journeys.pages import GARBAGE, Pages
from tests.journeys.serving import Served
from tests.journeys.test_tracker_counting import PLACE, script, views
from tests.servers import until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(installed() is None, reason="NO CHROMIUM: THE BROWSER TESTS ARE SKIPPED"),
]

#: The second file with everything in it, and old contents that must stay.
RICH = (
    '<p>A <b data-luot="views">old</b> B <b data-luot="visits.total">17</b> C '
    '<b data-luot="views" data-luot-path="/x">99</b> D</p>'
    '<ul data-luot-list="popular"><li>kept</li></ul><div data-luot-box data-luot-live>box</div>'
)

#: How long a slow service is watched; ten seconds in the long form.
SLOW_MS = 10_000 if os.environ.get("LUOT_LONG") else 200

SHIFTS = """
window.shift = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.shift += entry.value;
}).observe({type: "layout-shift", buffered: true});
"""

#: What pages do to their platform, and whether the view can still be counted.
POISONS = {
    "getters": "Object.prototype.get = () => 1; Object.prototype.set = () => {};",
    "names": "for (const n of ['method','body','url','path','notation','style','signal','stale'])"
    " Object.prototype[n] = 'poison';",
    "json-of-all": "Object.prototype.toJSON = () => ({}); Array.prototype.toJSON = () => 'x';",
    "arrays": "for (const n of ['map','forEach','filter','join','push'])"
    " Array.prototype[n] = () => { throw new Error('poison'); };",
    "fetch-throws": "window.fetch = () => { throw new Error('poison'); };",
    "fetch-lies": "window.fetch = () => 7;",
    "fetch-rejects": "window.fetch = () => Promise.reject(new Error('poison'));",
    "beacon": "navigator.sendBeacon = () => { throw new Error('poison'); };",
    "parse": "JSON.parse = () => { throw new Error('poison'); };",
    "storage": "Object.defineProperty(window, 'localStorage',"
    " {get() { throw new Error('blocked'); }});",
    "sheets": "window.CSSStyleSheet = undefined;",
}

BROKEN = {
    "stringify": "JSON.stringify = () => { throw new Error('poison'); };",
    "all-of-json": "window.JSON = undefined;",
    "random": "crypto.getRandomValues = () => { throw new Error('poison'); };",
}


@pytest.fixture
def said(page: Page) -> list[str]:
    """
    What the page's console was told; a request that fails the browser itself reports.
    """
    heard: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if "Failed to load resource" not in message.text and "CORS policy" not in message.text:
            heard.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.add_init_script(SHIFTS)
    return heard


@pytest.mark.parametrize("poison", POISONS)
def test_a_poisoned_page_is_counted(
    stats: Served, pages: Pages, page: Page, said: list[str], poison: str
) -> None:
    path = f"/poison-{poison}"
    page.goto(pages.add(path, f"<script>{POISONS[poison]}</script>{PLACE}{script(stats)}"))

    until(lambda: views(stats, path) == 1)
    assert said == []


@pytest.mark.parametrize("poison", BROKEN)
def test_a_page_without_a_platform_is_left_in_silence(
    stats: Served, pages: Pages, page: Page, said: list[str], poison: str
) -> None:
    poisoned = f"<script>{BROKEN[poison]}</script>{PLACE}"
    page.goto(pages.add(f"/broken-{poison}", poisoned + script(stats)))
    page.wait_for_load_state("networkidle")

    assert (said, page.inner_text("[data-luot]")) == ([], "…")


def test_a_strict_policy_and_trusted_types_are_kept(
    stats: Served, pages: Pages, page: Page, said: list[str]
) -> None:
    policy = (
        f"default-src 'none'; script-src 'self' {stats.base}; connect-src {stats.base}; "
        f"img-src {stats.base}; require-trusted-types-for 'script'; trusted-types 'none'"
    )
    box = '<b data-luot="views" data-luot-path="/strict">…</b><div data-luot-box></div>'
    body = PLACE + box + script(stats, 'crossorigin="anonymous"')
    page.goto(pages.add("/strict", body, Content_Security_Policy=policy))

    expect(page.locator("[data-luot]").first).to_have_text("1")
    expect(page.locator(".luot-box-title")).to_have_text("Thống kê truy cập")
    assert (said, views(stats, "/strict")) == ([], 1)


@pytest.mark.parametrize("folder", [*GARBAGE, "nothing"])
def test_an_ill_service_changes_nothing_on_the_page(
    pages: Pages, page: Page, said: list[str], folder: str
) -> None:
    loads = f'<script defer src="/{folder}/luot.js" data-site="demo"></script>'
    page.goto(pages.add(f"/ill-{folder}", RICH + loads))
    page.wait_for_function("window.luot")
    page.wait_for_load_state("networkidle")

    assert (said, told(page), page.evaluate("window.shift")) == ([], KEPT, 0)


def test_a_service_that_is_away_changes_nothing_on_the_page(
    pages: Pages, page: Page, said: list[str]
) -> None:
    page.route("**/away/hit*", lambda route: route.abort())
    page.route("**/away/counters*", lambda route: route.abort())
    loads = '<script defer src="/away/luot.js" data-site="demo"></script>'
    page.goto(pages.add("/ill-away", RICH + loads))
    page.wait_for_function("window.luot")
    page.evaluate("dispatchEvent(new Event('pagehide'))")
    page.wait_for_load_state("networkidle")

    assert (said, told(page), page.evaluate("window.shift")) == ([], KEPT, 0)


def test_a_slow_service_keeps_nobody_waiting(pages: Pages, page: Page, said: list[str]) -> None:
    loads = '<script defer src="/slow/luot.js" data-site="demo"></script>'
    page.goto(pages.add("/ill-slow", RICH + loads))
    until(lambda: any("/slow/hit" in asked for asked in pages.asked))

    assert page.evaluate("document.readyState") == "complete"
    page.wait_for_timeout(SLOW_MS)
    assert (said, told(page), page.evaluate("window.shift")) == ([], KEPT, 0)
    pages.slow.set()


#: The places of ``RICH`` as they were.
KEPT: list[Any] = ["old", "17", "99", "kept", "box"]


def told(page: Page) -> list[Any]:
    found: list[Any] = page.evaluate(
        "Array.from(document.querySelectorAll('b, li, [data-luot-box]'), (e) => e.textContent)"
    )
    return found


def test_nothing_moves_when_the_numbers_come(
    stats: Served, pages: Pages, page: Page, said: list[str]
) -> None:
    style = "<style>[data-luot]{display:inline-block;min-width:9ch}</style>"
    page.goto(pages.add("/still", style + RICH.partition("<ul")[0] + script(stats)))

    expect(page.locator("[data-luot='visits.total']")).not_to_have_text("17")
    assert (said, page.evaluate("window.shift")) == ([], 0)
