"""
What one reader sends is found again nowhere, and makes Luot ask nobody on the network.

A whole journey is gone by somebody whose address, browser, query, token and cookie are words that
occur nowhere else; then everything that was written is searched for them.
"""

import contextlib
import ipaddress
import logging
import logging.config
import socket
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from service.archive.backups import backup
from service.archive.share_links import create_link
from service.logs import log_config
from tests.conftest import CHROME, Luot, MakeLuot, settings_for
from tests.databases import databases
from tests.servers import Valkey
from tests.web.signed import browser, sign_in, token_of

ADDRESS = ipaddress.ip_address("2001:db8:dead:beef:cafe:f00d:1234:5678")
AGENT = f"{CHROME} Canaryphone/7.1"
SECRET = "canary-query"

#: Words that a page may keep, by which the search is known to work.
PAGE = "/kept-canary-page"

#: Addresses that somebody might hope a server opens.
ELSEWHERE = "http://203.0.113.200:9/latest"


@dataclass
class Network:
    """
    Every connection that this process wants, while it is watched; those that leave are refused.
    """

    is_watched: bool = False
    asked: list[Any] = field(default_factory=list)
    inside: int = 0

    def __call__(self, event: str, told: tuple[Any, ...]) -> None:
        if not self.is_watched or event not in {"socket.connect", "socket.getaddrinfo"}:
            return
        target = told[1] if event == "socket.connect" else told[0]
        host = target[0] if isinstance(target, tuple) else target
        is_unix = event == "socket.connect" and told[0].family == socket.AF_UNIX
        if is_unix or host in {"127.0.0.1", "::1", "localhost", None}:
            self.inside += 1
            return
        self.asked.append(target)
        raise OSError(f"{target} is outside")


@pytest.fixture(scope="session")
def hook() -> Network:
    network = Network()
    # There is no way to take one off again, so it is switched.
    sys.addaudithook(network)
    return network


@pytest.fixture
def network(hook: Network) -> Iterator[Network]:
    hook.asked, hook.inside, hook.is_watched = [], 0, True
    yield hook
    hook.is_watched = False


@contextlib.contextmanager
def logged(file: Path) -> Iterator[None]:
    """
    All that is logged stands in a file as an operator has it.
    """
    told = log_config("info")["formatters"]
    maker = logging.config.DictConfigurator({"version": 1})
    formatter = maker.configure_formatter(told["json"])
    handler = logging.FileHandler(file)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
        handler.close()


def travel(luot: Luot) -> dict[str, str]:
    """
    Goes everywhere that a reader, a page, a server and an owner go; the secrets of the way.
    """
    headers = {
        "X-Forwarded-For": str(ADDRESS),
        "User-Agent": AGENT,
        "Cookie": f"c={SECRET}",
        "Referer": f"https://s1.example{PAGE}?{SECRET}",
    }
    url = f"https://s1.example{PAGE}?secret={SECRET}&u={ELSEWHERE}"
    told: dict[str, Any] = {
        "path": PAGE,
        "url": url,
        "referrer": f"{ELSEWHERE}?{SECRET}",
        "title": ELSEWHERE,
    }
    hit: dict[str, Any] = {"agent": AGENT, "address": str(ADDRESS), "query": f"?x={SECRET}"}
    assert luot.hit(**told, **hit).status_code == 204
    assert luot.hit(**told, **hit, timezone=SECRET * 20).status_code == 400
    http, query = luot.http, f"site=s1&url={PAGE}%3F{SECRET}&x={SECRET}"
    assert http.get(f"/hit.gif?{query}", headers=headers).status_code in {200, 400}
    read = token_of(luot, "s1")
    write, admin = luot.token, {"Authorization": f"Bearer {luot.token}"}
    item = {"site": "s1", "path": PAGE, "ip": str(ADDRESS), "user_agent": AGENT}
    batch = http.post("/api/v1/hits", json=[item], headers={**headers, **admin})
    assert batch.get_json()["results"][0]["result"] == "counted"
    http.post("/api/v1/hits", json=[item], headers={"Authorization": f"Bearer {SECRET}"})
    for path in (
        *(f"/counters?site=s1&path={PAGE}%3F{SECRET}", f"/popular?site=s1&x={SECRET}"),
        *(f"/badge/s1.svg?logo={ELSEWHERE}", f"/badge/s1.svg?label={ELSEWHERE}"),
        *(f"/box/s1?style={ELSEWHERE}", f"/{SECRET}", f"/sites/s1?token={read}&{SECRET}"),
        *(f"/sign-in?next={ELSEWHERE}", f"/api/v1/sites/s1/totals?token={read}"),
    ):
        assert http.get(path, headers=headers).status_code < 500, path
    luot.snapshot()
    share = create_link(luot.runtime.database, "s1", "", luot.clock.ms)
    client = browser(luot)
    assert client.get(f"/share/{share}?period=today", headers=headers).status_code == 200
    assert sign_in(client, read, headers=headers).status_code == 303
    assert client.get("/sites/s1", headers=headers).status_code == 200
    cookie = client.get_cookie("luot-local")
    assert cookie is not None
    luot.report("export", format="csv")
    return {"read": read, "admin": write, "share": share, "cookie": cookie.value}


def held(valkey: Valkey) -> bytes:
    """
    Every key of Redis with what it holds, uncompressed.
    """
    client = valkey.client
    client.config_set("rdbcompression", "no")
    raw: Any = client.connection_pool.make_connection()
    raw.connect()
    found = b""
    try:
        for name in client.scan_iter():
            raw.send_command("DUMP", name)
            found += name.encode() + raw.read_response(disable_decoding=True)
    finally:
        raw.disconnect()
    return found


def under(folder: Path, name: str) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(folder.rglob(name)))


def found(places: dict[str, bytes], words: dict[str, bytes]) -> list[tuple[str, str]]:
    return [(place, name) for place in places for name in words if words[name] in places[place]]


def canaries() -> dict[str, bytes]:
    return {
        "address": str(ADDRESS).encode(),
        "address packed": ADDRESS.packed,
        "network packed": ADDRESS.packed[:8],
        "address written out": ADDRESS.exploded.encode(),
        "user agent": b"Canaryphone",
        "query": SECRET.encode(),
    }


@pytest.mark.parametrize("front", ["wsgi", "asgi"], indirect=True)
def test_nothing_of_a_reader_is_found_anywhere(
    make_luot: MakeLuot, valkey: Valkey, tmp_path: Path
) -> None:
    luot = make_luot(access_log=True)
    log, file = (tmp_path.with_name(f"{tmp_path.name}.{end}") for end in ("log", "zip"))
    with logged(log):
        secrets = travel(luot)
    settings = settings_for(tmp_path, valkey.url)
    backup(luot.runtime.database, settings, file, luot.clock.now_ms())
    admin = {"Authorization": f"Bearer {secrets['admin']}"}
    with zipfile.ZipFile(file) as opened:
        members = b"".join(opened.read(name) for name in opened.namelist())
    salt = str(valkey.client.get("luot:{s1}:salt:2026-11-22"))
    places = {
        "log": log.read_bytes(),
        "SQL": databases.raw(tmp_path),
        "journal": under(tmp_path, "*.journal"),
        "Redis": held(valkey),
        "metrics": luot.http.get("/metrics", headers=admin).data,
        "backup": members,
    }
    words = canaries() | {name: word.encode() for name, word in secrets.items()}
    salts = {"salt": salt.encode(), "salt packed": bytes.fromhex(salt)}

    assert [] == found(places, words)
    # Those who know a salt can try addresses, so it is kept where it is needed alone.
    assert {("journal", "salt packed"), ("Redis", "salt")} == set(found(places, salts))
    for place in ("SQL", "journal", "Redis", "backup"):
        assert PAGE.encode() in places[place], place
    assert b"/share/<secret>" in places["log"]
    assert b"luot_hits_total" in places["metrics"]


def test_what_a_reader_sends_makes_no_connection(make_luot: MakeLuot, network: Network) -> None:
    travel(make_luot())

    assert [] == network.asked
    assert network.inside > 0
    with pytest.raises(OSError, match="outside"):
        socket.create_connection(("203.0.113.200", 9), 1)
