import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.archive.baseline_files import LARGEST_CELL, read_baselines
from service.archive.baselines import Baseline
from service.errors import ImportRefused
from service.intake.paths import PathRules

RULES = PathRules()


def read(folder: Path, content: str | bytes, rules: PathRules = RULES) -> list[Baseline]:
    raw = content.encode() if isinstance(content, str) else content
    (folder / "past.csv").write_bytes(raw)
    return read_baselines(folder / "past.csv", rules)


def test_the_empty_path_is_the_site(tmp_path: Path) -> None:
    assert read(tmp_path, "path,views,visits\n,7,3\n") == [Baseline("", 7, 3)]


def test_paths_follow_the_rules_of_the_site(tmp_path: Path) -> None:
    rows = "path,views,visits\n/A/?utm_source=x&id=7,7,3\n"

    assert read(tmp_path, rows) == [Baseline("/A?id=7", 7, 3)]
    assert read(tmp_path, rows, PathRules(lower_case=True)) == [Baseline("/a?id=7", 7, 3)]


def test_rows_of_one_page_are_added_up(tmp_path: Path) -> None:
    rows = "path,views,visits\n/tin/bài,7,3\n/tin/b%C3%A0i/,1,1\ntin/bài,1,0\n"

    assert read(tmp_path, rows) == [Baseline("/tin/bài", 9, 4)]


def test_the_sign_between_columns_is_that_of_the_heading(tmp_path: Path) -> None:
    assert read(tmp_path, "path;views;visits\n/a,b;7;3\n") == [Baseline("/a,b", 7, 3)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_may_end_in_any_way(tmp_path: Path, end: str) -> None:
    rows = end.join(["path,views,visits", "/a,7,3", "", '"/b",1,1'])

    assert read(tmp_path, rows) == [Baseline("/a", 7, 3), Baseline("/b", 1, 1)]


def test_a_cell_that_never_ends_is_refused(tmp_path: Path) -> None:
    rows = 'path,views,visits\n/a,1,1\n"' + LARGEST_CELL * "x" + "\n"

    with pytest.raises(ImportRefused, match="^line 3: field larger than field limit"):
        read(tmp_path, rows)


def test_a_line_of_100_mb_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match="^line 2: field larger than field limit"):
        read(tmp_path, b"path,views,visits\n" + 100_000_000 * b"x")


def test_a_million_columns_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match="^line 2: has 1000001 columns, the heading 3$"):
        read(tmp_path, "path,views,visits\n" + 1_000_000 * ",")
    with pytest.raises(ImportRefused, match="^line 1: the heading has to be"):
        read(tmp_path, 1_000_000 * "path,")


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200) | st.text(max_size=200))
def test_any_content_is_read_or_refused(tmp_path: Path, content: bytes | str) -> None:
    raw = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    for told in (raw, b"path,views,visits\n" + raw):
        try:
            found = read(tmp_path, told)
        except ImportRefused:
            continue
        assert found


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(st.from_regex(r"/[a-z0-9]{1,9}", fullmatch=True), st.integers(0, 10**15)),
    st.sampled_from(",;\t"),
)
def test_what_a_program_writes_is_read(tmp_path: Path, told: dict[str, int], sign: str) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=sign)
    writer.writerow(["path", "views", "visits"])
    writer.writerows([path, views, views // 2] for path, views in [("", 1), *told.items()])

    found = read(tmp_path, text.getvalue())

    assert found == [Baseline("", 1, 0), *(Baseline(p, v, v // 2) for p, v in told.items())]
