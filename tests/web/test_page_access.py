"""
Who may do what on the pages: each of them by each kind of reader, with every verb.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import Client

from service.archive.share_links import create_link, links_of, open_to_all, revoke_link
from service.archive.tokens import Scope
from tests import servers
from tests.conftest import Luot, MakeLuot, SetClock
from tests.web.signed import browser, signed_in, token_of

#: Every page, and whether a share link has it too.
BELOW = (
    "",
    "/page?path=/a",
    "/value?dimension=source&value=Google",
    "/top/pages",
    "/now",
    "/report",
    "/report.csv",
)

#: What a reader gets: of site s1, of site s2, which is another's, and of one that is not there.
READERS = {
    "nobody": (303, 303, 303),
    "read s1": (200, 404, 404),
    "read s2": (404, 200, 404),
    "read *": (200, 200, 404),
    "admin s1": (200, 404, 404),
    "admin *": (200, 200, 404),
    "bearer read s1": (200, 404, 404),
    "bearer write s1": (403, 403, 403),
    "bearer wrong": (303, 303, 303),
}


@pytest.fixture(scope="module")
def luot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Luot]:
    with servers.valkey() as valkey:
        yield from _luot(tmp_path_factory.mktemp("luot"), valkey)


def _luot(folder: Path, valkey: servers.Valkey) -> Iterator[Luot]:
    clock = SetClock()
    clock.set("2026-11-22T12:00:00Z")
    make = MakeLuot(folder, valkey.url, clock)
    site = {"name": "Site two", "hosts": ["s2.example"]}
    luot = make(sites={"s2": site}, page_dimensions=["source"])
    for name in ("s1", "s2"):
        luot.site = name
        origin = {"Origin": f"https://{name}.example"}
        assert luot.hit(referrer="https://www.google.com/", headers=origin).status_code == 204
        luot.snapshot()
    luot.site = "s1"
    yield luot
    make.close()


def reader(luot: Luot, name: str) -> tuple[Client, dict[str, str]]:
    """
    A browser or a program of this kind.
    """
    words = name.split()
    if words[0] == "bearer":
        token = token_of(luot, words[2], Scope(words[1])) if len(words) > 2 else "luot_wrong"
        return browser(luot), {"Authorization": f"Bearer {token}"}
    if name == "nobody":
        return browser(luot), {}
    return signed_in(luot, words[1], Scope(words[0])), {}


@pytest.mark.parametrize("name", READERS)
def test_a_page_of_a_site_is_for_readers_of_that_site(luot: Luot, name: str) -> None:
    client, headers = reader(luot, name)
    for tail in BELOW:
        told = tuple(
            client.get(f"/sites/{site}{tail}", headers=headers).status_code
            for site in ("s1", "s2", "s3")
        )
        assert READERS[name] == told, tail


@pytest.mark.parametrize("name", READERS)
def test_pages_take_nothing_but_questions(luot: Luot, name: str) -> None:
    client, headers = reader(luot, name)
    for tail in BELOW:
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            answer = client.open(f"/sites/s1{tail}", method=method, headers=headers)
            assert answer.status_code == 405, (tail, method)


@pytest.mark.parametrize(
    ("name", "own", "other"),
    [
        *(("nobody", 303, 303), ("read s1", 403, 404), ("read *", 403, 403)),
        *(("admin s1", 200, 404), ("admin *", 200, 200)),
        *(("bearer read s1", 403, 404), ("bearer admin s1", 403, 404)),
    ],
)
def test_links_are_made_by_administrators_in_their_browser(
    luot: Luot, name: str, own: int, other: int
) -> None:
    client, headers = reader(luot, name)
    told = [
        client.get(f"/sites/{site}/sharing", headers=headers).status_code for site in ("s1", "s2")
    ]
    before = links_of(luot.runtime.database)
    refused = [
        client.post(f"/sites/{site}/sharing", data=fields, headers=headers).status_code
        for site in ("s1", "s2")
        for fields in ({"act": "create"}, {"act": "open", "form_token": "0" * 64})
    ]

    assert [own, other] == told
    assert set(refused) <= {401, 403}
    assert before == links_of(luot.runtime.database)


def test_a_share_link_opens_its_site_and_nothing_else(luot: Luot) -> None:
    database, now = luot.runtime.database, luot.clock.ms
    secret = create_link(database, "s1", "the mayor", now)
    client = browser(luot)
    for tail in BELOW:
        assert client.get(f"/share/{secret}{tail}").status_code == 200, tail
        assert client.post(f"/share/{secret}{tail}").status_code == 405, tail
        assert client.get(f"/sites/s1{tail}").status_code == 303, tail
        assert client.get(f"/sites/s2{tail}").status_code == 303, tail
    assert client.get(f"/share/{secret}/sharing").status_code == 404
    assert client.get("/").status_code == 303
    for headers in ({}, {"Authorization": f"Bearer {secret}"}):
        assert client.get("/api/v1/sites/s1/totals", headers=headers).status_code == 401
    assert "/sites/s1" not in client.get(f"/share/{secret}").text
    assert "sharing" not in client.get(f"/share/{secret}").text


@pytest.mark.parametrize("guess", ["", "x", "x" * 32, "x" * 1_000, "%00", "..%2Fsites%2Fs1", "s1"])
def test_a_link_that_is_guessed_is_none(luot: Luot, guess: str) -> None:
    assert browser(luot).get(f"/share/{guess}").status_code == 404


def test_a_revoked_link_shows_nothing(luot: Luot) -> None:
    database, now = luot.runtime.database, luot.clock.ms
    secret = create_link(database, "s1", "", now)
    number = links_of(database, "s1")[-1].number
    assert not revoke_link(database, "s2", number)
    assert browser(luot).get(f"/share/{secret}").status_code == 200
    assert revoke_link(database, "s1", number)

    assert browser(luot).get(f"/share/{secret}").status_code == 404


def test_an_open_site_is_open_to_everybody_until_it_is_not(luot: Luot) -> None:
    database, other = luot.runtime.database, signed_in(luot, "s1")
    open_to_all(database, "s2", luot.clock.ms)
    open_to_all(database, "s2", luot.clock.ms)
    (link,) = links_of(database, "s2")
    for client in (browser(luot), other):
        assert client.get("/sites/s2").status_code == 200
        assert client.get("/sites/s2/sharing").status_code in {303, 403}
    assert browser(luot).get("/sites/s1").status_code == 303
    revoke_link(database, "s2", link.number)

    assert browser(luot).get("/sites/s2").status_code == 303
    assert other.get("/sites/s2").status_code == 404


def test_the_first_page_lists_what_a_reader_may_read(luot: Luot) -> None:
    told = signed_in(luot, "*").get("/").text
    assert "Site one" in told
    assert "Site two" in told
    only = signed_in(luot, "s2").get("/").text

    assert "Site two" in only
    assert "Site one" not in only
    assert 'class="tiles"' in only


def test_every_page_is_in_these_tables(luot: Luot) -> None:
    app = luot.http.application
    assert isinstance(app, Flask)
    rules = {rule.rule for rule in app.url_map.iter_rules()}
    tails = {tail.partition("?")[0] for tail in BELOW} - {"/top/pages"} | {"/top/<what>"}
    known = {f"/sites/<name>{tail}" for tail in tails} | {f"/share/<secret>{t}" for t in tails}
    known |= {"/sites/<name>/sharing"}

    assert {rule for rule in rules if rule.startswith(("/sites/", "/share/"))} == known


def test_the_log_names_the_route_and_never_a_secret(
    make_luot: MakeLuot, caplog: pytest.LogCaptureFixture
) -> None:
    luot = make_luot(access_log=True)
    secret = create_link(luot.runtime.database, "s1", "", luot.clock.ms)
    with caplog.at_level("INFO"):
        browser(luot).get(f"/share/{secret}?period=today")
        client = signed_in(luot)
    cookie = client.get_cookie("luot-local")
    assert cookie is not None
    told = repr([vars(record) for record in caplog.records])

    assert "/share/<secret>" in told
    assert "/sign-in" in told
    assert secret not in told
    assert cookie.value not in told
