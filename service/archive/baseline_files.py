"""
CSV files with the numbers of an older counter.
"""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

from service.archive.baselines import Baseline
from service.archive.files import regular_file
from service.errors import ImportRefused, Rejected
from service.intake.paths import PathRules, page_path
from service.settings import LARGEST

COLUMNS = ("path", "views", "visits")

#: Bytes of a file: a million rows with long paths.
LARGEST_FILE = 268_435_456

#: Characters of one cell.
LARGEST_CELL = 16_384

_WHOLE = re.compile(r"[0-9]{1,16}\Z", re.ASCII)
_GROUPED = re.compile(r"[0-9]{1,3}([.,\u00a0\u202f ][0-9]{3})+\Z", re.ASCII)


def read_baselines(file: Path, rules: PathRules) -> list[Baseline]:
    """
    The rows of a file, paths by the site's rules; rows of one page are added up.

    A BOM, ``;`` or tabs between columns, and CRLF are accepted.
    :raises ImportRefused: naming line and column; nothing may be used then
    """
    text = _text(file)
    found: dict[str, Baseline] = {}
    for number, row in _rows(text):
        baseline = _baseline(number, row, rules)
        before = found.get(baseline.path, Baseline(baseline.path, 0, 0))
        views, visits = before.views + baseline.views, before.visits + baseline.visits
        if max(views, visits) > LARGEST:
            raise ImportRefused(f"line {number}: the sum of {baseline.path} passes {LARGEST}")
        found[baseline.path] = Baseline(baseline.path, views, visits)
    if not found:
        raise ImportRefused(f"{file.name}: there are no rows below the heading")
    return list(found.values())


def _text(file: Path) -> str:
    raw = regular_file(file, LARGEST_FILE).read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ImportRefused(f"line {line}: is not UTF-8") from None
    if "\0" in text:
        raise ImportRefused(f"line {text[: text.index(chr(0))].count(chr(10)) + 1}: has a NUL")
    return text


def _rows(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    heading = text.partition("\n")[0]
    delimiter = max(",;\t", key=heading.count)
    csv.field_size_limit(LARGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        names = [name.strip().lower() for name in next(reader, [])]
        if sorted(names) != sorted(COLUMNS):
            raise ImportRefused(f"line 1: the heading has to be {','.join(COLUMNS)}")
        for cells in reader:
            if not cells:
                continue
            if len(cells) != len(names):
                raise ImportRefused(
                    f"line {reader.line_num}: has {len(cells)} columns, the heading {len(names)}"
                )
            yield reader.line_num, dict(zip(names, cells, strict=True))
    except csv.Error as error:
        raise ImportRefused(f"line {reader.line_num}: {error}") from None


def _baseline(line: int, row: dict[str, str], rules: PathRules) -> Baseline:
    views, visits = (_count(line, name, row[name].strip()) for name in ("views", "visits"))
    path = row["path"].strip()
    try:
        return Baseline(page_path(path, rules).path if path else "", views, visits)
    except Rejected:
        raise ImportRefused(f"line {line}: path: is no path of a page") from None


def _count(line: int, column: str, text: str) -> int:
    if _GROUPED.match(text):
        plain = re.sub(r"\D", "", text)
        raise ImportRefused(f"line {line}: {column}: write {plain} instead of {text}")
    if not _WHOLE.match(text):
        raise ImportRefused(f"line {line}: {column}: has to be a whole number, digits only")
    if int(text) > LARGEST:
        raise ImportRefused(f"line {line}: {column}: is above {LARGEST}, the largest exact number")
    return int(text)
