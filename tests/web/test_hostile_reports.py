"""
What strangers write into hits comes out of every report and export as text, and as nothing else.
"""

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pyarrow.parquet
import pytest

from tests import servers
from tests.conftest import NOON, Luot, MakeLuot, SetClock

TEXTS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{7*7}}${7*7}",
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\uff1d1+1",
    'a","=1',
    '=HYPERLINK("http://evil")',
    "' OR 1=1--",
    "%_\\",
    "javascript:alert(1)",
    "tin nóng \u202e đảo",
)

#: What a spreadsheet would take for a formula.
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


@pytest.fixture(scope="module")
def luot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Luot]:
    clock = SetClock()
    clock.set(NOON)
    with servers.valkey() as valkey:
        make = MakeLuot(tmp_path_factory.mktemp("luot"), valkey.url, clock)
        luot = make(page_dimensions=["source", "campaign", "event", "author", "section", "tag"])
        for number, text in enumerate(TEXTS):
            told: dict[str, Any] = {
                "title": text,
                "author": text,
                "section": text,
                "tags": [text],
                "referrer": text,
                "url": f"https://s1.example/{number}?utm_campaign=x",
            }
            address = f"203.0.113.{number}"
            for path in (f"/{number}", f"/{text}"):
                answer = luot.hit(path, address=address, **told)
                assert answer.status_code in {204, 400}
            luot.hit(f"/{number}", address=address, event=text)
        luot.snapshot()
        yield luot
        make.close()


def fetch(luot: Luot, question: str, form: str) -> bytes:
    answer = luot.http.get(
        f"/api/v1/sites/s1/{question}",
        query_string={"period": "today", "format": form},
        headers={"Authorization": f"Bearer {luot.token}"},
    )
    assert answer.status_code == 200, answer.data
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "attachment" in answer.headers["Content-Disposition"]
    return bytes(answer.data)


def rows_of(text: bytes) -> list[dict[str, str]]:
    assert text.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"), newline="")))


QUESTIONS = [
    "pages",
    "counter-report",
    *(f"breakdown/{name}" for name in ("author", "section", "tag", "event", "campaign", "source")),
    *("breakdown/entry_page", "breakdown/exit_page", "export"),
]


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_cell_is_a_formula_and_no_text_is_changed_elsewhere(luot: Luot, question: str) -> None:
    lines = [json.loads(line) for line in fetch(luot, question, "jsonl").splitlines()]
    table = rows_of(fetch(luot, question, "csv"))
    parquet = pyarrow.parquet.read_table(io.BytesIO(fetch(luot, question, "parquet"))).to_pylist()

    assert len(table) == len(lines) == len(parquet) > 0
    for row, line, other in zip(table, lines, parquet, strict=True):
        for name, value in line.items():
            cell = row[name]
            if isinstance(value, int):
                assert (cell, other[name]) == (str(value), value)
                continue
            assert not cell.startswith(FORMULAS)
            assert cell.removeprefix("'") == (value or "").removeprefix("'")
            assert str(other[name] or "") == (value or "")


def test_titles_authors_and_events_come_out_as_they_went_in(luot: Luot) -> None:
    pages = luot.report("pages", period="today", limit="100")["pages"]
    assert set(TEXTS) <= {page["title"] for page in pages}
    for dimension in ("author", "event"):
        values = luot.report(f"breakdown/{dimension}", period="today", limit="100")["values"]
        assert set(TEXTS) <= {row["value"] for row in values}


@pytest.mark.parametrize("text", TEXTS)
def test_a_value_is_looked_for_as_it_stands(luot: Luot, text: str) -> None:
    found = luot.report("breakdown/author/pages", period="today", value=text)

    assert {f"/{TEXTS.index(text)}"} <= {row["path"] for row in found["pages"]}
    assert found["value"] == text
    assert luot.report("breakdown/author/pages", period="today", value=f"{text}?")["pages"] == []


def test_a_zip_has_no_name_and_no_cell_that_does_anything(luot: Luot) -> None:
    archive = zipfile.ZipFile(io.BytesIO(fetch(luot, "export", "zip")))

    assert archive.testzip() is None
    for name in archive.namelist():
        assert name.removesuffix(".csv").replace("_", "").isalpha()
        for row in rows_of(archive.read(name)):
            assert not any(cell.startswith(FORMULAS) for cell in row.values())
