"""
Numbers of many pages at once, and numbers that tick: what they cost the service.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.chromium import installed
from tests.conftest import CHROME
from tests.journeys.pages import Pages
from tests.journeys.serving import Served, free_port
from tests.journeys.test_tracker_counting import script
from tests.servers import until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(installed() is None, reason="NO CHROMIUM: THE BROWSER TESTS ARE SKIPPED"),
]

LIST = "".join(
    f'<li><a href="/l/{n}">{n}</a> <b data-luot="views" data-luot-path="/l/{n}">…</b>'
    for n in range(20)
)

#: A cache that readers share, as a publisher would put it in front.
NGINX = """
{user}daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  proxy_cache_path {folder}/cache keys_zone=luot:1m;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://127.0.0.1:{behind}; proxy_cache luot; proxy_http_version 1.1;
      proxy_set_header Host $http_host; add_header X-Cache $upstream_cache_status always;
    }}
  }}
}}
"""


@pytest.fixture
def cache(stats: Served, tmp_path: Path) -> Iterator[str]:
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None and os.geteuid() == 0 and shutil.which("apt-get"):
        told = ["apt-get", "install", "-qq", "-y", "--no-install-recommends", "nginx-light"]
        subprocess.run(told, check=False, capture_output=True, timeout=120)
        program = shutil.which("nginx", path="/usr/sbin")
    if program is None:
        pytest.skip("there is no nginx and none can be had")
    # Another user would not get into the folder of a test.
    port, user = free_port(), "user root; " if os.geteuid() == 0 else ""
    (tmp_path / "conf").write_text(
        NGINX.format(folder=tmp_path, port=port, behind=stats.port, user=user)
    )
    process = subprocess.Popen([program, "-c", str(tmp_path / "conf"), "-p", str(tmp_path)])
    until(lambda: listens(port))
    yield f"http://localhost:{port}"
    process.terminate()
    process.wait(20)


def note(asked: list[str], request: Request) -> None:
    asked.append(request.url)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_list_of_twenty_is_one_request_and_a_shared_cache_serves_the_second_reader(
    stats: Served, pages: Pages, browser: Browser, cache: str
) -> None:
    stats.hit("/l/7")
    source = script(stats).replace(stats.base, cache)
    address = pages.add("/list", f"<ul>{LIST}</ul>{source}")
    states = []
    for _ in range(2):
        context = browser.new_context(user_agent=CHROME)
        page = context.new_page()
        with page.expect_response("**/counters?*") as answer:
            asked: list[str] = []
            page.on("request", partial(note, asked))
            page.goto(address)
        expect(page.locator("b").nth(7)).to_have_text("1")
        expect(page.locator("b").nth(8)).to_have_text("0")
        states.append(answer.value.headers["x-cache"])
        assert len([url for url in asked if "/counters" in url]) == 1
        context.close()

    assert states == ["MISS", "HIT"]


def test_many_more_paths_than_a_request_line_holds_are_all_filled(
    stats: Served, pages: Pages, page: Page
) -> None:
    long = "bai-viet-co-ten-rat-dai-" * 4
    rows = "".join(f'<b data-luot="views" data-luot-path="/{long}{n}">…</b>' for n in range(60))
    page.goto(pages.add("/long", rows + script(stats)))

    expect(page.locator("b").last).to_have_text("0")
    expect(page.get_by_text("…")).to_have_count(0)


def test_three_tabs_and_two_hundred_listeners_see_a_hit_within_two_seconds(
    stats: Served, pages: Pages, browser: Browser
) -> None:
    context = browser.new_context(user_agent=CHROME)
    place = '<b data-luot="views" data-luot-live>…</b>'
    address = pages.add("/ticks", place + script(stats))
    tabs = [context.new_page() for _ in range(3)]
    for tab in tabs:
        with tab.expect_request("**/live?*"):
            tab.goto(address)
    listeners = [socket.create_connection(("127.0.0.1", stats.port), 10) for _ in range(200)]
    for here in listeners:
        here.sendall(b"GET /live?site=demo&path=/ticks HTTP/1.1\r\nHost: localhost\r\n\r\n")
    heard = [read_until(here, b'"/ticks":{"views":3,') for here in listeners]
    for tab in tabs:
        expect(tab.locator("b")).to_have_text("3")
    begun = time.monotonic()
    assert stats.hit("/ticks") == 204
    for tab in tabs:
        expect(tab.locator("b")).to_have_text("4", timeout=2_000)
    heard = [read_until(here, b'"/ticks":{"views":4,') for here in listeners]
    took = time.monotonic() - begun
    for here in listeners:
        here.close()

    assert len(heard) == 200
    assert took < 2
    assert tabs[0].get_attribute("b", "aria-live") == "polite"
    context.close()


def read_until(here: socket.socket, last: bytes) -> bytes:
    told = b""
    while last not in told:
        part = here.recv(65_536)
        assert part, told
        told += part
    return told


def test_a_list_is_links_of_this_site_made_of_text(stats: Served, pages: Pages, page: Page) -> None:
    rows = [
        {"path": "/tin/1", "url": "https://elsewhere.example/", "title": "<img src=x>", "views": 5},
        {"path": "//evil.example/", "url": "javascript:alert(1)", "title": "two", "views": 4},
        {"path": "/tin/3", "title": 7},
    ]
    page.route("**/popular?*", lambda route: route.fulfill(json={"pages": rows}))
    page.route("**/trending?*", lambda route: route.fulfill(status=404, json={}))
    lists = (
        '<ol data-luot-list="popular" data-luot-views></ol><ul data-luot-list="trending">old</ul>'
    )
    page.goto(pages.add("/lists", lists + script(stats)))

    expect(page.locator("ol a")).to_have_attribute("href", f"{pages.base}/tin/1")
    assert page.text_content("ol") == "<img src=x>5"
    assert page.text_content("ul") == "old"
