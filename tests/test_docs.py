"""
The documentation says what is there: links lead somewhere, and every word of the API is named.
"""

import re
import tomllib
from enum import StrEnum
from pathlib import Path

import pytest

from service.cli import luot
from service.dimensions import Dimension
from service.errors import Reason
from service.intake.hits import Filter
from service.reporting.answers import PageDimension

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
README = ROOT / "README.md"
SECURITY = DOCS / "security.md"
ADRS = sorted((DOCS / "adr").glob("*.md"))
PAGES = [README, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]

HEADINGS = ["Status", "Context", "Decision", "Consequences"]

LINK = re.compile(r"\]\(([^)\s]+)\)")

#: A name at the beginning of a requirement, as packaging tools compare it.
REQUIREMENT = re.compile(r"[A-Za-z0-9._-]+")


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def prose_of(page: Path) -> str:
    """
    A page without its blocks of code, where brackets are no links.
    """
    return re.sub(r"^```.*?^```$", "", text_of(page), flags=re.DOTALL | re.MULTILINE)


def anchors_of(page: Path) -> set[str]:
    """
    What its headings are called in links.
    """
    headings = re.findall(r"^#+ (.+)$", prose_of(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def dependencies() -> list[str]:
    """
    The names of all that an installed Luot may need.
    """
    project = tomllib.loads(text_of(ROOT / "pyproject.toml"))["project"]
    extras = project["optional-dependencies"]
    rows = [*project["dependencies"], *extras["embedded"], *extras["postgres"]]
    return [match[0] for row in rows if (match := REQUIREMENT.match(row))]


def test_the_readme_is_short_and_names_the_two_commands() -> None:
    lines = text_of(README).splitlines()

    assert len(lines) <= 120
    assert any(line.startswith("make run ") for line in lines)
    assert any(line.startswith("make test ") for line in lines)


def test_the_readme_names_every_command() -> None:
    missing = [name for name in luot.commands if f"`luot {name}" not in text_of(README)]

    assert [] == missing


def test_the_readme_shows_a_picture() -> None:
    assert "](docs/demo.png)" in text_of(README)
    assert (DOCS / "demo.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_inside_the_project_leads_somewhere(page: Path) -> None:
    broken = []
    for link in LINK.findall(prose_of(page)):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (anchor and anchor not in anchors_of(target)):
            broken.append(link)

    assert [] == broken


def test_decisions_are_numbered_from_one() -> None:
    assert [f"{n:04}" for n in range(1, len(ADRS) + 1)] == [page.name[:4] for page in ADRS]


@pytest.mark.parametrize("page", ADRS, ids=named)
def test_a_decision_is_short_and_dated_and_has_its_four_headings(page: Path) -> None:
    text = text_of(page)
    # One line for each dependency is the rule of the fifth, however many there are.
    lines = [line for line in text.splitlines() if not line.startswith("- ")]

    assert len(lines) <= 30
    assert text.startswith(f"# {int(page.name[:4])}. ")
    assert re.search(r"^Date: \d{4}-\d\d-\d\d$", text, flags=re.MULTILINE)
    assert HEADINGS == re.findall(r"^## (.+)$", text, flags=re.MULTILINE)


@pytest.mark.parametrize("name", dependencies())
def test_every_dependency_is_accounted_for(name: str) -> None:
    assert f"\n- {name} " in text_of(DOCS / "adr" / "0005-dependencies.md").replace(":", " ")


@pytest.mark.parametrize("words", [Dimension, PageDimension, Reason, Filter])
def test_the_page_about_the_doors_names_every_word_that_they_say(words: type[StrEnum]) -> None:
    text = text_of(DOCS / "api.md")

    assert [] == [str(word) for word in words if f"`{word}`" not in text]


def test_every_requirement_names_tests_that_are_there() -> None:
    rows = re.findall(r"^\| (S\d+) \| ([^|]+) \| ([^|]+) \|$", text_of(SECURITY), re.MULTILINE)
    gone = []
    for number, _, tests in rows:
        named_tests = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", tests)
        assert named_tests, number
        for file, test in named_tests:
            there = ROOT / file
            if not there.is_file() or f"def {test}(" not in text_of(there):
                gone.append(f"{number}: {file}::{test}")

    assert [f"S{number}" for number in range(1, 21)] == [row[0] for row in rows]
    assert [] == gone
