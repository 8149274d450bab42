"""
The dashboard in a real browser: what strangers wrote is text, everybody can read it, and it is
whole without script.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from werkzeug.serving import make_server

from service.archive.share_links import create_link
from service.archive.tokens import Scope, create_token
from tests import servers
from tests.chromium import installed
from tests.conftest import CHROME, Luot, MakeLuot, SetClock

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(installed() is None, reason="NO CHROMIUM: THE BROWSER TESTS ARE SKIPPED"),
]

#: What strangers write: each may stand in a path, a title, a referrer, a campaign, a name.
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{7*7}}${7*7}",
    "' onmouseover='alert(1)",
    "</title><svg/onload=alert(1)>",
    "javascript:alert(1)",
    "=cmd|' /C calc'!A0",
    "]]><!--&#x6a;&xxe;",
    "\u202egnp.exe\u200b",
    "x" * 120,
)

#: Pages of a site, each with what it needs to be asked.
TAILS = (
    "",
    "?period=today&compare=previous_year&metric=visitors",
    "?period=all&sources=referrer_page&content=author&reading=entry_page",
    "/top/pages",
    "/top/campaign",
    "/top/event",
    "/report?month=2026-11",
)

#: Told to the test by the browser whenever the policy stopped something.
WATCH = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error("POLICY " + event.violatedDirective + " " + event.blockedURI));
"""


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, object]:
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
    return {"executable_path": installed(), "args": [*quiet, "--disable-component-update"]}


@dataclass
class Shown:
    """
    A Luot that a browser can reach, with hostile readers behind it.
    """

    luot: Luot
    base: str
    token: str
    link: str


@dataclass
class Seen:
    """
    What a browser had to say.
    """

    dialogs: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    with servers.valkey() as valkey:
        yield from _shown(tmp_path_factory.mktemp("luot"), valkey)


def _shown(folder: Path, valkey: servers.Valkey) -> Iterator[Shown]:
    clock = SetClock()
    clock.set("2026-11-22T12:00:00Z")
    make = MakeLuot(folder, valkey.url, clock)
    site = {"name": "Site <b>one</b>", "locale": "vi"}
    luot = make(site=site, sites={"s2": {"name": "Two", "hosts": ["s2.example"]}})
    for number, text in enumerate(HOSTILE):
        write(luot, text, f"203.0.113.{number}")
    luot.hit(headers={"DNT": "1"})
    luot.snapshot()
    now, database = clock.ms, luot.runtime.database
    server = make_server("127.0.0.1", 0, luot.http.application, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    token = create_token(database, "*", Scope.ADMIN, now)
    link = create_link(database, "s1", HOSTILE[0], now)
    yield Shown(luot, f"http://127.0.0.1:{server.server_port}", token, link)
    server.shutdown()
    thread.join()
    server.server_close()
    make.close()


def write(luot: Luot, text: str, address: str) -> None:
    """
    A reader whose every word is this text.
    """
    told: dict[str, Any] = {"title": text, "section": text, "author": text, "tags": [text[:64]]}
    url = f"https://s1.example/?utm_source={quoted(text)}&utm_campaign={quoted(text)}"
    page = f"/{text}"
    assert luot.hit(page, url=url, address=address, **told).status_code == 204
    referrer = f"https://evil.example/{quoted(text)}"
    assert luot.hit(page, referrer=referrer, address=address, **told).status_code == 204
    assert luot.hit(page, event=text[:64], address=address, **told).status_code == 204


def quoted(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


@pytest.fixture(scope="module")
def signed(shown: Shown, browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(user_agent=CHROME, locale="en-GB")
    context.add_init_script(WATCH)
    page = context.new_page()
    page.goto(f"{shown.base}/sign-in?next=/sites/s1")
    page.fill("#token", shown.token)
    page.click("main button")
    page.wait_for_url("**/sites/s1")
    page.close()
    yield context
    context.close()


def opened(context: BrowserContext) -> tuple[Page, Seen]:
    """
    A page that tells what should never be there.
    """
    page, seen = context.new_page(), Seen()

    def refuse(dialog: Any) -> None:
        seen.dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", refuse)
    page.on("console", lambda message: seen.said.append(message.text))
    page.on("pageerror", lambda error: seen.said.append(str(error)))
    return page, seen


def links(page: Page, part: str) -> list[str]:
    found = page.eval_on_selector_all(f"a[href*='{part}']", "all => all.map((a) => a.href)")
    return list(dict.fromkeys(found))


def test_what_strangers_wrote_is_text_on_every_page(shown: Shown, signed: BrowserContext) -> None:
    page, seen = opened(signed)
    deeper: list[str] = []
    texts: list[str] = []
    for tail in TAILS:
        page.goto(f"{shown.base}/sites/s1{tail}")
        texts.append(page.inner_text("main"))
        deeper += links(page, "/value?")[:5] + links(page, "/page?")[-3:]
    for path in ["/", "/sites/s1/sharing", "/sites/s2"]:
        page.goto(f"{shown.base}{path}")
    for url in dict.fromkeys(deeper):
        page.goto(url)
        assert page.title()
        texts.append(page.inner_text("main"))
    everything = "\n".join(texts)

    assert [] == seen.dialogs
    assert [] == seen.said
    assert [] == [text for text in HOSTILE if text not in everything]
    assert len(set(deeper)) >= 15


def test_a_hostile_title_is_shown_as_it_was_sent(shown: Shown, signed: BrowserContext) -> None:
    page, seen = opened(signed)
    page.goto(f"{shown.base}/sites/s1/top/pages")
    told = page.eval_on_selector_all("tbody th a", "all => all.map((a) => a.textContent)")

    assert sorted(HOSTILE) == sorted(told)
    assert [] == seen.dialogs + seen.said


def axe() -> str:
    """
    The checker's script, from the package that ships it.
    """
    spec = find_spec("axe_playwright_python")
    assert spec is not None
    assert spec.origin is not None
    (script,) = Path(spec.origin).parent.rglob("axe.min.js")
    return script.read_text(encoding="utf-8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page(shown: Shown, signed: BrowserContext, scheme: Any) -> None:
    page = signed.new_page()
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    tails = (*TAILS, "/page?path=/{{7*7}}${7*7}", "/value?dimension=source&value=evil.example")
    paths = [f"/sites/s1{tail}" for tail in tails]
    paths += ["/", "/sites/s1/sharing", "/sign-in", "/sites/none", f"/share/{shown.link}"]
    script, found = axe(), []
    for path in paths:
        page.goto(f"{shown.base}{path}")
        page.evaluate("() => document.querySelectorAll('details').forEach((d) => (d.open = true))")
        page.evaluate(script)
        told = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
        found += [
            (path, row["id"], row["nodes"][0]["html"][:200])
            for row in told["violations"]
            if row["impact"] in {"serious", "critical"}
        ]
    page.close()

    assert [] == found


def test_the_dashboard_is_whole_without_script(shown: Shown, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False, user_agent=CHROME, locale="vi-VN")
    page = context.new_page()
    page.goto(f"{shown.base}/sites/s1?period=last_7_days")
    page.fill("#token", shown.token)
    page.click("main button")
    page.wait_for_url("**/sites/s1?period=last_7_days")
    assert page.locator("html").get_attribute("lang") == "vi"
    assert "20" in page.inner_text(".tile.chosen b")
    page.click(".menu summary >> nth=0")
    page.click("text=90 ngày qua")
    assert "period=last_90_days" in page.url
    page.click(".tile >> nth=1 >> a")
    page.click("#card-devices .tabs a >> nth=1")
    assert {"period", "metric", "devices"} == set(re.findall(r"[?&](\w+)=", page.url))
    page.click(".table summary")
    assert page.locator(".table tbody tr").count() == 90
    page.click("#card-devices .rows a >> nth=0")
    assert "value?" in page.url
    page.click("text=Đăng xuất")
    page.wait_for_url("**/sign-in")
    context.close()


def test_with_script_a_chart_tells_its_numbers_and_tabs_change_in_place(
    shown: Shown, signed: BrowserContext
) -> None:
    page, seen = opened(signed)
    page.goto(f"{shown.base}/sites/s1?lang=en")
    page.focus(".plot")
    page.keyboard.press("End")
    assert page.inner_text(".told").startswith("Sunday, 22 November 2026: 20")
    page.keyboard.press("ArrowLeft")
    assert page.inner_text(".told").startswith("Saturday, 21 November 2026: 0")
    page.hover(".plot svg >> nth=0", position={"x": 2, "y": 20})
    assert page.inner_text(".told").startswith("Saturday, 24 October 2026")
    page.evaluate("() => (window.same = true)")
    page.click("#card-devices .tabs a >> nth=1")
    page.wait_for_selector("#card-devices .tabs a:nth-child(2)[aria-current]")
    assert page.evaluate("() => window.same") is True
    assert "devices=browser" in page.url
    page.click(".menu summary >> nth=0")
    page.keyboard.press("Escape")
    assert page.locator(".menu[open]").count() == 0

    assert [] == seen.dialogs + seen.said


@pytest.mark.parametrize("width", [360, 768])
def test_no_page_is_wider_than_a_telephone(
    shown: Shown, signed: BrowserContext, width: int
) -> None:
    page = signed.new_page()
    page.set_viewport_size({"width": width, "height": 800})
    too_wide = []
    tails = (*TAILS, "/page?path=/{{7*7}}${7*7}", "/sharing")
    for path in [f"/sites/s1{tail}" for tail in tails] + ["/", "/sign-in", "/sites/none"]:
        page.goto(f"{shown.base}{path}")
        needed = page.evaluate("() => document.documentElement.scrollWidth")
        if needed > width:
            too_wide.append((path, needed))
    page.close()

    assert [] == too_wide


def test_a_link_is_made_used_and_revoked_in_the_browser(
    shown: Shown, signed: BrowserContext, browser: Browser
) -> None:
    page, seen = opened(signed)
    page.goto(f"{shown.base}/sites/s1/sharing?lang=en")
    page.fill("#name", "the mayor")
    page.click("text=Make a link")
    secret = page.inner_text(".secret")
    guest = browser.new_context(user_agent=CHROME)
    visit = guest.new_page()
    visit.goto(secret)
    assert visit.locator(".tile").count() >= 5
    visit.click("#card-reading .rows a >> nth=0")
    assert "/share/" in visit.url
    assert guest.cookies() == []
    page.click("tr:has-text('the mayor') button")
    page.wait_for_url("**/sharing")
    answer = visit.goto(secret)

    assert answer is not None
    assert answer.status == 404
    assert [] == seen.dialogs + seen.said
    guest.close()
