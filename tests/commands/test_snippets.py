import re
import shutil
import subprocess
from base64 import b64encode
from hashlib import sha384

import pytest

from service.commands.snippets import PLACES
from service.web.scripts import script_bytes
from tests.commands.conftest import Terminal

URL = "https://stats.portal.example:8443"


def pasted(terminal: Terminal, *words: str) -> str:
    told = terminal.run("snippet", "--site", "s1", *words)
    assert told.exit_code == 0, told.stderr
    return told.stdout


@pytest.mark.parametrize("place", PLACES)
def test_every_place_is_told_its_script_its_policy_and_three_languages(
    terminal: Terminal, place: str
) -> None:
    told = pasted(terminal, "--for", place, "--url", f"{URL}/")

    assert f'<script defer src="{URL}/luot.js" data-site="s1"></script>' in told
    assert f"script-src {URL}; connect-src {URL}; img-src {URL}; frame-src {URL}" in told
    for language in ("PHP:", "C# (", "Java ("):
        assert language in told
    assert re.findall(r"@[A-Z_]+@", told) == []
    assert "stats.example.vn" not in told
    # The policy is one line, because a header is.
    assert max(map(len, told.splitlines())) <= 200


def test_the_hash_is_that_of_the_bytes_that_are_served(terminal: Terminal) -> None:
    hashed = {
        name: f"sha384-{b64encode(sha384(script_bytes(name)).digest()).decode()}"
        for name in ("luot.js", "luot-more.js")
    }
    told = pasted(terminal)

    assert f'integrity="{hashed["luot.js"]}" crossorigin="anonymous"></script>' in told
    assert hashed["luot-more.js"] in told


def test_without_an_address_pages_are_told_the_first_of_luots_own_names(
    terminal: Terminal,
) -> None:
    example = pasted(terminal)
    terminal.write('public_hosts = ["stats.s1.example", "other.example"]')

    assert "https://stats.example.vn/luot.js" in example
    assert "https://stats.s1.example/luot.js" in pasted(terminal)


@pytest.mark.parametrize(
    "words",
    [
        ["--url", "stats.example.vn"],
        ["--url", "https://stats.example.vn/luot"],
        ["--url", "ftp://stats.example.vn"],
        ["--url", 'https://a.example"><script>'],
        ["--url", "https://u:p@a.example"],
        ["--for", "drupal"],
        ["--site", "s2"],
        ["--site", "../x"],
    ],
)
def test_what_cannot_be_pasted_is_refused(terminal: Terminal, words: list[str]) -> None:
    told = terminal.run("snippet", "--site", "s1", *words)

    assert (told.exit_code, told.stdout) == (2, "")


@pytest.mark.skipif(shutil.which("php") is None, reason="there is no php to read it")
def test_php_reads_the_lines_for_php(terminal: Terminal) -> None:
    lines = re.search(r"PHP:\n\n(.*?)\n\nC#", pasted(terminal), re.DOTALL)
    assert lines is not None
    file = terminal.file("page.php", f"<?php\n{lines[1]}\n")
    told = subprocess.run(["php", "-l", str(file)], capture_output=True, text=True, check=False)

    assert told.returncode == 0, told.stdout
