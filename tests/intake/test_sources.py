import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.intake import sources
from service.intake.sources import Campaign, Channel, Source, campaign, source
from service.intake.text import is_printable


def is_own_host(host: str) -> bool:
    return host in {"tin.vn", "www.tin.vn", "xn--bo-mia.vn"}


@pytest.mark.parametrize(
    ("referrer", "name", "channel", "page"),
    [
        ("https://www.google.com.vn/", "Google", Channel.SEARCH, "google.com.vn/"),
        ("http://l.facebook.com/l.php?u=x", "Facebook", Channel.SOCIAL, "l.facebook.com/l.php"),
        ("https://chatgpt.com", "ChatGPT", Channel.AI, "chatgpt.com/"),
        ("https://mail.google.com/mail/u/0/#i", "Gmail", Channel.MAIL, "mail.google.com/mail/u/0/"),
        ("https://www.Example.COM:8443/A/b", "example.com", Channel.REFERRAL, "example.com/A/b"),
        ("https://u:p@h/x?sid=1", "h", Channel.REFERRAL, "h/x"),
        ("https://h#x?y", "h", Channel.REFERRAL, "h/"),
        ("https://h?next=/a", "h", Channel.REFERRAL, "h/"),
        ("https://h./a", "h", Channel.REFERRAL, "h/a"),
        ("HTTPS://[::1]:80/a", "[::1]", Channel.REFERRAL, "[::1]/a"),
        ("http://192.168.1.1/a", "192.168.1.1", Channel.REFERRAL, "192.168.1.1/a"),
        ("https://h/<script>'", "h", Channel.REFERRAL, "h/<script>'"),
        ("https://google.evil.vn/", "google.evil.vn", Channel.REFERRAL, "google.evil.vn/"),
        ("https://mygoogle.com/", "mygoogle.com", Channel.REFERRAL, "mygoogle.com/"),
        ("https://xn--pple-43d.com/", "xn--pple-43d.com", Channel.REFERRAL, "xn--pple-43d.com/"),
        ("https://\u0430pple.com/", "xn--pple-43d.com", Channel.REFERRAL, "xn--pple-43d.com/"),
        (
            "android-app://com.google.android.gm/",
            "Gmail",
            Channel.MAIL,
            "com.google.android.gm",
        ),
        ("android-app://com.Slack", "Slack", Channel.SOCIAL, "com.slack"),
        (
            "android-app://vn.example.reader/https/tin.vn/a",
            "vn.example.reader",
            Channel.REFERRAL,
            "vn.example.reader",
        ),
    ],
)
def test_a_referrer_is_named_by_the_table_or_by_its_host(
    referrer: str, name: str, channel: Channel, page: str
) -> None:
    assert Source(name, channel, page, internal=False) == source(referrer, "", is_own_host)


@pytest.mark.parametrize("referrer", ["", " "])
def test_a_view_without_referrer_is_direct(referrer: str) -> None:
    expected = Source("(direct)", Channel.DIRECT, "(direct)", internal=False)

    assert expected == source(referrer, "", is_own_host)


@pytest.mark.parametrize(
    "referrer",
    ["https://tin.vn/a", "http://WWW.TIN.VN:8080", "https://b\u00e1o.vn/", "https://xn--bo-mia.vn"],
)
def test_a_page_of_the_same_site_is_internal(referrer: str) -> None:
    expected = Source("(internal)", Channel.INTERNAL, "(internal)", internal=True)

    assert expected == source(referrer, "", is_own_host)


def test_a_site_that_the_table_knows_is_internal_to_itself() -> None:
    assert source("https://baomoi.com/a", "", lambda host: host == "baomoi.com").internal


@pytest.mark.parametrize(
    "referrer",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "about:blank",
        "ftp://example.com/",
        "http://a' onmouseover='alert(1)",
        'http://a"b/',
        "http://a b/",
        "http://[::1",
        "http://[::1]a/",
        "http://::1/",
        "http://a:99999/",
        "http://a:b/",
        "http://a..b/",
        "http://1.2.3.999/",
        "http://a%2eb/",
        "http://good.vn\\@evil.vn/",
        "http://" + "a" * 64 + "/",
        "http://" + "\u00e9" * 300 + "/",
        "http:///a",
        "http:a",
        "//example.com/",
        "example.com",
        "=cmd|' /C calc'!A0",
        "https://h/a\nb",
        "https://h/\x00",
        "https://h/\ud800",
        "android-app://",
        "android-app://com.a'b/",
        "android-app://com..a/",
    ],
)
def test_a_referrer_that_no_browser_would_send_is_invalid(referrer: str) -> None:
    expected = Source("(invalid)", Channel.UNKNOWN, "(invalid)", internal=False)

    assert expected == source(referrer, "", is_own_host)


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("facebook", "facebook"),
        ("B\u1ea3n tin", "B\u1ea3n tin"),
        ("=1+1", "=1+1"),
        ("x" * 5_000, "x" * 128),
        ("\x1b[2J", "[2J"),
        ("a\r\nINFO b", "aINFO b"),
    ],
)
def test_a_campaign_names_the_source_before_the_referrer_does(word: str, name: str) -> None:
    expected = Source(name, Channel.CAMPAIGN, "example.com/a", internal=False)

    assert expected == source("https://example.com/a?b", word, is_own_host)


@pytest.mark.parametrize(
    ("referrer", "page"),
    [("", "(direct)"), ("https://tin.vn/a", "(internal)"), ("javascript:1", "(invalid)")],
)
def test_under_a_campaign_the_page_is_still_the_referrers(referrer: str, page: str) -> None:
    expected = Source("zalo", Channel.CAMPAIGN, page, internal=False)

    assert expected == source(referrer, "zalo", is_own_host)


@pytest.mark.parametrize("word", ["\x1b\x00", "  ", "()"])
def test_a_campaign_word_of_which_nothing_is_left_is_none(word: str) -> None:
    assert source("", word, is_own_host).channel == Channel.DIRECT


@pytest.mark.parametrize("word", ["(other)", "( other )", "((other))"])
def test_a_campaign_cannot_take_one_of_luots_own_words(word: str) -> None:
    assert source("", word, is_own_host).name == "other"
    assert campaign(f"utm_campaign={word}").name == "other"


def test_a_referrer_page_is_cut_to_512_bytes_between_characters() -> None:
    page = source("https://h.vn/" + "\u1ec7" * 400, "", is_own_host).page

    assert page == "h.vn/" + "\u1ec7" * 169


def test_the_id_of_an_app_has_an_end() -> None:
    assert len(source("android-app://" + "a" * 2_000, "", is_own_host).name) == 255


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", Campaign()),
        ("id=1&utm_sourc=x&=&&", Campaign()),
        (
            "utm_source=zalo&utm_medium=chat&utm_campaign=t%E1%BA%BFt+2027&utm_term=a&utm_content=b",
            Campaign("zalo", "chat", "t\u1ebft 2027", "a", "b"),
        ),
        ("?utm_source=a", Campaign("a")),
        ("utm_source=a&utm_source=b", Campaign("a")),
        ("utm_source=&utm_source=b", Campaign()),
        ("UTM_Source=a", Campaign("a")),
        ("utm%5Fsource=a", Campaign("a")),
        ("utm_source=a&amp;utm_medium=b", Campaign("a", "b")),
        ("utm_source=a#utm_medium=b", Campaign("a")),
        ("utm_source=a=b", Campaign("a=b")),
        ("utm_source", Campaign()),
        ("utm_source=%", Campaign("%")),
        ("utm_source=%ff", Campaign("\ufffd")),
        ("utm_source=%0d%0aa%1b", Campaign("a")),
        ("utm_source=e%CC%81", Campaign("\u00e9")),
        ("utm_source=\ud800a", Campaign("a")),
        ("utm_source=" + "a" * 128, Campaign("a" * 128)),
        ("utm_term=" + "\U0001f600" * 129, Campaign(term="\U0001f600" * 128, truncated=True)),
    ],
)
def test_a_campaign_is_read_from_a_query_string(query: str, expected: Campaign) -> None:
    assert expected == campaign(query)


@settings(max_examples=200)
@given(
    st.sampled_from(["", "http://", "https://[", "https://u@", "android-app://", "https://h/"]),
    st.text(max_size=300) | st.from_regex(r"[a-z0-9.:\[\]@%\\/?#\u00e9\u3002-]*", fullmatch=True),
    st.text(max_size=200),
)
def test_any_referrer_and_word_have_a_source_fit_to_be_kept(
    front: str, behind: str, word: str
) -> None:
    found = source(front + behind, word, is_own_host)

    assert 1 <= len(found.name) <= 255
    assert 1 <= len(found.page.encode()) <= 512
    assert is_printable(found.name)
    assert is_printable(found.page)


@settings(max_examples=200)
@given(st.lists(st.sampled_from(["utm_source=", "utm_term=", "&", "%", "="]) | st.text()))
def test_any_query_has_a_campaign_fit_to_be_kept(parts: list[str]) -> None:
    found = campaign("".join(parts))

    for word in (found.source, found.medium, found.name, found.term, found.content):
        assert len(word) <= 128
        assert is_printable(word)


@pytest.mark.parametrize(
    "referrer",
    [
        "https://u:p@a.vn/b",
        "https://a.vn/?token=1",
        "https://a.vn/#token",
        f"https://a.vn/{'b' * 512}",
    ],
)
def test_no_query_password_or_long_address_is_remembered(referrer: str) -> None:
    source("https://a.vn/", "", is_own_host)
    before = sources._remembered.cache_info().currsize

    assert source(referrer, "", is_own_host).name == "a.vn"
    assert before == sources._remembered.cache_info().currsize
