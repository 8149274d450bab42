"""
The scripts of GoatCounter, busuanzi's successor and vercount, of which only the host is another's.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from service.dimensions import Dimension
from service.door_settings import Door
from tests.chromium import installed
from tests.conftest import CHROME
from tests.npm import Package
from tests.pages import Beside, Pages, beside, pages
from tests.scripts import Script
from tests.servers import until

pytestmark = pytest.mark.skipif(
    installed() is None, reason="NO CHROMIUM: THE BROWSER TESTS ARE SKIPPED"
)

_GOATCOUNTER = "github.com/arp242/goatcounter, public/"

#: The version that is frozen, and the newest of August 2026.
COUNT = [
    Script(
        "count.v5.js",
        _GOATCOUNTER,
        "9e4391f5c18cb24de433b6ef31d8b1f1c85ee41c6f0ad274b28664168063725a",
    ),
    Script(
        "count.js",
        _GOATCOUNTER,
        "792b7abd26c1fb6ae62906833e09a301251e2641816e69e4f95aba518f3fe3f0",
    ),
]
SOXFT = Script(
    "busuanzi.js",
    "github.com/soxft/busuanzi, dist/",
    "a15b91dbd7ce9ce8eb5b6ca426832552546db985424813ae1ba90d4e7b8ae7ef",
)
SOXFT_JSONP = Script(
    "busuanzi.jsonp.js",
    "github.com/soxft/busuanzi, dist/",
    "72b2467f5b9af18b14b1f940874e2b47e8b8d7b4c0e6eb997d94dde74bef041d",
)
VERCOUNT = Script(
    "client.min.js",
    "github.com/EvanNotFound/vercount, apps/web/public/js/",
    "5560b65d70cf2d04cda8acbd73198342e0c390882e8a05fb073f49b681542873",
)
VERCOUNT_REACT = Package(
    "vercount-react",
    "0.1.4",
    "DE4ZeEnGtxmQvd+RuL3aKbnGI2BMSQZpdzH5GQfRKBVj6yuDrJ15Wr7YoxjSWozl8m7cs+arLqBDSoDZ7Fqvjw==",
)
REACT = Package(
    "react",
    "18.3.1",
    "wS+hAgJShR0KhEvPJArfuPVN1+Hz1t0Y6n5jLrGQbkb4urgPE/0Rve+1kMB1v/oWgHgm4WIcV+i7F2pTVj+2iQ==",
)
REACT_DOM = Package(
    "react-dom",
    "18.3.1",
    "5m4nQKp+rZRb09LNH59GM4BxTh9251/ylbKIbpe7TpGxfJ+9kv6BLkLBXIjjspbgbnIBNqlI23tRnTWT0snUIw==",
)

#: The service that vercount's scripts name themselves.
VERCOUNT_HOST = "https://events.vercount.one"


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, object]:
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
    # GoatCounter's script asks the browser whether it is driven by a machine.
    reader = ["--disable-blink-features=AutomationControlled", "--disable-component-update"]
    return {"executable_path": installed(), "args": [*quiet, *reader]}


@pytest.fixture(scope="session")
def browser_context_args() -> dict[str, object]:
    return {"user_agent": CHROME}


@pytest.fixture(scope="module")
def luot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beside]:
    site = {"doors": [str(d) for d in Door]}
    with beside(tmp_path_factory.mktemp("luot"), site=site) as running:
        yield running


@pytest.fixture(scope="module")
def site() -> Iterator[Pages]:
    with pages() as running:
        yield running


@pytest.fixture(scope="module")
def cache(request: pytest.FixtureRequest) -> Path:
    return request.config.cache.mkdir("npm")


def come(page: Page, site: Pages, path: str, html: str) -> None:
    """
    The reader follows a link from another page to this one.
    """
    address = site.add(path, html)
    before = f'<link rel="icon" href="data:,"><title>Before</title><a href="{address}">on</a>'
    page.goto(site.add("/before", before))
    page.click("a")
    page.wait_for_url(address)


def add_script(site: Pages, path: str, text: str) -> None:
    site.known[path] = "text/javascript", text.encode()


@pytest.mark.parametrize("script", COUNT, ids=lambda script: script.name)
def test_goatcounters_script(luot: Beside, site: Pages, page: Page, script: Script) -> None:
    add_script(site, "/count.js", script.text())
    told = """data-goatcounter-settings='{"allow_local": true}' src="/count.js" async"""
    path, click = f"/goat-{script.name}", f"click-{script.name}"
    html = f"""<!DOCTYPE html><meta charset="utf-8"><link rel="icon" href="data:,">
      <title>Tin số 1</title>
      <button data-goatcounter-click="{click}" title="Ext">on</button>
      <p id="html"></p><p id="svg"></p><p id="png"></p>
      <script data-goatcounter="{luot.base}/count" {told}></script>"""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    come(page, site, path, html)
    until(lambda: luot.has_views(path), 10)

    assert luot.pages()[path] == (1, "Tin số 1")
    assert luot.values(Dimension.REFERRER_PAGE, path) == {"(internal)": 1}

    # A click is an event of that name, and no view.
    events = luot.events()
    page.click("button")
    until(lambda: luot.events() == events + 1, 10)
    assert luot.pages()[path] == (1, "Tin số 1")

    # The number stands in the page in each of its forms.
    for kind in ("html", "svg", "png"):
        page.evaluate(f"goatcounter.visit_count({{type: '{kind}', append: '#{kind}'}})")
    expect(page.frame_locator("#html iframe").locator("body")).to_contain_text("1")
    for kind in ("svg", "png"):
        seen = f"document.querySelector('#{kind} img').naturalWidth > 0"
        page.wait_for_function(seen, timeout=5_000)

    # And its JSON is for scripts.
    ask = """async address => (await (await fetch(address)).json()).count"""
    address = f"{luot.base}/counter/{path.replace('/', '%2F')}.json"
    assert page.evaluate(ask, address) == "1"
    assert said == []


PLACES = """<meta charset="utf-8"><title>Tin</title>
  <i id="busuanzi_container_page_pv" style="display:none"><b id="busuanzi_page_pv"></b></i>
  <b id="busuanzi_page_uv"></b><b id="busuanzi_site_pv"></b><b id="busuanzi_site_uv"></b>
  <script src="/soxft.js" data-api="{api}" pjax></script>"""


@pytest.mark.parametrize(
    ("script", "api"), [(SOXFT, "/api"), (SOXFT_JSONP, "/jsonp")], ids=["api", "jsonp"]
)
def test_the_scripts_of_busuanzis_successor(
    luot: Beside, site: Pages, page: Page, script: Script, api: str
) -> None:
    add_script(site, "/soxft.js", script.text())
    path = f"/soxft{api}"
    come(page, site, path, f"<body>{PLACES.format(api=luot.base + api)}")

    expect(page.locator("#busuanzi_page_pv")).to_have_text("1")
    expect(page.locator("#busuanzi_page_uv")).to_have_text("1")
    expect(page.locator("#busuanzi_site_pv")).not_to_be_empty()
    expect(page.locator("#busuanzi_container_page_pv")).to_have_css("display", "inline")
    assert luot.pages()[path] == (1, None)

    # A page that only changes its address is another page.
    page.evaluate(f"history.pushState({{}}, '', '{path}-next')")
    until(lambda: luot.has_views(f"{path}-next"), 10)
    assert luot.pages()[path] == (1, None)


def test_vercounts_script(luot: Beside, site: Pages, page: Page) -> None:
    text = VERCOUNT.text()
    assert text.count(VERCOUNT_HOST) == 1
    add_script(site, "/vercount.js", text.replace(VERCOUNT_HOST, luot.base))
    html = """<title>Tin</title><b id="vercount_value_page_pv"></b>
      <b id="busuanzi_value_site_pv"></b><i id="vercount_container_site_uv" style="display:none">
      <b id="vercount_value_site_uv"></b></i><script defer src="/vercount.js"></script>"""
    come(page, site, "/vercount-script", html)

    expect(page.locator("#vercount_value_page_pv")).to_have_text("1")
    expect(page.locator("#busuanzi_value_site_pv")).not_to_be_empty()
    expect(page.locator("#vercount_container_site_uv")).to_be_visible()
    assert luot.pages()["/vercount-script"] == (1, None)

    page.reload()
    expect(page.locator("#vercount_value_page_pv")).to_have_text("2")
    assert luot.pages()["/vercount-script"] == (2, None)


def test_vercounts_hook_for_react(luot: Beside, site: Pages, page: Page, cache: Path) -> None:
    text = (VERCOUNT_REACT.folder(cache) / "dist" / "index.js").read_text(encoding="utf-8")
    add_script(site, "/vercount-react.js", text.replace(VERCOUNT_HOST, luot.base))
    for package, name in ((REACT, "react"), (REACT_DOM, "react-dom")):
        file = package.folder(cache) / "umd" / f"{name}.production.min.js"
        site.add_file(f"/{name}.js", file)
    add_script(site, "/hooks.js", "export const {useState, useRef, useEffect} = window.React;")
    html = """<title>Tin</title><div id="root"></div>
      <script src="/react.js"></script><script src="/react-dom.js"></script>
      <script type="importmap">{"imports": {"react": "/hooks.js"}}</script>
      <script type="module">
      import {useVercount} from "/vercount-react.js";
      const Count = () => React.createElement("b", {id: "n"}, useVercount().pagePv);
      ReactDOM.createRoot(document.getElementById("root")).render(React.createElement(Count));
      </script>"""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    come(page, site, "/vercount-react", html)

    expect(page.locator("#n")).to_have_text("1")
    assert luot.pages()["/vercount-react"] == (1, None)
    # It warns when the header that it sends is not let through, and asks a second time.
    assert [line for line in said if "CORS" in line] == []
