import json
import re
from pathlib import Path

import pytest

from bench import report
from bench.machines import Machine
from bench.rows import Bound, Row, Side, Subject
from bench.samples import Sample

MACHINE = Machine(
    began="2026-11-22T12:00:00Z",
    processors=2,
    processor="A processor",
    memory_gib=24.0,
    kernel="6.1",
    python="3.11.7",
    store="Valkey 9.1",
    commit="abc1234",
)

MET = Row(
    "hits",
    "hits kept",
    "plain front",
    "hits/s",
    Bound(Side.AT_LEAST, 3),
    Sample((8000.0, 9000.0)),
    Sample((2000.0, 1500.0)),
    notes=["a note"],
)
NOT_MET = Row(
    "redis",
    "time per hit",
    "INCR",
    "µs",
    Bound(Side.AT_MOST, 25, Subject.OURS),
    Sample((30.04, 26.06, 28.0)),
    Sample((1.5, 1.5, 1.4)),
)
MISSING = Row("live", "memory", "idle", "KiB", Bound(Side.AT_MOST, 20), missing="not there")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.12345, "0.123"),
        (1.234, "1.23"),
        (12.34, "12.3"),
        (123.4, "123"),
        (4_241_514, "4,241,514"),
    ],
)
def test_numbers_are_written_with_the_digits_that_matter(value: float, text: str) -> None:
    assert text == report.number(value)


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        (
            MET,
            [
                "8,500 hits/s",
                "1,750 hits/s",
                "5.00 ×",
                "≥ 3.00 ×",
                "met",
                "2",
                "4.00 to 6.00 ×",
            ],
        ),
        (
            NOT_MET,
            ["28.0 µs", "1.50 µs", "20.0 ×", "≤ 25.0 µs", "not met", "3", "26.1 to 30.0 µs"],
        ),
        (MISSING, ["-", "-", "-", "≤ 20.0 ×", "not measured", "0", "-"]),
    ],
    ids=["met", "not met", "missing"],
)
def test_a_row_of_the_table(row: Row, cells: list[str]) -> None:
    assert cells == report.cells(row)


def test_the_terminal_shows_every_row_under_what_it_is() -> None:
    lines = report.terminal([MET, MISSING]).splitlines()

    assert report.HEADINGS[1:] == tuple(re.split(r"  +", lines[0].strip()))
    assert "hits: hits kept, against plain front" in lines
    assert "  a note" in lines
    assert "  not there" in lines
    # Columns stand under their headings.
    assert lines[0].index("ratio") == lines[3].index("5.00 ×")


def test_markdown_has_a_line_for_each_row_and_the_machine_above() -> None:
    lines = report.markdown([MET, NOT_MET, MISSING], MACHINE).splitlines()

    assert lines[0].startswith("2026-11-22T12:00:00Z, commit abc1234: 2 processors (A processor)")
    table = [line for line in lines if line.startswith("|")]
    assert [9] * 5 == [line.count("|") for line in table]
    assert "| `hits` hits kept, against plain front | 8,500 hits/s |" in table[2]
    assert "- `hits`, hits kept: a note" in lines
    assert "- `live`, memory: not there" in lines


def test_the_document_has_every_round_and_can_be_read_again() -> None:
    document = report.document([MET, MISSING], MACHINE)

    told = json.loads(json.dumps(document, allow_nan=False))
    first, second = told["rows"]
    assert told["machine"]["processors"] == 2
    assert first["ratio"] == {"median": 5.0, "low": 4.0, "high": 6.0, "rounds": [4.0, 6.0]}
    assert first["bound"] == {"side": "at least", "limit": 3, "subject": "ratio"}
    assert first["met"] is True
    assert (second["ours"], second["met"], second["missing"]) == (None, None, "not there")


def test_a_table_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"above\n\n{report.BEGIN}\nold | table\n{report.END}\n\nbelow\n", "utf-8")

    report.paste(page, "new \\1 table\n")
    report.paste(page, "newer \\1 table\n")

    expected = f"above\n\n{report.BEGIN}\nnewer \\1 table\n{report.END}\n\nbelow\n"
    assert expected == page.read_text("utf-8")


def test_a_page_without_marks_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing\n", "utf-8")

    with pytest.raises(ValueError, match="two marks"):
        report.paste(page, "table\n")

    assert page.read_text("utf-8") == "nothing\n"
