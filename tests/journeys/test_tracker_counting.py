"""
What luot.js counts in a real browser, with the server's numbers as the judge.
"""

import os
import urllib.request
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.chromium import installed
from tests.conftest import CHROME
from tests.journeys.pages import Pages
from tests.journeys.serving import Served
from tests.servers import until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(installed() is None, reason="NO CHROMIUM: THE BROWSER TESTS ARE SKIPPED"),
]

PLACE = '<p>Xem: <span data-luot="views">…</span></p>'

#: A page that nobody sees until the test says so; how a browser hides one is not ours to test.
HIDDEN = """
Object.defineProperty(document, "hidden", {get: () => !window.isSeen, configurable: true});
Object.defineProperty(document, "prerendering", {get: () => !window.isSeen, configurable: true});
"""

#: How long a reader is cut off; ten seconds in the long form.
OFFLINE_MS = 10_000 if os.environ.get("LUOT_LONG") else 300


def script(stats: Served, attributes: str = "") -> str:
    return f'<script defer src="{stats.base}/luot.js" data-site="demo" {attributes}></script>'


def views(stats: Served, path: str) -> int:
    pages = stats.get(f"/counters?site=demo&path={path}")["pages"]
    return int(pages[path]["views"])


def filtered(stats: Served, reason: str) -> int:
    with urllib.request.urlopen(f"{stats.base}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    found = [line for line in lines if line.startswith("luot_") and f'reason="{reason}"' in line]
    return sum(int(float(line.rpartition(" ")[2])) for line in found if "filtered" in line)


def test_a_page_is_counted_and_filled_by_one_request(
    stats: Served, pages: Pages, page: Page
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(pages.add("/one", PLACE + script(stats) + script(stats)))

    expect(page.locator("[data-luot]")).to_have_text("1")
    assert views(stats, "/one") == 1
    assert [url for url in asked if "hit" in url or "counters" in url] == [
        f"{stats.base}/hit?counters=1"
    ]
    added = "Object.keys(window).filter((name) => /luot/i.test(name))"
    assert page.evaluate(added) == ["luot"]
    assert page.evaluate("Object.isFrozen(luot)") is True


@pytest.mark.parametrize("event", ["visibilitychange", "prerenderingchange"])
def test_a_page_is_counted_when_it_is_first_seen(
    stats: Served, pages: Pages, page: Page, event: str
) -> None:
    page.add_init_script(HIDDEN)
    page.goto(pages.add(f"/{event}", PLACE + script(stats)))
    page.wait_for_function("window.luot")
    assert views(stats, f"/{event}") == 0
    for _ in range(2):
        page.evaluate(f"isSeen = true; document.dispatchEvent(new Event('{event}'))")

    expect(page.locator("[data-luot]")).to_have_text("1")
    assert views(stats, f"/{event}") == 1


def test_a_page_from_the_back_forward_cache_is_a_new_view(
    stats: Served, pages: Pages, page: Page
) -> None:
    pages.add("/bf-b", PLACE + script(stats))
    page.goto(pages.add("/bf-a", PLACE + script(stats)))
    expect(page.locator("[data-luot]")).to_have_text("1")
    page.evaluate("window.isSame = true")
    page.goto(f"{pages.base}/bf-b")
    expect(page.locator("[data-luot]")).to_have_text("1")
    page.go_back(wait_until="commit")

    assert page.evaluate("window.isSame") is True
    expect(page.locator("[data-luot]")).to_have_text("2")
    assert (views(stats, "/bf-a"), views(stats, "/bf-b")) == (2, 1)


def test_a_tab_that_the_browser_loads_again_the_next_day_is_a_view_and_a_visit_of_that_day(
    served: Served, pages: Pages, page: Page
) -> None:
    page.goto(pages.add("/kept", PLACE + script(served)))
    expect(page.locator("[data-luot]")).to_have_text("1")
    served.shift_clock(86_400)
    page.reload()

    expect(page.locator("[data-luot]")).to_have_text("2")
    told = served.get("/counters?site=demo&path=/kept")
    assert (1, 2) == (told["pages"]["/kept"]["today"], told["pages"]["/kept"]["visits"])
    assert (1, 1) == (told["views"]["today"], told["views"]["yesterday"])
    assert (1, 1) == (told["visitors"]["today"], told["visitors"]["yesterday"])


def test_an_application_of_one_page_is_counted_by_its_addresses(
    stats: Served, pages: Pages, page: Page
) -> None:
    page.goto(pages.add("/spa", PLACE + script(stats)))
    place = page.locator("[data-luot]")
    expect(place).to_have_text("1")
    for name in ("/spa-1", "/spa-2", "/spa-3"):
        with page.expect_response("**/hit?counters=1"):
            page.evaluate(f"history.pushState(null, '', '{name}')")
    page.evaluate("history.replaceState(null, '', '/spa-3')")
    page.evaluate("location.hash = 'part'")
    with page.expect_response("**/hit?counters=1"):
        page.evaluate("history.go(-2)")
    expect(place).to_have_text("2")

    found = [views(stats, name) for name in ("/spa", "/spa-1", "/spa-2", "/spa-3")]
    assert found == [1, 1, 2, 1]


def test_behind_a_hash_there_is_a_page_where_the_site_says_so(
    stats: Served, pages: Pages, page: Page
) -> None:
    page.goto(pages.add("/hash", PLACE + script(stats, "data-hash")))
    expect(page.locator("[data-luot]")).to_have_text("1")
    page.evaluate("location.hash = '/two'")

    # Without hash routing on the server both are views of one page.
    expect(page.locator("[data-luot]")).to_have_text("2")


def test_a_frame_is_no_view_unless_it_is_allowed(stats: Served, pages: Pages, page: Page) -> None:
    pages.add("/framed", PLACE + script(stats))
    pages.add("/allowed", PLACE + script(stats, "data-frames"))
    frames = '<iframe src="/framed"></iframe><iframe src="/allowed"></iframe>'
    page.goto(pages.add("/around", frames))

    expect(page.frame_locator("iframe").nth(0).locator("[data-luot]")).to_have_text("0")
    expect(page.frame_locator("iframe").nth(1).locator("[data-luot]")).to_have_text("1")
    assert (views(stats, "/framed"), views(stats, "/allowed")) == (0, 1)


def test_a_pixel_for_readers_without_script_counts_nothing_besides(
    stats: Served, pages: Pages, page: Page
) -> None:
    pixel = f'<noscript><img src="{stats.base}/hit.gif?site=demo&path=/noscript"></noscript>'
    page.goto(pages.add("/noscript", PLACE + script(stats) + pixel))

    expect(page.locator("[data-luot]")).to_have_text("1")
    assert views(stats, "/noscript") == 1


@pytest.mark.parametrize("is_told", ["by the browser", "to the page only"])
def test_a_reader_who_opts_out_is_a_reason_and_sees_the_numbers(
    stats: Served, pages: Pages, browser: Browser, is_told: str
) -> None:
    headers = {"Sec-GPC": "1"} if is_told == "by the browser" else {}
    context = browser.new_context(user_agent=CHROME, extra_http_headers=headers)
    context.add_init_script("Object.defineProperty(navigator, 'globalPrivacyControl', {value: 1})")
    page = context.new_page()
    bodies: list[Any] = []
    page.on("request", lambda r: bodies.append(r.post_data_json) if r.method == "POST" else None)
    path = f"/gpc-{len(headers)}"
    before = filtered(stats, "optout")
    address = pages.add(path, PLACE + script(stats))
    for _ in range(10):
        page.goto(address)
        expect(page.locator("[data-luot]")).to_have_text("0")

    assert views(stats, path) == 0
    until(lambda: filtered(stats, "optout") == before + 10)
    assert {frozenset(body) for body in bodies} == {frozenset({"site", "url", "path", "id"})}
    context.close()


def test_ones_own_visits_are_not_counted_while_one_says_so(
    stats: Served, pages: Pages, page: Page
) -> None:
    address = pages.add("/own", PLACE + script(stats))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method))
    for part in ("#luot-off", ""):
        page.goto("about:blank")
        page.goto(address + part)
        expect(page.locator("[data-luot]")).to_have_text("0")
    assert "POST" not in asked
    page.goto("about:blank")
    page.goto(f"{address}#luot-on")

    expect(page.locator("[data-luot]")).to_have_text("1")


def test_the_canonical_link_names_the_page_if_it_is_one_of_the_site(
    stats: Served, pages: Pages, page: Page
) -> None:
    rows = {"/c-1": "/canon", "/c-2": "https://other.example/c", "/c-3": "/", "/c-4": "http://["}
    for path, link in rows.items():
        page.goto(pages.add(path, f'<link rel="canonical" href="{link}">{PLACE}{script(stats)}'))
        expect(page.locator("[data-luot]")).to_have_text("1")

    found = [views(stats, path) for path in ("/canon", *rows)]
    assert found == [1, 0, 1, 1, 1]


def test_a_reader_who_was_cut_off_and_comes_back_is_one_view(
    stats: Served, pages: Pages, page: Page
) -> None:
    address = pages.add("/cut", PLACE + script(stats))
    page.route("**/hit?counters=1", lambda route: (route.fetch(), route.abort()))
    page.goto(address)
    page.wait_for_function("window.luot")
    until(lambda: views(stats, "/cut") == 1)
    page.context.set_offline(True)
    page.unroute("**/hit?counters=1")
    page.evaluate("dispatchEvent(new Event('pagehide'))")
    page.wait_for_timeout(OFFLINE_MS)
    with page.expect_response("**/hit?"):
        page.context.set_offline(False)

    expect(page.locator("[data-luot]")).to_have_text("1")
    assert views(stats, "/cut") == 1


def test_events_clicks_and_attention_travel_as_they_happen(
    stats: Served, pages: Pages, page: Page
) -> None:
    page.on("request", lambda r: sent.append(r.post_data_json) if r.url.endswith("/hit?") else None)
    sent: list[Any] = []
    body = (
        '<button data-luot-event="vote" data-luot-prop-side="yes">+</button>'
        '<a href="/plan.pdf" download>plan</a><a id="out" href="https://other.example/x?q=1">x</a>'
    )
    page.goto(pages.add("/acts", PLACE + body + script(stats, 'data-track="clicks engagement"')))
    expect(page.locator("[data-luot]")).to_have_text("1")
    page.evaluate("addEventListener('click', (event) => event.preventDefault())")
    page.wait_for_function("document.adoptedStyleSheets.length > 0")
    for name in ("button", "a[download]", "#out"):
        page.click(name)
    page.wait_for_timeout(1_200)
    page.evaluate("dispatchEvent(new Event('pagehide'))")
    # Looking at the page lets its requests be heard of.
    until(lambda: page.title() and len(sent) == 4)

    told = [(one["event"], one.get("props")) for one in sent[:3]]
    assert told == [
        ("vote", {"side": "yes"}),
        ("download", {"url": f"{pages.base}/plan.pdf"}),
        ("outbound", {"url": "https://other.example/x"}),
    ]
    assert sent[3]["event"] == "engagement"
    assert 1 <= sent[3]["seconds"] <= 5
    assert sent[3]["scroll"] == 100
    assert views(stats, "/acts") == 1
