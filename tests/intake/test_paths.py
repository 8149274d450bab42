import itertools

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from service.errors import Reason, Rejected
from service.intake.paths import PagePath, PageUrl, PathRules, cut, page_path, page_url

RULES = PathRules()

#: Every rule, each both ways at least once.
ALL_RULES = (
    RULES,
    PathRules(trailing_slash=True, hash_routing=True),
    PathRules(query=("ID", "a"), lower_case=True, hash_routing=True),
)

#: Pieces that meet each other badly when they are cut, decoded or composed.
PIECES = st.sampled_from(
    [
        *("/", ".", "..", "?", "#", "&", "=", "id=", "ID=", "a=", "%2F", "%2e", "%25", "%C3%A0"),
        *("F", "\u0307", "\u0338", "\u212a", "İ", "Σ", "à", "😀", "%", "%C3", "x" * 600, "é" * 700),
        *("/.." * 300, "%2f" * 200, "p=" + "y" * 100),
    ]
)


def path(target: str, rules: PathRules = RULES) -> str:
    return page_path(target, rules).path


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("", "/"),
        ("/", "/"),
        ("a", "/a"),
        ("//a///b//", "/a/b"),
        ("/a/", "/a"),
        ("/A", "/A"),
        ("/a/./b/../c", "/a/c"),
        ("/a//../b", "/a/b"),
        ("/../..", "/"),
        ("/a/%2e%2E/b", "/b"),
        ("/...", "/..."),
        ("/tin/bài", "/tin/bài"),
        ("/tin/b%C3%A0i", "/tin/bài"),
        ("/tin/b%c3%a0i", "/tin/bài"),
        ("/tin/ba\u0300i", "/tin/bài"),
        ("/tin/ba%CC%80i", "/tin/bài"),
        ("/%F0%9F%98%80", "/😀"),
        ("/%61%2D%7e", "/a-~"),
        ("%2fa", "/%2Fa"),
        ("/%252fa", "/%252fa"),
        ("/%25%34%31", "/%2541"),
        ("/%2F\u0307", "/%2F\u0307"),
        ("/a b;c=1", "/a b;c=1"),
        ("/a%20b", "/a%20b"),
        ("(other)", "/(other)"),
        ("/<script>alert(1)</script>", "/<script>alert(1)</script>"),
        ('/"><img src=x onerror=alert(1)>', '/"><img src=x onerror=alert(1)>'),
        ("/{{7*7}}", "/{{7*7}}"),
        ("/${7*7}", "/${7*7}"),
    ],
)
def test_a_path_is_written_in_one_way(target: str, expected: str) -> None:
    assert PagePath(expected, truncated=False) == page_path(target, RULES)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/a?utm_source=x", "/a"),
        ("/a?id=3#x", "/a?id=3"),
        ("/a?p=2&ID=3&utm_source=x", "/a?id=3&p=2"),
        ("/a?id=2&id=1", "/a?id=2&id=1"),
        ("/a/?id=3", "/a?id=3"),
        ("?id=3", "/?id=3"),
        ("/a?%69d=3", "/a?id=3"),
        ("/a?id=b%c3%a0i%2f", "/a?id=bài%2F"),
        ("/a?id=aB", "/a?id=aB"),
        ("/a?id", "/a?id="),
        ("/a?id=b=c?d", "/a?id=b=c?d"),
        ("/a?", "/a"),
        ("/a?id[]=1", "/a"),
        ("/a?id=" + "x" * 128, "/a?id=" + "x" * 128),
        ("/a?id=" + "x" * 129, "/a"),
        ("/a?id=" + "%C3%A0" * 128, "/a?id=" + "à" * 128),
    ],
)
def test_only_the_named_parameters_make_a_page(target: str, expected: str) -> None:
    assert PagePath(expected, truncated=False) == page_path(target, RULES)


@pytest.mark.parametrize("dropped", ["?q=50%", "?q=%ff%00", "?q=\x1b[2J", "?q=\n", "#%", "#\n"])
def test_what_is_dropped_is_not_judged(dropped: str) -> None:
    assert path(f"/a{dropped}") == "/a"


@pytest.mark.parametrize(
    ("rules", "target", "expected"),
    [
        (PathRules(query=("Bài",)), "/a?b%C3%A0i=1&id=2", "/a?bài=1"),
        (PathRules(query=()), "/a?id=2", "/a"),
        (PathRules(trailing_slash=True), "/a/", "/a/"),
        (PathRules(trailing_slash=True), "/a", "/a"),
        (PathRules(trailing_slash=True), "/a/b/..", "/a/"),
        (PathRules(trailing_slash=True), "///", "/"),
        (PathRules(lower_case=True), "/Tin/%C3%80%2f?id=X", "/tin/à%2F?id=X"),
        (PathRules(hash_routing=True), "/a?id=1#/B%c3%a0i/?q", "/a?id=1#/Bài/?q"),
        (PathRules(hash_routing=True), "/a#", "/a"),
        (PathRules(hash_routing=True, lower_case=True), "/A#/B", "/a#/b"),
    ],
)
def test_a_site_may_choose_otherwise(rules: PathRules, target: str, expected: str) -> None:
    assert expected == path(target, rules)


@pytest.mark.parametrize(
    "target",
    [
        "/a\0b",
        "/a\nb",
        "/a\x7f",
        "/a\x85",
        "/a\u2028",
        "/a\u2029",
        "/%00",
        "/a%0d%0aSet-Cookie:x=1",
        "/%1F",
        "/%7f",
        "/%C2%85",
        "/%E2%80%A8",
        "/%",
        "/%a",
        "/%zz",
        "/%u0041",
        "/%%34%31",
        "/%ff",
        "/%C3",
        "/%C3/%A0",
        "/%C0%AF",
        "/%ED%A0%80",
        "/\ud800",
        "/a?q=\udc00",
        "/a?id=%",
        "/a?id=%00",
        "/a?id=\n",
    ],
)
def test_what_no_browser_would_send_is_refused(target: str) -> None:
    with pytest.raises(Rejected) as refusal:
        page_path(target, RULES, "url")

    assert (
        refusal.value.reason,
        refusal.value.field,
        refusal.value.status,
    ) == (Reason.MALFORMED, "url", 400)


def test_a_fragment_that_makes_a_page_is_judged_like_a_path() -> None:
    with pytest.raises(Rejected):
        page_path("/a#%", PathRules(hash_routing=True))


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/" + "a" * 2048, "/" + "a" * 2047),
        ("/" + "é" * 1024, "/" + "é" * 1023),
        ("/" + "a" * 2045 + "%2F", "/" + "a" * 2045),
        ("/" + "a" * 2046 + "%2F", "/" + "a" * 2046),
        ("/" + "a" * 2046 + "/b", "/" + "a" * 2046),
        ("/" + "a" * 2044 + "/..b", "/" + "a" * 2044),
        ("/" + "a" * 2045 + "/.b", "/" + "a" * 2045),
        ("/" + "a" * 2048 + "?id=1", "/" + "a" * 2047),
        ("/" + "a" * 2040 + "?id=1&p=2", "/" + "a" * 2040 + "?id=1"),
        ("/" + "a" * 2040 + "?id=1234&p=2", "/" + "a" * 2040),
    ],
)
def test_a_long_path_is_cut_where_nothing_breaks(target: str, expected: str) -> None:
    assert PagePath(expected, truncated=True) == page_path(target, RULES)


def test_a_path_of_just_the_longest_length_is_kept_whole() -> None:
    longest = "/" + "é" * 1023 + "a"

    assert PagePath(longest, truncated=False) == page_path(longest, RULES)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/a#" + "b" * 2046, "/a#" + "b" * 2045),
        ("/" + "a" * 2046 + "#b", "/" + "a" * 2046),
        ("/" + "a" * 2047 + "#b", "/" + "a" * 2047),
        ("/" + "a" * 2043 + "#%2Fx", "/" + "a" * 2043 + "#%2F"),
        ("/" + "a" * 2044 + "#%2F", "/" + "a" * 2044),
    ],
)
def test_a_long_fragment_is_cut_where_nothing_breaks(target: str, expected: str) -> None:
    assert PagePath(expected, truncated=True) == page_path(target, PathRules(hash_routing=True))


@settings(max_examples=200)
@given(st.text(st.characters()), st.sampled_from(ALL_RULES))
@example("\ud800", RULES)
@example("#\udfff", RULES)
def test_any_text_is_a_page_or_rejected(target: str, rules: PathRules) -> None:
    try:
        page = page_path(target, rules)
    except Rejected:
        return

    assert page.path.startswith("/")
    assert len(page.path.encode()) <= 2048


@settings(max_examples=200)
@given(st.text(st.characters(max_codepoint=127), max_size=20), st.sampled_from(ALL_RULES))
@example("/", ALL_RULES[1])
@example("/a/", ALL_RULES[1])
@example("/A/b.html", ALL_RULES[2])
@example("/a/.b", RULES)
@example("/a//b", RULES)
def test_a_plain_path_is_written_as_any_other(target: str, rules: PathRules) -> None:
    def page_or_field(text: str) -> PagePath | str | None:
        try:
            return page_path(text, rules)
        except Rejected as error:
            return error.field

    # A path that begins with "/." is never taken for plain.
    assert page_or_field(f"/./{target}") == page_or_field(f"/{target}")


@settings(max_examples=200)
@given(st.lists(PIECES, max_size=12).map("".join), st.sampled_from(ALL_RULES))
@example("/" + "a" * 2044 + "/..b", RULES)
@example("/" + "a" * 2030 + "?id=1&id=" + "b" * 20, RULES)
def test_a_page_is_its_own_page(target: str, rules: PathRules) -> None:
    try:
        page = page_path(target, rules)
    except Rejected:
        return

    assert PagePath(page.path, truncated=False) == page_path(page.path, rules)


@pytest.mark.parametrize("rules", ALL_RULES)
def test_every_character_alone_has_one_form(rules: PathRules) -> None:
    scripts = (range(0xA0, 0x3400), range(0xF900, 0x10500), range(0x1D100, 0x1D200))
    letters = [chr(n) for n in itertools.chain(*scripts) if n not in {0x2028, 0x2029}]
    pages = [path(f"/{letter}", rules) for letter in letters]

    assert pages == [path(page, rules) for page in pages]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "https://U:p@Báo.Example:8443/tin/%2f?id=3&q=a?b#x?y",
            PageUrl("xn--bo-mia.example", "/tin/%2f?id=3&q=a?b#x?y", "id=3&q=a?b"),
        ),
        ("http://a.vn", PageUrl("a.vn", "", "")),
        ("http://a.vn?id=1", PageUrl("a.vn", "?id=1", "id=1")),
        ("http://a.vn#x?y", PageUrl("a.vn", "#x?y", "")),
        (
            "http://a.vn/?utm_source=\x1b[2J",
            PageUrl("a.vn", "/?utm_source=\x1b[2J", "utm_source=\x1b[2J"),
        ),
    ],
)
def test_a_pages_address_falls_into_parts(url: str, expected: PageUrl) -> None:
    assert expected == page_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/a",
        "a.vn/a",
        "//a.vn/a",
        "ftp://a.vn/",
        "data:text/html,x",
        "javascript:alert(1)",
        "https:///a",
        "https://a.vn:99999/",
        "https://a.vn:x/",
        "http://[::1",
        "http://a' onmouseover='alert(1)",
        "https://a.vn/a\nb",
        "https://a.vn/%00",
        "https://a\tb.vn/",
        "https://u\0@a.vn/",
        " https://a.vn/",
        "https://a.vn/?q=\ud800",
    ],
)
def test_what_is_no_address_of_a_page_is_refused(url: str) -> None:
    with pytest.raises(Rejected) as refusal:
        page_url(url, "url")

    assert (refusal.value.reason, refusal.value.field) == (Reason.MALFORMED, "url")


@settings(max_examples=200)
@given(st.text(st.characters()), st.sampled_from(["", "http://", "https://a.vn", "https://["]))
def test_any_text_is_an_address_or_rejected(text: str, start: str) -> None:
    try:
        url = page_url(start + text)
    except Rejected:
        return

    assert (start + text).endswith(url.target)
    assert url.query in url.target


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [("abc", 3, "abc"), ("abc", 2, "ab"), ("é", 1, ""), ("a😀", 4, "a"), ("a\ud800b", 9, "ab")],
)
def test_a_text_is_cut_between_characters(text: str, limit: int, expected: str) -> None:
    assert expected == cut(text, limit)
