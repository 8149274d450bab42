"""
Other people's scripts, unmodified, on pages that have moved: each view arrives once, and right.
"""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from service.dimensions import Dimension
from service.door_settings import Door
from tests.chromium import installed
from tests.conftest import CHROME
from tests.npm import Package
from tests.pages import Beside, Pages, beside, pages
from tests.servers import until

PLAUSIBLE_OLD = Package(
    "plausible-tracker",
    "0.3.9",
    "hMhneYm3GCPyQon88SZrVJx+LlqhM1kZFQbuAgXPoh/Az2YvO1B6bitT9qlhpiTdJlsT5lsr3gPmzoVjb5CDXA==",
)
PLAUSIBLE = Package(
    "@plausible-analytics/tracker",
    "0.4.6",
    "nbu6xGgSP6jeYuoVklZBzucUnIpo75tVu3Kr+R0EDycVKaMC/jF5Q/YCaM/8gR4fPZ1IDcXt6FdBJFZ1uZwEPA==",
)
UMAMI = Package(
    "@umami/node",
    "0.4.0",
    "pyphprbiF7KiDSc+SWZ4/rVM8B5vU27zIiFfEPj2lEqczpI4xAKSp+dM3tlzyRAWJL32fcbCfAaLGhJZQV13Rg==",
)
MATOMO = Package(
    "matomo-tracker",
    "2.2.4",
    "7fDy4wRhDQ1dnSxVqmnVqmmos9ACKag0fCBtBD3/Qeoqks7MFqXcO35nfS6S8xU/IXNf7534q/4Gx8fuWKYW6A==",
)
BUSUANZI = Package(
    "busuanzi.pure.js",
    "1.0.3",
    "tPULdyx+8NNb9geZYDpktKmHAYx9f2LEOBaHyWCaM7iPEMIa/43KgYAUluuU7YG9UFSOFpj4dO7Nj2Vlu3V9Rg==",
)

WEBSITE = "b59e9c65-ae32-47f1-8400-119fcf4861c4"

browser = pytest.mark.skipif(
    installed() is None, reason="NO CHROMIUM: THE BROWSER TESTS ARE SKIPPED"
)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, object]:
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
    return {"executable_path": installed(), "args": [*quiet, "--disable-component-update"]}


@pytest.fixture(scope="session")
def browser_context_args() -> dict[str, object]:
    return {"user_agent": CHROME}


@pytest.fixture(scope="module")
def luot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beside]:
    site = {"doors": [str(d) for d in Door], "umami_id": WEBSITE, "matomo_id": 7}
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
    page.goto(site.add("/before", f'<title>Before</title><a href="{address}">on</a>'))
    page.click("a")
    page.wait_for_url(address)


def check(luot: Beside, path: str, title: str | None) -> None:
    """
    The view of a page has arrived once, with its title, from a page of the same site.
    """
    until(lambda: luot.has_views(path), 10)
    assert luot.pages()[path] == (1, title)
    assert luot.values(Dimension.REFERRER_PAGE, path) == {"(internal)": 1}


@browser
def test_plausibles_first_tracker(luot: Beside, site: Pages, page: Page, cache: Path) -> None:
    folder = PLAUSIBLE_OLD.folder(cache) / "build" / "module"
    for name in ("index", "lib/tracker", "lib/request"):
        site.add_file(f"/old/{name}", folder / f"{name}.js")
    html = f"""<title>Tin</title><script type="module">
      import Plausible from "/old/lib/tracker";
      const told = {{domain: "localhost", apiHost: "{luot.base}", trackLocalhost: true}};
      const {{trackPageview, trackEvent}} = Plausible(told);
      trackPageview();
      trackEvent("signup", {{props: {{plan: "a"}}, callback: () => document.title = "told"}});
      </script>"""
    come(page, site, "/plausible-old", html)
    expect(page).to_have_title("told")

    check(luot, "/plausible-old", None)
    assert luot.events() >= 1


@browser
def test_plausibles_tracker(luot: Beside, site: Pages, page: Page, cache: Path) -> None:
    site.add_file("/plausible.js", PLAUSIBLE.folder(cache) / "plausible.js")
    html = f"""<title>Tin</title><script type="module">
      import {{init}} from "/plausible.js";
      init({{domain: "localhost", endpoint: "{luot.base}/api/event", captureOnLocalhost: true}});
      </script>"""
    come(page, site, "/plausible", html)
    check(luot, "/plausible", None)

    # A page that only changes its address is another page.
    page.evaluate("history.pushState({}, '', '/plausible-next')")
    until(lambda: luot.has_views("/plausible-next"), 10)
    assert luot.pages()["/plausible"] == (1, None)
    assert luot.pages()["/plausible-next"] == (1, None)


@browser
def test_busuanzis_script(luot: Beside, site: Pages, page: Page, cache: Path) -> None:
    def move(route: Route) -> None:
        rest = route.request.url.partition("busuanzi.ibruce.info")[2]
        route.continue_(url=luot.base + rest)

    # The script names its service itself; in a page that moves, this is the one change.
    page.route("**://busuanzi.ibruce.info/**", move)
    script = (BUSUANZI.folder(cache) / "busuanzi.pure.js").read_text(encoding="utf-8")
    html = f"""<title>Tin</title><meta name="referrer" content="no-referrer-when-downgrade">
      <i id="busuanzi_container_page_pv" style="display:none">
      <b id="busuanzi_value_page_pv"></b></i>
      <b id="busuanzi_value_site_pv"></b><b id="busuanzi_value_site_uv"></b>
      <script>var module = {{}};</script><script>{script}</script>"""
    come(page, site, "/busuanzi-page", html)
    expect(page.locator("#busuanzi_value_page_pv")).to_have_text("1")

    expect(page.locator("#busuanzi_container_page_pv")).to_be_visible()
    expect(page.locator("#busuanzi_value_site_pv")).not_to_be_empty()
    expect(page.locator("#busuanzi_value_site_uv")).not_to_be_empty()
    assert luot.pages()["/busuanzi-page"] == (1, None)


@browser
def test_a_page_as_goatcounter_tells_to_write_it(luot: Beside, site: Pages, page: Page) -> None:
    # The pixel for pages with a script of their own, and the number beside the article.
    html = f"""<title>Tin</title><b id="stats"></b><script>
      var query = new URLSearchParams({{p: location.pathname, t: document.title,
        r: document.referrer, s: [screen.width, screen.height, devicePixelRatio],
        rnd: Math.random().toString(36).slice(2, 7)}});
      navigator.sendBeacon("{luot.base}/count?" + query);
      function show() {{
        var r = new XMLHttpRequest();
        r.addEventListener("load", function() {{
          document.querySelector("#stats").innerText = JSON.parse(this.responseText).count
        }});
        r.open("GET", "{luot.base}/counter/" + encodeURIComponent(location.pathname) + ".json");
        r.send();
      }}</script>"""
    come(page, site, "/goatcounter", html)
    check(luot, "/goatcounter", "Tin")
    page.evaluate("show()")

    expect(page.locator("#stats")).to_have_text("1")


@browser
def test_a_page_with_goatcounters_pixel(luot: Beside, site: Pages, page: Page) -> None:
    html = f'<title>Tin</title><img src="{luot.base}/count?p=/goatcounter-image&amp;t=Tin">'
    come(page, site, "/goatcounter-image", html)
    until(lambda: luot.has_views("/goatcounter-image"), 10)

    assert luot.pages()["/goatcounter-image"] == (1, "Tin")


@browser
def test_a_page_as_vercount_tells_to_write_it(luot: Beside, site: Pages, page: Page) -> None:
    # The tag of its documentation with another host: its script's place is Luot's own.
    html = f"""<meta charset="utf-8"><title>Tin</title>
      <span id="vercount_value_page_pv">Loading</span> <span id="vercount_value_site_pv">x</span>
      <i id="vercount_container_site_uv" style="display:none">
      <span id="vercount_value_site_uv">x</span></i>
      <span id="busuanzi_value_page_pv">Loading</span>
      <script defer src="{luot.base}/js"></script>"""
    come(page, site, "/vercount", html)
    expect(page.locator("#vercount_value_page_pv")).to_have_text("1")

    expect(page.locator("#busuanzi_value_page_pv")).to_have_text("1")
    expect(page.locator("#vercount_container_site_uv")).to_be_visible()
    check(luot, "/vercount", "Tin")


@browser
def test_a_page_that_logs_itself_at_vercount(luot: Beside, site: Pages, page: Page) -> None:
    html = f"""<title>Tin</title><b id="n"></b><script>
      fetch("{luot.base}/api/v2/log", {{method: "POST",
        headers: {{"Content-Type": "application/json"}},
        body: JSON.stringify({{url: location.href, isNewUv: true}})}})
        .then(r => r.json()).then(r => document.getElementById("n").textContent = r.data.page_pv);
      </script>"""
    come(page, site, "/vercount-log", html)

    expect(page.locator("#n")).to_have_text("1")
    assert luot.pages()["/vercount-log"] == (1, None)


# Luot's own script for pages with the others' places

PLACES = """<meta charset="utf-8"><title>{title}</title><i id="busuanzi_container_page_pv"
  style="display:none">read <b id="busuanzi_value_page_pv">–</b></i>
  <b id="busuanzi_page_pv">–</b> <b id="vercount_value_page_pv">–</b>
  <b id="busuanzi_value_site_pv">–</b> <b id="busuanzi_site_uv">–</b> <b id="own_page_pv">–</b>
  <script async data-prefix="own" src="{base}/busuanzi.js"></script>"""


@browser
def test_every_article_shows_its_own_number(luot: Beside, site: Pages, page: Page) -> None:
    # With the policy that browsers have of themselves, which leaves only the host in Referer.
    first = site.add("/bsz/1?id=1", PLACES.format(title="One", base=luot.base))
    site.known["/bsz/1"] = site.known.pop("/bsz/1?id=1")
    second = site.add("/bsz/2", PLACES.format(title="Two", base=luot.base))
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    for n in (1, 2):
        page.goto(first)
        expect(page.locator("#busuanzi_value_page_pv")).to_have_text(str(n))
    page.goto(second)
    expect(page.locator("#busuanzi_value_page_pv")).to_have_text("1")

    for place in ("busuanzi_page_pv", "vercount_value_page_pv", "own_page_pv"):
        expect(page.locator(f"#{place}")).to_have_text("1")
    expect(page.locator("#busuanzi_container_page_pv")).to_have_css("display", "inline")
    expect(page.locator("#busuanzi_value_site_pv")).not_to_have_text("–")
    expect(page.locator("#busuanzi_site_uv")).not_to_have_text("–")
    pages_now = luot.pages()
    assert (pages_now["/bsz/1?id=1"], pages_now["/bsz/2"]) == ((2, "One"), (1, "Two"))
    assert said == []


@browser
def test_with_the_service_away_the_places_stay(luot: Beside, site: Pages, page: Page) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.route("**/busuanzi", lambda route: route.abort())
    with page.expect_event("requestfailed"):
        page.goto(site.add("/bsz/away", PLACES.format(title="Away", base=luot.base)))

    assert page.text_content("#busuanzi_value_page_pv") == "–"
    expect(page.locator("#busuanzi_container_page_pv")).to_have_css("display", "none")
    assert errors == []

    # It comes back, and the same view is counted once.
    page.unroute("**/busuanzi")
    expect(page.locator("#busuanzi_value_page_pv")).to_have_text("1")
    assert luot.pages()["/bsz/away"] == (1, "Away")


@browser
def test_a_page_that_changes_its_address_is_another_page(
    luot: Beside, site: Pages, page: Page
) -> None:
    html = PLACES.format(title="Pjax", base=luot.base).replace("async", 'async data-pjax="1"')
    page.goto(site.add("/bsz/pjax", html.replace("async", 'async data-style="comma"')))
    expect(page.locator("#busuanzi_value_page_pv")).to_have_text("1")
    for _ in range(2):
        page.evaluate("document.getElementById('busuanzi_value_page_pv').textContent = '–'")
        page.evaluate("history.pushState({}, '', '/bsz/pjax-next?utm_source=x')")
        expect(page.locator("#busuanzi_value_page_pv")).not_to_have_text("–")
        page.evaluate("history.replaceState({}, '', '/bsz/elsewhere')")

    counted = luot.pages()
    assert (counted["/bsz/pjax"][0], counted["/bsz/pjax-next"][0]) == (1, 2)


@browser
@pytest.mark.parametrize(
    "tag",
    [
        f'src="{{base}}/script.js" data-website-id="{WEBSITE}"',
        'src="{base}/js/script.hash.outbound-links.js" data-domain="localhost"',
        'src="{base}/count.js" data-goatcounter="{base}/count"',
    ],
    ids=["umami", "plausible", "goatcounter"],
)
def test_a_tag_of_which_only_the_host_was_changed(
    luot: Beside, site: Pages, page: Page, tag: str, request: pytest.FixtureRequest
) -> None:
    if page.request.get(f"{luot.base}/script.js").status == 404:
        pytest.skip("there is no luot.js")
    path = f"/tag/{request.node.callspec.id}"
    come(
        page, site, path, f"<title>Tin</title><script defer {tag.format(base=luot.base)}></script>"
    )

    check(luot, path, "Tin")


def node(code: str, **told: object) -> str:
    """
    What a script prints.
    """
    done = subprocess.run(
        ["node", "-e", code, json.dumps(told)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_umamis_client_for_servers(luot: Beside, site: Pages, cache: Path) -> None:
    code = """
      const told = JSON.parse(process.argv[1]);
      const {Umami} = require(told.package);
      const client = new Umami({websiteId: told.website, hostUrl: told.base});
      const page = {url: "/umami-node?id=7", title: "Tin", hostname: "localhost",
        referrer: "/before", screen: "1366x768", language: "vi-VN"};
      client.track(page).then(r => r.json()).then(async first => {
        const second = await client.track("signup", {plan: "a"});
        await client.identify({a: 1});
        console.log(Object.keys(first).join(), second.status);
      });"""
    events = luot.events()
    where = {"package": str(UMAMI.folder(cache)), "website": WEBSITE, "base": luot.base}
    said = node(code, **where)

    assert said == "cache,sessionId,visitId 200"
    check(luot, "/umami-node?id=7", "Tin")
    assert luot.events() == events + 1
    assert site.base


def test_matomos_client_for_servers(luot: Beside, site: Pages, cache: Path) -> None:
    code = """
      const told = JSON.parse(process.argv[1]);
      const Tracker = require(told.package);
      const client = new Tracker(7, told.base + "/matomo.php");
      client.on("error", error => { console.log("error", error); process.exit(1); });
      const reader = {cip: "192.0.2.20", ua: told.agent, token_auth: told.token};
      const view = n => ({url: told.page + "/matomo-" + n, action_name: "Tin " + n,
        urlref: told.page + "/before", ...reader});
      client.trackBulk([view(1), view(2)], console.log);"""
    told = {"package": str(MATOMO.folder(cache)), "base": luot.base, "page": site.base}
    said = node(code, **told, agent=CHROME, token=luot.token())

    assert json.loads(said) == {"status": "success", "tracked": 2, "invalid": 0}
    check(luot, "/matomo-1", "Tin 1")
    check(luot, "/matomo-2", "Tin 2")


def test_matomos_client_without_a_token_is_the_machine_that_it_is(
    luot: Beside, site: Pages, cache: Path
) -> None:
    code = """
      const told = JSON.parse(process.argv[1]);
      const Tracker = require(told.package);
      const client = new Tracker(7, told.base + "/matomo.php");
      // The process ends with its answer, not with the connection.
      client.agent.globalAgent.keepAlive = false;
      client.on("error", error => console.log("error", error));
      client.track({url: told.page + "/matomo-machine", action_name: "Tin"});"""
    told = {"package": str(MATOMO.folder(cache)), "base": luot.base, "page": site.base}

    assert node(code, **told) == ""
    assert "/matomo-machine" not in luot.pages()
