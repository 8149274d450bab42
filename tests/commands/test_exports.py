import csv
import io
import json
import zipfile
from pathlib import Path

import pyarrow.parquet
import pytest

from tests.commands.conftest import Terminal
from tests.commands.test_reports import a_past

PAGES = [("2026-11-20", "/b", 2), ("2026-11-20", "/tin/bài", 1), ("2026-11-21", "/<script>", 1)]


def shown(rows: list[dict[str, object]]) -> list[tuple[str, str, int]]:
    return sorted((str(r["day"]), str(r["path"]), int(str(r["views"]))) for r in rows)


def test_a_zip_holds_every_table(terminal: Terminal) -> None:
    a_past(terminal)
    file = terminal.folder / "all.zip"
    told = terminal.run("export", "--site", "s1", file)

    assert told.exit_code == 0
    assert told.stdout.startswith(f"{file}: s1, 2026-11-20 to 2026-11-22, ")
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        names = ["days", "hours", "pages", "values", "page_values", "filtered"]
        assert [f"{name}.csv" for name in names] == archive.namelist()
        text = archive.read("pages.csv").decode("utf-8-sig")
        assert sorted(PAGES) == shown(list(csv.DictReader(io.StringIO(text))))
        filtered = archive.read("filtered.csv").decode("utf-8-sig")
        assert '"bot",1' in filtered


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_one_file_holds_the_pages_by_day(terminal: Terminal, form: str) -> None:
    a_past(terminal)
    file = terminal.folder / f"pages.{form}"
    told = terminal.run(
        "export",
        "--site",
        "s1",
        "--format",
        form,
        "--from",
        "2026-11-20",
        "--to",
        "2026-11-20",
        file,
    )

    assert told.exit_code == 0
    assert PAGES[:2] == shown(read(file, form))


def read(file: Path, form: str) -> list[dict[str, object]]:
    if form == "parquet":
        rows: list[dict[str, object]] = pyarrow.parquet.read_table(file).to_pylist()
        return rows
    if form == "jsonl":
        return [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    return list(csv.DictReader(io.StringIO(file.read_text("utf-8-sig"))))


def test_standard_output_takes_a_table(terminal: Terminal) -> None:
    a_past(terminal)
    told = terminal.start("export", "--site", "s1", "--format", "jsonl", "-")

    assert (told.returncode, 3) == (0, len(told.stdout.splitlines()))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--from", "2026-11-31"], "luot: --from: has to be a day such as"),
        (["--from", "2026-11-22", "--to", "2026-11-21"], "luot: --to: has to be a day such as"),
        (["--format", "xlsx"], "luot: --format: "),
    ],
)
def test_what_cannot_be_exported_is_refused(
    terminal: Terminal, words: list[str], said: str
) -> None:
    told = terminal.run("export", "--site", "s1", *words, terminal.folder / "x")

    assert told.exit_code == 2
    assert said in told.stderr


def test_a_site_without_hits_has_an_export(terminal: Terminal) -> None:
    file = terminal.folder / "x.zip"

    assert terminal.run("export", "--site", "s1", file).exit_code == 0
    assert zipfile.is_zipfile(file)
