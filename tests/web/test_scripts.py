"""
The scripts that pages load: how they are written, how small they are, and how they are sent.
"""

import base64
import gzip
import subprocess
import sys
from hashlib import sha256, sha384
from pathlib import Path

import pytest

from service.web.scripts import FIRST, MORE, NAMES, script_bytes
from tests.conftest import Luot

#: Both send the same.
FRONTS = ("wsgi", "asgi")

#: What the first file may weigh as it is sent, in bytes; the second is for some pages only.
LARGEST = {FIRST: 2_048, MORE: 3_584}

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "service" / "web" / "static"


@pytest.mark.parametrize("name", NAMES)
def test_a_script_is_small_as_it_is_sent(luot: Luot, name: str) -> None:
    answer = luot.http.get(f"/{name}", headers={"Accept-Encoding": "gzip, deflate, br"})

    assert (answer.status_code, answer.headers["Content-Encoding"]) == (200, "gzip")
    assert gzip.decompress(answer.data) == script_bytes(name)
    assert len(answer.data) <= LARGEST[name]


@pytest.mark.parametrize("name", NAMES)
def test_a_script_may_be_loaded_from_every_site_and_is_nothing_else(luot: Luot, name: str) -> None:
    answer = luot.http.get(f"/{name}")

    assert answer.data == script_bytes(name)
    told = {
        "Content-Type": "text/javascript; charset=utf-8",
        "X-Content-Type-Options": "nosniff",
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Cache-Control": "public, max-age=3600, stale-while-revalidate=86400",
        "Vary": "Accept-Encoding",
    }
    assert told == {header: answer.headers[header] for header in told}
    assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize("coding", ["", "gzip", "identity", "gzip;q=0", "GZIP;q=0.5", "*"])
def test_each_form_has_a_tag_of_its_own_and_is_not_sent_twice(luot: Luot, coding: str) -> None:
    asked = {"Accept-Encoding": coding}
    first = luot.http.get("/luot.js", headers=asked)
    again = luot.http.get("/luot.js", headers={**asked, "If-None-Match": first.headers["ETag"]})

    assert (again.status_code, again.data) == (304, b"")
    is_gzipped = coding in {"gzip", "GZIP;q=0.5", "*"}
    assert is_gzipped == (first.headers.get("Content-Encoding") == "gzip")
    assert is_gzipped == first.headers["ETag"].endswith('-gzip"')


def test_an_odd_weight_of_a_coding_is_no_failure(luot: Luot) -> None:
    answer = luot.http.get("/luot.js", headers={"Accept-Encoding": "gzip;q=much"})

    assert (answer.status_code, answer.data) == (200, script_bytes(FIRST))


def test_the_first_file_names_the_version_of_the_second() -> None:
    assert f'"{MORE}?{sha256(script_bytes(MORE)).hexdigest()[:6]}"'.encode() in script_bytes(FIRST)


def test_an_integrity_digest_is_that_of_what_is_served(luot: Luot) -> None:
    digest = base64.b64encode(sha384(luot.http.get("/luot.js").data).digest())

    assert digest == base64.b64encode(sha384(script_bytes(FIRST)).digest())


def test_there_is_no_script_of_another_name() -> None:
    with pytest.raises(KeyError):
        script_bytes("demo.js")


@pytest.mark.parametrize(
    ("source", "fault"), [("nobody();", "no-undef"), ("export default 1 == 2;", "eqeqeq")]
)
def test_the_linter_finds_what_it_is_asked_to_find(tmp_path: Path, source: str, fault: str) -> None:
    (tmp_path / "a.js").write_text(source)
    found = linted(tmp_path)

    assert found.returncode == 1
    assert fault in found.stdout


def test_the_linter_finds_nothing_in_the_sources() -> None:
    found = linted(SOURCES)

    assert found.returncode == 0, found.stdout


def linted(folder: Path) -> subprocess.CompletedProcess[str]:
    oxlint = Path(sys.executable).with_name("oxlint")
    return subprocess.run(
        [str(oxlint), "--config", str(ROOT / ".oxlintrc.json"), str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
