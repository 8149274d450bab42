"""
A month's report, for people who open it in a mail or a spreadsheet.
"""

import csv
import io

import pytest

from tests.commands.conftest import SITE, Terminal, a_line

VIETNAMESE = SITE.replace('name = "Site one"', 'name = "Cổng <b>"\nlocale = "vi"')


def a_past(terminal: Terminal) -> None:
    """
    Two views in October; three and a robot's in November.
    """
    lines = [
        a_line("203.0.113.7", "20/Oct/2026:10:00:00 +0000", "/b"),
        a_line("203.0.113.7", "31/Oct/2026:10:00:00 +0000", "/b"),
        a_line("203.0.113.7", "20/Nov/2026:10:00:00 +0000", "/tin/bài"),
        a_line("203.0.113.8", "20/Nov/2026:10:00:00 +0000", "/=1+1"),
        a_line("203.0.113.7", "21/Nov/2026:10:00:00 +0000", "/b"),
        a_line("203.0.113.7", "21/Nov/2026:10:00:00 +0000", "/b", agent="curl/8"),
    ]
    file = terminal.file("a.log", "".join(lines))
    assert terminal.run("import", "log", file, "--site", "s1").exit_code == 0


def test_a_month_is_told_against_the_month_before(terminal: Terminal) -> None:
    a_past(terminal)

    told = terminal.run("report", "--site", "s1", "--month", "2026-11")

    assert told.stdout.splitlines() == [
        "Site one: November 2026",
        "up to 22 Nov 2026",
        "",
        "             3  views  (1, +200%)",
        "             3  visits  (1, +200%)",
        "             3  visitor-days  (1, +200%)",
        "",
        "Most read",
        "",
        "   1.          1  /=1+1",
        "   2.          1  /b",
        "   3.          1  /tin/bài",
        "",
        "Filtered, counted in none of these numbers",
        "",
        "             1  Robots",
    ]


def test_a_month_that_is_over_is_told_whole_and_in_the_sites_language(terminal: Terminal) -> None:
    terminal.write("", VIETNAMESE)
    a_past(terminal)

    told = terminal.run("report", "--site", "s1", "--month", "2026-10").stdout.splitlines()

    assert told[:3] == ["Cổng <b>: tháng 10 năm 2026", "", "             2  lượt xem  (0, –)"]
    assert "Đọc nhiều nhất" in told


def test_the_language_can_be_named(terminal: Terminal) -> None:
    terminal.write("", VIETNAMESE)

    told = terminal.run("report", "--site", "s1", "--month", "2026-11", "--lang", "en").stdout

    assert "No page was viewed." in told


def test_as_csv_it_opens_in_a_spreadsheet_and_runs_nothing_there(terminal: Terminal) -> None:
    a_past(terminal)

    told = terminal.run("report", "--site", "s1", "--month", "2026-11", "--csv")
    raw = told.stdout_bytes
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))

    assert raw.startswith(b"\xef\xbb\xbf")
    assert rows[0] == ["Month", "What", "Name", "Path", "Number", "Month before"]
    assert rows[1] == ["2026-11", "Site", "Site one: views", "", "3", "1"]
    assert ["2026-11", "Most read", "/=1+1", "/=1+1", "1", ""] in rows
    assert ["2026-11", "Filtered", "Robots", "", "1", ""] == rows[-1]


def test_without_a_month_csv_is_of_the_one_that_is_over(terminal: Terminal) -> None:
    a_past(terminal)

    told = terminal.run("report", "--site", "s1", "--csv").stdout_bytes.decode()

    assert '"2026-10"' in told


@pytest.mark.parametrize(
    "month", ["2026-13", "2026-12", "2027-01", "26-11", "x", "0000-01", "２０２６-11"]
)
def test_a_month_that_is_none_or_has_not_begun_is_a_mistake(terminal: Terminal, month: str) -> None:
    told = terminal.run("report", "--site", "s1", "--month", month)

    assert (told.exit_code, told.stdout) == (2, "")
    assert told.stderr.startswith("luot: --month: ")
