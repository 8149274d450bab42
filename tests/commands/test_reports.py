import json

from service.commands.reports import spark
from service.jobs.table import jobs
from tests.commands.conftest import Terminal, a_line


def a_past(terminal: Terminal) -> None:
    """
    Three views of two visitors on the day before yesterday, one yesterday.
    """
    lines = [
        a_line("203.0.113.7", "20/Nov/2026:10:00:00 +0000", "/tin/bài"),
        a_line("203.0.113.7", "20/Nov/2026:10:01:00 +0000", "/b"),
        a_line("203.0.113.8", "20/Nov/2026:10:00:00 +0000", "/b"),
        a_line("203.0.113.7", "21/Nov/2026:10:00:00 +0000", "/<script>"),
        a_line("203.0.113.7", "21/Nov/2026:10:00:00 +0000", "/b", agent="curl/8"),
    ]
    file = terminal.file("a.log", "".join(lines))
    assert terminal.run("import", "log", file, "--site", "s1").exit_code == 0


def test_the_report_says_totals_days_and_pages(terminal: Terminal) -> None:
    a_past(terminal)
    terminal.run("baseline", "set", "--site", "s1", "--views", 4_241_514, "--visits", 1_094)

    told = terminal.run("report", "--site", "s1", "--days", 4)

    assert told.stdout.splitlines() == [
        "Site one (s1), 2026-11-19 to 2026-11-22",
        "",
        "             4  views           4,241,518 in all",
        "             3  visits              1,097 in all",
        "             3  visitor-days",
        "             2  bounces",
        "",
        "  ▁█▄▁  views by day, up to 3",
        "",
        "             2  /b",
        "             1  /<script>",
        "             1  /tin/bài",
    ]


def test_the_report_as_json_says_the_same(terminal: Terminal) -> None:
    a_past(terminal)

    told = json.loads(terminal.run("report", "--site", "s1", "--days", 4, "--json").stdout)

    assert (told["site"], told["from"], told["to"]) == ("s1", "2026-11-19", "2026-11-22")
    totals = told["totals"]
    assert (totals["views"], totals["visits"], totals["visitors"]) == (4, 3, 3)
    assert told["all_time"] == {"views": 4, "visits": 3, "visitor_days": 3}
    assert [(row["day"], row["views"], row["visits"]) for row in told["days"]] == [
        ("2026-11-19", 0, 0),
        ("2026-11-20", 3, 2),
        ("2026-11-21", 1, 1),
        ("2026-11-22", 0, 0),
    ]
    assert (told["pages"][0]["path"], told["pages"][0]["views"]) == ("/b", 2)
    assert told["filtered"] == {"bot": 1}


def test_days_that_are_not_asked_for_are_not_in_it(terminal: Terminal) -> None:
    a_past(terminal)

    told = json.loads(terminal.run("report", "--site", "s1", "--days", 2, "--json").stdout)

    assert (told["totals"]["views"], told["all_time"]["views"]) == (1, 4)


def test_a_site_without_hits_has_a_report(terminal: Terminal) -> None:
    told = terminal.run("report", "--site", "s1")

    assert told.exit_code == 0
    assert told.stdout.endswith("  no page was viewed in these days\n")


def test_before_the_tables_are_made_the_report_says_what_is_missing(terminal: Terminal) -> None:
    told = terminal.run("report", "--site", "s1", "--data", terminal.folder / "new")

    assert (told.exit_code, told.stdout) == (1, "")
    assert told.stderr.startswith("luot: SQL: ")


def test_a_line_of_bars_reaches_the_top_at_the_most() -> None:
    assert spark([0, 1, 4, 8]) == "▁▂▅█"
    assert spark([0, 0]) == "▁▁"
    assert spark([1, 10**15]) == "▂█"
    assert spark([]) == ""


def test_every_job_says_what_it_does() -> None:
    assert all(row.does and row.if_missed and row.every > 0 for row in jobs(60))


def test_a_long_period_is_a_line_that_fits_a_terminal(terminal: Terminal) -> None:
    told = terminal.run("report", "--site", "s1", "--days", 4_300)
    line = next(line for line in told.stdout.splitlines() if "views by" in line)

    assert "  views by 72 days, up to 0" in line
    assert len(line) <= 100
