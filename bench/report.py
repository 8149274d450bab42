"""
What was found, for three readers: a table in the terminal, Markdown for the docs, and JSON.
"""

import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.machines import Machine
from bench.rows import Bound, Row, Subject
from bench.samples import Sample

#: Between these two lines of a page the table is put.
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"

HEADINGS = (
    "figure",
    "ours",
    "beside it",
    "ratio",
    "bound",
    "met",
    "rounds",
    "spread of what is judged",
)

#: Characters of the longest line in the terminal.
WIDTH = 100


def number(value: float) -> str:
    """
    A number with three digits that say something, as people write it.
    """
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    places = 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    return f"{value:.{places}f}"


def cells(row: Row) -> list[str]:
    """
    What stands in the table's columns, but for the first.
    """
    if row.ours is None:
        return ["-", "-", "-", bound(row.bound, row.unit), "not measured", "0", "-"]
    return [
        f"{number(row.ours.median)} {row.unit}",
        f"{number(row.beside.median)} {row.unit}" if row.beside else "-",
        f"{number(row.ratio.median)} ×" if row.ratio else "-",
        bound(row.bound, row.unit),
        "met" if row.is_met else "not met",
        str(len(row.ours.values)),
        _spread(row),
    ]


def bound(told: Bound, unit: str) -> str:
    """
    A bound as it stands in the table.
    """
    return f"{told.side} {number(told.limit)} {'×' if told.subject is Subject.RATIO else unit}"


def _spread(row: Row) -> str:
    judged = row.judged
    if judged is None:
        return "-"
    unit = "×" if row.bound.subject is Subject.RATIO else row.unit
    return f"{number(judged.low)} to {number(judged.high)} {unit}"


def terminal(rows: Sequence[Row]) -> str:
    """
    The table for people at a terminal: for each row what it is, and its numbers below.
    """
    table = [HEADINGS[1:], *(cells(row) for row in rows)]
    widths = [max(len(line[place]) for line in table) for place in range(len(HEADINGS) - 1)]

    def line(texts: Sequence[str]) -> str:
        padded = (text.ljust(width) for text, width in zip(texts, widths, strict=True))
        return ("  " + "  ".join(padded)).rstrip()

    parts = [line(table[0])]
    for row, numbers in zip(rows, table[1:], strict=True):
        parts += ["", f"{row.figure}: {row.what}, against {row.against}", line(numbers)]
        for note in _notes(row):
            parts += textwrap.wrap(note, WIDTH, initial_indent="  ", subsequent_indent="  ")
    return "\n".join(parts)


def markdown(rows: Sequence[Row], machine: Machine) -> str:
    """
    The same as a table of Markdown, with the machine above and the notes below.
    """
    lines = [
        f"{machine.sentence}",
        "",
        "| " + " | ".join(HEADINGS) + " |",
        "|" + "---|" * len(HEADINGS),
    ]
    for row in rows:
        first = f"`{row.figure}` {row.what}, against {row.against}"
        lines.append("| " + " | ".join([first, *cells(row)]) + " |")
    notes = [f"- `{row.figure}`, {row.what}: {note}" for row in rows for note in _notes(row)]
    return "\n".join([*lines, *([""] if notes else []), *notes]) + "\n"


def _notes(row: Row) -> Iterable[str]:
    return [row.missing] if row.missing else row.notes


def document(rows: Sequence[Row], machine: Machine) -> dict[str, Any]:
    """
    Everything that was found, every round of it, ready for JSON.
    """
    return {"machine": asdict(machine), "rows": [_entry(row) for row in rows]}


def _entry(row: Row) -> dict[str, Any]:
    return {
        "figure": row.figure,
        "what": row.what,
        "against": row.against,
        "unit": row.unit,
        "ours": _numbers(row.ours),
        "beside": _numbers(row.beside),
        "ratio": _numbers(row.ratio),
        "bound": {
            "side": "at least" if row.bound.holds(float("inf")) else "at most",
            "limit": row.bound.limit,
            "subject": str(row.bound.subject),
        },
        "met": row.is_met,
        "missing": row.missing,
        "notes": row.notes,
    }


def _numbers(sample: Sample | None) -> dict[str, Any] | None:
    if sample is None:
        return None
    return {
        "median": sample.median,
        "low": sample.low,
        "high": sample.high,
        "rounds": list(sample.values),
    }


def paste(page: Path, table: str) -> None:
    """
    The page has this table between its two marks, in place of what stood there.

    :raises ValueError: the page has no such marks
    """
    text = page.read_text(encoding="utf-8")
    place = re.compile(f"{re.escape(BEGIN)}.*{re.escape(END)}", re.DOTALL)
    if not place.search(text):
        raise ValueError(f"{page} has not the two marks between which the table stands")
    page.write_text(place.sub(lambda _: f"{BEGIN}\n{table}{END}", text), encoding="utf-8")
