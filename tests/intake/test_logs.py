import gzip
import os
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.intake.logs import LogLine, Skip, log_line, skip

COMMON = '203.0.113.7 - - [17/May/2015:10:05:03 +0700] "GET /tin?id=1 HTTP/1.1" 200 12'
COMBINED = COMMON + ' "http://a.vn/b" "Mozilla/5.0 (X11)"'
MOMENT = datetime(2015, 5, 17, 3, 5, 3, tzinfo=UTC)


def line(target: str = "/a", method: str = "GET", status: int = 200) -> LogLine:
    return LogLine("203.0.113.7", MOMENT, method, target, status, "", "")


def parsed(text: str) -> LogLine:
    found = log_line(text)
    assert found is not None
    return found


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_line_of_the_combined_format_tells_everything(end: str) -> None:
    expected = LogLine(
        "203.0.113.7", MOMENT, "GET", "/tin?id=1", 200, "http://a.vn/b", "Mozilla/5.0 (X11)"
    )

    assert expected == log_line(COMBINED + end)


def test_a_line_of_the_common_format_tells_no_referrer_and_no_user_agent() -> None:
    found = parsed(COMMON)

    assert (found.referrer, found.user_agent) == ("", None)
    assert found.target == "/tin?id=1"


def test_a_dash_is_an_empty_field() -> None:
    found = parsed('- - - [17/May/2015:10:05:03 +0700] "-" 408 - "-" "-"')

    assert (
        found.address,
        found.method,
        found.target,
        found.referrer,
        found.user_agent,
    ) == ("", "", "", "", "")


def test_fields_behind_the_user_agent_are_passed_over() -> None:
    assert parsed(COMBINED) == parsed(COMBINED + ' "10.0.0.1" rt=0.003 "')
    assert parsed(COMMON) == parsed(COMMON + " 0.003")


def test_a_user_name_may_have_blanks() -> None:
    assert parsed(COMMON) == parsed(COMMON.replace("- -", "- Nguyen Van A"))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (r"say \"hi\" \\o/", 'say "hi" \\o/'),
        (r"\x22\x5C", '"\\'),
        (r"b\xc3\xa0i", "bài"),
        (r"\xff!", "\ufffd!"),
        (r"a\tb\q\x4", "a\tb\\q\\x4"),
    ],
)
def test_escapes_of_servers_are_undone(written: str, expected: str) -> None:
    found = parsed(f'{COMMON} "{written}" "{written}" "more"')

    assert (expected, expected) == (found.referrer, found.user_agent)


@pytest.mark.parametrize(
    ("request_line", "method", "target"),
    [
        ("GET /b%C3%A0i HTTP/2.0", "GET", "/b%C3%A0i"),
        (r"GET /b\xc3\xa0i?q=\"x\" HTTP/1.1", "GET", '/bài?q="x"'),
        ("GET /a b  c HTTP/1.1", "GET", "/a b  c"),
        ("GET /a", "GET", "/a"),
        ("GET /a b", "GET", "/a b"),
        ("GET http://A.vn:80/x?y=1 HTTP/1.1", "GET", "/x?y=1"),
        ("GET http://a.vn HTTP/1.1", "GET", "/"),
        ("GET http://[::1 HTTP/1.1", "GET", "http://[::1"),
        ("OPTIONS * HTTP/1.1", "OPTIONS", "*"),
        (r"\x16\x03\x01", "\x16\x03\x01", ""),
        ("", "", ""),
    ],
)
def test_a_request_falls_into_method_and_target(
    request_line: str, method: str, target: str
) -> None:
    found = parsed(COMBINED.replace("GET /tin?id=1 HTTP/1.1", request_line))

    assert (method, target) == (found.method, found.target)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("29/Feb/2016:23:59:59 -0330", datetime(2016, 3, 1, 3, 29, 59, tzinfo=UTC)),
        ("31/Dec/1999:00:00:00 +0000", datetime(1999, 12, 31, tzinfo=UTC)),
    ],
)
def test_a_time_is_told_in_utc(written: str, expected: datetime) -> None:
    assert expected == parsed(COMMON.replace("17/May/2015:10:05:03 +0700", written)).time


@pytest.mark.parametrize(
    "written",
    [
        "30/Feb/2016:00:00:00 +0000",
        "17/Mai/2015:10:05:03 +0000",
        "17/05/2015:10:05:03 +0000",
        "17/May/2015:25:05:03 +0000",
        "17/May/2015:10:0503: +0000",
        "17/May/2015:10:05:03 +9900",
        "17/May/0000:10:05:03 +0000",
        "01/Jan/0001:00:00:00 +1400",
        "31/Dec/9999:23:59:59 -1400",
        "1\u0667/May/2015:10:05:03 +0000",
        "2015-05-17T10:05:03+00:00",
    ],
)
def test_a_time_that_never_was_leaves_the_line_unparsed(written: str) -> None:
    assert log_line(COMMON.replace("17/May/2015:10:05:03 +0700", written)) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "junk",
        "\0",
        "\ud800",
        '{"remote_addr":"203.0.113.7"}',
        COMMON.replace(" 200", " abc"),
        COMMON.removesuffix(" 12"),
        COMMON.replace('HTTP/1.1"', "HTTP/1.1"),
        COMBINED.removesuffix('"'),
        COMBINED.removesuffix(' "Mozilla/5.0 (X11)"'),
        f"www.a.vn:443 {COMBINED}",
        f"x\n{COMBINED}",
    ],
)
def test_a_line_of_another_format_stays_unparsed(text: str) -> None:
    assert log_line(text) is None


@pytest.mark.parametrize("piece", ["a", '"', "\\", '\\"', '" "', " ", "[", "\\x4"])
def test_a_hostile_line_takes_no_time(piece: str) -> None:
    longest = COMMON + ' "' + piece * ((16_000 - len(COMMON)) // len(piece))
    started = time.process_time()
    log_line(longest)
    log_line(piece * (16_384 // len(piece)))

    assert time.process_time() - started < 0.1


def test_a_line_over_sixteen_kibibytes_is_not_read() -> None:
    longest = f'{COMMON} "-" "'.ljust(16_383, "a") + '"'

    assert log_line(longest) is not None
    assert log_line(longest + " ") is None
    assert log_line("a" * 100_000) is None


@settings(max_examples=200)
@given(st.text(st.characters()), st.sampled_from(["", COMMON, COMMON + ' "', COMBINED]))
def test_no_text_whatever_breaks_the_reading_of_lines(text: str, start: str) -> None:
    found = log_line(start + text)

    assert found is None or skip(found) in {None, *Skip}


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "",
        "/tin/bai-1.html",
        "/index.php?id=3",
        "/a.PNG/",
        "/css",
        "/png",
        "/rss.html",
        "/feedback",
        "/a?utm_medium=feed&source=rss20",
        "/a?feed=",
        "/a?file=x.png",
        "/a?type=article",
        "/v1.2",
    ],
)
def test_a_page_that_was_shown_is_a_view(target: str) -> None:
    assert skip(line(target)) is None
    assert skip(line(target, status=304)) is None


@pytest.mark.parametrize(
    ("request_line", "expected"),
    [
        (line(method="POST"), Skip.METHOD),
        (line(method="HEAD"), Skip.METHOD),
        (line(method="get"), Skip.METHOD),
        (line(method="", target="", status=408), Skip.METHOD),
        (line(status=404), Skip.STATUS),
        (line(status=206), Skip.STATUS),
        (line(status=301), Skip.STATUS),
        (line("/a.css?v=1"), Skip.ASSET),
        (line("/A/B.JPG"), Skip.ASSET),
        (line("/robots.txt"), Skip.ASSET),
        (line("/sitemap.xml"), Skip.ASSET),
        (line("/vanban/12.pdf"), Skip.ASSET),
        (line("/feed/a.png"), Skip.ASSET),
        (line("/feed"), Skip.FEED),
        (line("/blog/Feed/"), Skip.FEED),
        (line("/feed/atom/"), Skip.FEED),
        (line("/rss/trang-chu"), Skip.FEED),
        (line("/tin.rss"), Skip.FEED),
        (line("/index.rdf"), Skip.FEED),
        (line("/?flav=rss20"), Skip.FEED),
        (line("/?flav=atom"), Skip.FEED),
        (line("/?feed=rss2"), Skip.FEED),
        (line("/a?x=1&format=feed&type=rss"), Skip.FEED),
    ],
)
def test_a_request_that_showed_no_page_has_a_reason(request_line: LogLine, expected: Skip) -> None:
    assert expected is skip(request_line)


def test_a_real_log_is_read_to_the_last_line() -> None:
    folder = os.environ.get("LUOT_TEST_DATA")
    if not folder:
        pytest.skip("LUOT_TEST_DATA names no folder with logs")
    log = gzip.decompress((Path(folder) / "access-2015-05-17-18.log.gz").read_bytes())
    lines = [log_line(text) for text in log.decode().splitlines()]
    found = Counter(skip(told) if told else Skip.UNPARSED for told in lines)

    expected = {None: 1500, Skip.METHOD: 18, Skip.STATUS: 226, Skip.ASSET: 2299, Skip.FEED: 482}
    assert expected == found
