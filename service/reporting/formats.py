"""
Tables as files: CSV that Excel opens, JSON Lines, Parquet. Written as they are read, row by row.

A cell of CSV that begins like a formula gets an apostrophe in front, because whoever opens the
file would otherwise run what a stranger wrote into a page's title. Numbers stay numbers.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import msgspec

#: Rows that are written, or sent, at once.
ROWS_AT_ONCE = 500

#: By this Excel knows that a file is UTF-8.
BOM = "\ufeff"

# What spreadsheets take for the beginning of a formula, also in its full-width form and behind
# blanks, and the control characters that they drop before they look.
_FORMULA = re.compile(r"[\s\ufeff\u200b-\u200f]*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


class Format(StrEnum):
    """
    What a table can be written as.
    """

    JSON = "json"
    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"


#: How each is called in HTTP.
MEDIA_TYPES = {
    Format.JSON: "application/json",
    Format.CSV: "text/csv",
    Format.JSONL: "application/jsonl",
    Format.PARQUET: "application/vnd.apache.parquet",
}


@dataclass(frozen=True, slots=True)
class Table:
    """
    Rows that are read once, from the first to the last.
    """

    name: str
    columns: tuple[str, ...]
    rows: Iterable[tuple[Any, ...]]


def csv_parts(table: Table) -> Iterator[bytes]:
    """
    A table as CSV (RFC 4180), with its columns' names in the first line.
    """
    yield BOM.encode()
    for rows in parts_of([table.columns], table.rows):
        text = io.StringIO()
        # Texts are quoted, numbers are not.
        writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC)
        writer.writerows([[cell(value) for value in row] for row in rows])
        yield text.getvalue().encode()


def cell(value: Any) -> Any:
    """
    A value as it stands in a cell: no text is a formula.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return value
    text = value.isoformat() if isinstance(value, date | datetime) else str(value)
    return f"'{text}" if _FORMULA.match(text) else text


def json_line_parts(table: Table, **fixed: str) -> Iterator[bytes]:
    """
    A table as JSON Lines: an object for each row, and a line feed after each.

    :param fixed: members that every object begins with
    """
    for rows in parts_of([], table.rows):
        lines = (dict(zip(table.columns, row, strict=True)) for row in rows)
        yield b"".join(msgspec.json.encode({**fixed, **line}) + b"\n" for line in lines)


def parts_of(
    before: list[tuple[Any, ...]], rows: Iterable[tuple[Any, ...]], many: int = ROWS_AT_ONCE
) -> Iterator[list[tuple[Any, ...]]]:
    """
    Rows by the part, as many as are worth one call.

    :param before: rows that stand in front of them
    """
    part = list(before)
    for row in rows:
        part.append(row)
        if len(part) >= many:
            yield part
            part = []
    if part:
        yield part
