"""
Cells that begin like a formula are none; numbers stay numbers.
"""

import csv
import io
from datetime import UTC, date, datetime
from typing import Any

import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.reporting.formats import Table, cell, csv_parts, json_line_parts
from service.reporting.parquet import write_parquet


@pytest.mark.parametrize(
    "text",
    [
        *("=1+1", "+1", "-1", "@SUM", "\t=1", "\r=1", "\n=1", "\uff1d1", "\uff0b1", "\uff0d1"),
        *("\uff20a", " =1", "\u00a0=1", "\ufeff=1", "\u200b=1", "\t", "-"),
    ],
)
def test_what_begins_like_a_formula_gets_an_apostrophe(text: str) -> None:
    assert f"'{text}" == cell(text)


@pytest.mark.parametrize("text", ["", "a=1", "/tin", "(direct)", "'=1", "a\n=1", "1-1"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert text == cell(text)


@pytest.mark.parametrize(
    ("value", "expected"), [(-5, -5), (1.5, 1.5), (None, ""), (True, "true"), (2**53, 2**53)]
)
def test_what_is_no_text_is_no_formula(value: Any, expected: Any) -> None:
    assert expected == cell(value)


@given(st.lists(st.tuples(st.text(), st.integers(-9, 9)), max_size=30))
def test_a_reader_of_csv_gets_every_text_back(rows: list[tuple[str, int]]) -> None:
    body = b"".join(csv_parts(Table("t", ("text", "n"), rows))).decode("utf-8-sig")
    found = list(csv.reader(io.StringIO(body, newline="")))

    assert [["text", "n"], *([cell(text), str(n)] for text, n in rows)] == found


def test_an_empty_table_has_its_names() -> None:
    empty = Table("t", ("a", "b"), [])

    assert b"".join(csv_parts(empty)) == b'\xef\xbb\xbf"a","b"\r\n'
    assert b"".join(json_line_parts(empty)) == b""


@pytest.mark.parametrize("many", [0, 1, 1_201])
def test_parquet_holds_values_of_their_own_types(many: int) -> None:
    at = datetime(2026, 11, 22, 12, tzinfo=UTC)
    rows = [(n, f"=t{n}", None, date(2026, 11, 22), at) for n in range(many)]
    file = io.BytesIO()

    write_parquet(Table("t", ("n", "text", "title", "day", "at"), rows), file)

    found = pyarrow.parquet.read_table(file).to_pylist()
    names = ("n", "text", "title", "day", "at")
    assert found == [dict(zip(names, row, strict=True)) for row in rows]
