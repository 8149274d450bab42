import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.hosts import HostSet, HttpUrl, host_header, host_of, host_pattern, http_url


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://Good.Example:443", "good.example"),
        ("http://good.example./tin/1?id=2#top", "good.example"),
        ("HTTPS://good.example?q", "good.example"),
        ("https://u:p@good.example/", "good.example"),
        ("https://bücher.example", "xn--bcher-kva.example"),
        ("https://xn--pple-43d.com/", "xn--pple-43d.com"),
        ("http://my_site.example.vn:", "my_site.example.vn"),
        ("http://localhost:8000", "localhost"),
        ("http://203.0.113.7/", "203.0.113.7"),
        ("http://[2001:DB8:0::1]:8080/", "[2001:db8::1]"),
    ],
)
def test_an_origin_or_referer_names_a_host(text: str, expected: str) -> None:
    assert expected == host_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "good.example",
        "evil:abc",
        "https://",
        "https:///a",
        "https://:80",
        "https://good.example:abc",
        "https://good.example:65536",
        "https://good.example:99999999999999",
        "https://good.example:٤٤٣",
        "https://[::1",
        "https://::1/",
        "https://[::1]x/",
        "https://[fe80::1%eth0]/",
        "https://[1.2.3.4]/",
        "https://01.2.3.4/",
        "https://1.2.3/",
        "https://0x7f.1/",
        "https://a..b/",
        "https://.a/",
        "https://a b/",
        " https://good.example",
        "https://good.example\n",
        "https:\\\\good.example",
        "https://good.example\\@evil.com",
        "https://*.example.vn",
        "https://" + "a" * 64 + ".vn",
        "https://" + "a." * 127 + "vn",
        "https://" + "ü" * 200 + ".vn",
        "https://a\u2100b.example/",
        "https://\ud800.example/",
        "https://a\0b/",
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://good.example/",
        "chrome-extension://abcdef",
    ],
)
def test_what_is_no_web_address_names_no_host(text: str) -> None:
    assert host_of(text) is None


def test_a_web_address_keeps_what_stands_behind_its_host_as_it_is() -> None:
    assert HttpUrl("a.vn", "/x y?b=\n#C") == http_url("http://A.vn:80/x y?b=\n#C")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Good.Example", "good.example"),
        ("good.example:8000", "good.example"),
        ("[::1]:8000", "[::1]"),
        ("127.0.0.1:80", "127.0.0.1"),
        ("", None),
        (":80", None),
        ("evil:abc", None),
        ("a@good.example", None),
        ("good.example/", None),
        ("http://good.example", None),
        ("good.example:80:80", None),
    ],
)
def test_a_host_header_is_a_host_with_or_without_port(text: str, expected: str | None) -> None:
    assert expected == host_header(text)


@pytest.mark.parametrize(
    ("pattern", "host"),
    [
        ("example.vn", "example.vn"),
        ("example.vn", "www.example.vn"),
        ("www.example.vn", "example.vn"),
        ("WWW.Example.VN.", "www.example.vn"),
        ("example.vn", "EXAMPLE.vn:8443"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "bücher.example"),
        ("*.example.vn", "tin.example.vn"),
        ("*.example.vn", "a.b.example.vn"),
        ("*.example.com.vn", "tin.example.com.vn"),
        ("localhost", "localhost:8000"),
        ("127.0.0.1", "127.0.0.1:8000"),
        ("::1", "[::1]:8000"),
        ("[2001:DB8::1]", "[2001:db8:0::1]"),
        ("*", "anything.example"),
    ],
)
def test_a_pattern_lets_its_hosts_in(pattern: str, host: str) -> None:
    assert HostSet.of([pattern]).matches(host)


@pytest.mark.parametrize(
    ("pattern", "host"),
    [
        ("good.example", "good.example.evil.com"),
        ("good.example", "evilgood.example"),
        ("good.example", "tin.good.example"),
        ("good.example", "www.www.good.example"),
        ("good.example", "evil.com@good.example"),
        ("good.example", "xn--god-0na.example"),
        ("*.example.vn", "example.vn"),
        ("*.example.vn", "evilexample.vn"),
        ("*.example.vn", ".example.vn"),
        ("*.example.vn", "tin.example.vn:x"),
        ("1.2.3.4", "1.2.3.5"),
        ("*", "null:null"),
        ("*", ""),
    ],
)
def test_a_pattern_keeps_all_others_out(pattern: str, host: str) -> None:
    assert not HostSet.of([pattern]).matches(host)


def test_a_set_without_patterns_is_empty() -> None:
    assert not HostSet.of([]).matches("example.vn")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Example.VN", "example.vn"),
        ("*.Example.VN", "*.example.vn"),
        ("*.bücher.example", "*.xn--bcher-kva.example"),
        ("*.info.example.vn", "*.info.example.vn"),
        ("localhost", "localhost"),
        ("::1", "[::1]"),
    ],
)
def test_a_pattern_is_written_as_it_is_compared(text: str, expected: str) -> None:
    assert expected == host_pattern(text)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("*", "every page in the world"),
        ("http://a", "without scheme"),
        ("//a.vn", "without path"),
        ("a.vn/tin", "without path"),
        ("a.vn?x", "without path"),
        ("a.vn:80", "without port"),
        ("a.vn:", "without port"),
        ("[::1]:80", "without port"),
        ("*.com", "different owners"),
        ("*.vn", "different owners"),
        ("*.com.vn", "different owners"),
        ("*.co.uk", "different owners"),
        ("*.gov.vn", "different owners"),
        ("*.localhost", "different owners"),
        ("*.1.2.3.4", "different owners"),
        ("*.[::1]", "different owners"),
        ("", "is no host"),
        ("*.", "is no host"),
        ("*.*.example.vn", "is no host"),
        ("tin.*.vn", "is no host"),
        ("*example.vn", "is no host"),
        ("a b.vn", "is no host"),
        (" a.vn", "is no host"),
        ("u@a.vn", "is no host"),
        ("a..vn", "is no host"),
        ("1.2.3", "is no host"),
        ("\ud800.vn", "is no host"),
        ("a.vn:\n", "is no host"),
    ],
)
def test_a_pattern_that_is_no_host_is_refused_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        host_pattern(text)


@settings(max_examples=200)
@given(st.text(st.characters()) | st.text("htps:/[]@.:%a1\\*ü", max_size=40))
def test_no_text_whatever_breaks_the_reading_of_hosts(text: str) -> None:
    host = host_header(text)

    assert host_of(f"https://{text}") is None or host_of(text) is None
    assert host is None or host == host_header(host)
    assert not HostSet.of(["good.example"]).matches(f"{text}.evil.com")


@settings(max_examples=100)
@given(st.text(st.characters(), max_size=20) | st.text("*.:/[]a1ü", max_size=12))
def test_a_pattern_is_refused_or_matches_itself(text: str) -> None:
    try:
        pattern = host_pattern(text)
    except ValueError:
        return

    assert pattern == host_pattern(pattern)
    assert HostSet.of([pattern]).matches(pattern.replace("*", "a"))
