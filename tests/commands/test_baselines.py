import json

import pytest

from service.settings import LARGEST
from tests.commands.conftest import Terminal

SHOWN = "SELECT path, baseline_views, baseline_visits FROM page ORDER BY path"


def rows(terminal: Terminal) -> list[tuple[str, int, int]]:
    return terminal.sql(SHOWN)


def refused(terminal: Terminal, content: str | bytes) -> str:
    """
    The one sentence that says why a file is refused; nothing was set.
    """
    file = terminal.file("past.csv", content)
    told = terminal.run("import", "baseline", file, "--site", "s1")
    assert (told.exit_code, told.stdout) == (1, "")
    assert rows(terminal) == []
    [sentence] = told.stderr.splitlines()
    return sentence.removeprefix("luot: ")


@pytest.mark.parametrize(
    "content",
    [
        b"path,views,visits\n,4241514,1094\n/a,400,300\n",
        b"\xef\xbb\xbfpath,views,visits\r\n,4241514,1094\r\n/a,400,300\r\n",
        b"path;views;visits\r\n;4241514;1094\r\n/a;400;300\r\n",
        b"path\tviews\tvisits\n\t4241514\t1094\n/a\t400\t300\n",
        b"Visits, Path ,VIEWS\n1094,,4241514\n\n300,a, 400 \n",
        b'"path","views","visits"\n"","4241514","1094"\n"/a/","400","300"',
    ],
)
def test_the_file_may_be_written_in_many_ways(terminal: Terminal, content: bytes) -> None:
    told = terminal.run("import", "baseline", terminal.file("past.csv", content), "--site", "s1")

    assert (told.exit_code, told.stdout) == (0, "s1: 2 baselines are set\n")
    assert rows(terminal) == [("", 4_241_514, 1_094), ("/a", 400, 300)]


def test_a_baseline_is_set_and_never_added(terminal: Terminal) -> None:
    file = terminal.file("past.csv", "path,views,visits\n,100,50\n/a,40,30\n")
    for _ in range(2):
        terminal.run("import", "baseline", file, "--site", "s1")
    assert rows(terminal) == [("", 100, 50), ("/a", 40, 30)]

    terminal.run("baseline", "set", "--site", "s1", "--views", 7, "--visits", 3)
    assert rows(terminal) == [("", 7, 3), ("/a", 40, 30)]


def test_each_change_leaves_an_entry_in_the_audit_trail(terminal: Terminal) -> None:
    file = terminal.file("past.csv", "path,views,visits\n,100,50\n/a,40,30\n")
    terminal.run("import", "baseline", file, "--site", "s1")
    terminal.run("baseline", "set", "--site", "s1", "--views", 7, "--visits", 3)

    trail = terminal.sql("SELECT at_ms, actor, site, action, detail FROM audit ORDER BY id")
    minute = terminal.clock.ms // 60_000
    assert [(row[0] // 60_000, *row[1:4], json.loads(row[4])) for row in trail] == [
        (
            minute,
            "luot import baseline past.csv",
            "s1",
            "baseline",
            {"pages": 2, "views": 140},
        ),
        (minute, "luot baseline set", "s1", "baseline", {"pages": 1, "views": 7}),
    ]


def test_a_baseline_is_shown_in_all_and_in_no_day(terminal: Terminal) -> None:
    terminal.run("baseline", "set", "--site", "s1", "--views", 4_241_514, "--visits", 1_094)
    told = json.loads(terminal.run("report", "--site", "s1", "--json").stdout)

    assert (told["all_time"]["views"], told["all_time"]["visits"]) == (4_241_514, 1_094)
    assert (told["totals"]["views"], told["totals"]["visits"]) == (0, 0)


def test_without_redis_the_baseline_is_kept_and_the_command_says_so(terminal: Terminal) -> None:
    words = ["baseline", "set", "--site", "s1", "--views", 7, "--visits", 3]
    told = terminal.run(*words, LUOT_REDIS_URL="redis://127.0.0.1:1")

    assert told.exit_code == 0
    assert "shown as soon as Redis can be told" in told.stderr
    assert rows(terminal) == [("", 7, 3)]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (",4.241.514,1", "line 2: views: write 4241514 instead of 4.241.514"),
        (',"4,241,514",1', "line 2: views: write 4241514 instead of 4,241,514"),
        (",4 241 514,1", "line 2: views: write 4241514 instead of 4 241 514"),
        (
            ",1,4\N{NO-BREAK SPACE}241",
            "line 2: visits: write 4241 instead of 4\N{NO-BREAK SPACE}241",
        ),
        (f",{LARGEST + 1},1", f"line 2: views: is above {LARGEST}, the largest exact number"),
        (f",1,{10**15 * 9_999}", "line 2: visits: has to be a whole number, digits only"),
        (f"/a,{LARGEST},1\n/a,1,1", f"line 3: the sum of /a passes {LARGEST}"),
        (",-5,1", "line 2: views: has to be a whole number, digits only"),
        (",1e3,1", "line 2: views: has to be a whole number, digits only"),
        (",1.5,1", "line 2: views: has to be a whole number, digits only"),
        (",,1", "line 2: views: has to be a whole number, digits only"),
        (",0x10,1", "line 2: views: has to be a whole number, digits only"),
        (",１２,1", "line 2: views: has to be a whole number, digits only"),
        (",٣,1", "line 2: views: has to be a whole number, digits only"),
        ("/a,1,1\n/b,x,1", "line 3: views: has to be a whole number, digits only"),
        ("/a,1", "line 2: has 2 columns, the heading 3"),
        ("/a,1,1,1", "line 2: has 4 columns, the heading 3"),
        ("/%zz%ff,1,1", "line 2: path: is no path of a page"),
        ('"/a,1,1\n/b,1,1', "line 3: unexpected end of data"),
        ("", "past.csv: there are no rows below the heading"),
    ],
)
def test_a_row_that_is_wrong_is_named_and_none_is_set(
    terminal: Terminal, content: str, sentence: str
) -> None:
    assert refused(terminal, f"path,views,visits\n{content}\n") == sentence


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"path,views,visits\n/a\xff,1,1\n", "line 2: is not UTF-8"),
        ("path,views,visits\n/a,1,1\n".encode("utf-16"), "line 1: is not UTF-8"),
        (b"path,views,visits\n/b,1,1\n/a\0,1,1\n", "line 3: has a NUL"),
        (b"/a,1,1\n", "line 1: the heading has to be path,views,visits"),
        (b"path,views\n/a,1\n", "line 1: the heading has to be path,views,visits"),
        (b"", "line 1: the heading has to be path,views,visits"),
        (b"\x80\x04}\x94.", "line 1: is not UTF-8"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]>\n', "line 1: the heading has to be path,views,visits"),
    ],
)
def test_a_file_that_is_no_table_is_refused(
    terminal: Terminal, content: bytes, sentence: str
) -> None:
    assert refused(terminal, content) == sentence


def test_what_would_pass_the_largest_exact_number_is_not_set(terminal: Terminal) -> None:
    told = terminal.run("baseline", "set", "--site", "s1", "--views", LARGEST + 1, "--visits", 0)

    assert told.exit_code == 2
    assert rows(terminal) == []


def test_a_path_with_markup_or_a_formula_is_a_path(terminal: Terminal) -> None:
    file = terminal.file("past.csv", "path,views,visits\n/=1+1,1,1\n/<script>,2,2\n")

    assert terminal.run("import", "baseline", file, "--site", "s1").exit_code == 0
    assert [row[0] for row in rows(terminal)] == ["/<script>", "/=1+1"]


@pytest.mark.parametrize("file", ["/dev/zero", "/tmp", "/nope.csv", "/proc/1/mem"])  # noqa: S108
def test_a_file_that_is_none_is_refused_in_one_sentence(terminal: Terminal, file: str) -> None:
    told = terminal.run("import", "baseline", file, "--site", "s1")

    assert (told.exit_code, told.stderr.count("\n")) == (1, 1)
    assert told.stderr.startswith(("luot: /", "luot: line 1"))


def test_a_baseline_is_of_a_known_site(terminal: Terminal) -> None:
    file = terminal.file("past.csv", "path,views,visits\n,1,1\n")

    assert terminal.run("import", "baseline", file, "--site", "s2").exit_code == 2
