"""
Other trackers' words, turned into Luot's.
"""

import pytest

from service.errors import Rejected
from service.intake.busuanzi import callback, vercount_page
from service.intake.foreign import event_name, language, moment, width, with_campaign
from service.intake.matomo import parameters, sent


@pytest.mark.parametrize(
    ("path", "query", "whole"),
    [
        ("/a", "", "/a"),
        ("/a", "?x=1&y", "/a"),
        ("/a", "?ref=letter", "/a?utm_source=letter"),
        ("/a?id=1", "src=x y&campaign=z", "/a?id=1&utm_source=x+y&utm_campaign=z"),
        ("/a#b", "utm_source=m&utm_source=n&ref=o", "/a?utm_source=m#b"),
        ("/a", "utm_medium=mail&source=%26", "/a?utm_source=%26&utm_medium=mail"),
    ],
)
def test_a_campaign_is_told_in_the_path(path: str, query: str, whole: str) -> None:
    assert with_campaign(path, query) == whole


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *(("1366x768", 1366), ("1366,768,1.5", 1366), ("1366.0", 1366), ("1366", 1366)),
        *(
            ("", None),
            ("0x0", None),
            ("99999x1", None),
            ("-5", None),
            ("１３６６", None),
            ("x", None),
        ),
    ],
)
def test_the_width_of_a_screen(text: str, number: int | None) -> None:
    assert width(text) == number


@pytest.mark.parametrize(
    ("text", "first"), [("vi-VN,vi;q=0.9", "vi-VN"), ("vi", "vi"), ("", None), ("x" * 36, None)]
)
def test_the_first_language_of_a_list(text: str, first: str | None) -> None:
    assert language(text) == first


def test_a_long_name_of_an_event_is_cut() -> None:
    assert event_name("x" * 120, "name") == "x" * 64


@pytest.mark.parametrize("text", ["", " ", "a\nb", "\0"])
def test_a_name_that_cannot_be_shown_is_refused(text: str) -> None:
    with pytest.raises(Rejected, match="malformed: name"):
        event_name(text, "name")


def test_seconds_are_a_moment() -> None:
    assert moment(1_795_348_800.5) == "2026-11-22T12:00:00.500+00:00"
    with pytest.raises(Rejected):
        moment(1e18)


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("https://S1.example:443/a/index.html?x=1#y", "https://s1.example/a"),
        ("http://s1.example", "https://s1.example/"),
        ("http://s1.example/index", "https://s1.example/"),
        ("http://s1.example/a//", "https://s1.example/a"),
        ("http://s1.example/indexes", "https://s1.example/indexes"),
        (f"http://s1.example/{'é' * 150}", f"https://s1.example/{'é' * 99}"),
        ("ftp://s1.example/", None),
        ("s1.example/a", None),
    ],
)
def test_an_address_as_vercount_writes_it(url: str, page: str | None) -> None:
    assert vercount_page(url) == page


@pytest.mark.parametrize("name", ["f", "_", "$", "a.b", "BusuanziCallback_1099511627776"])
def test_a_callback_is_a_name(name: str) -> None:
    assert callback(f"callback={name}".encode(), "jsonpCallback", "callback") == name


def test_of_a_parameter_that_is_given_twice_the_last_stands() -> None:
    assert parameters(b"idsite=1&rec=1&idsite=2&cvar=%ff&x[]=%") == {"idsite": "2", "rec": "1"}


def test_a_form_of_many_parts_is_read_once() -> None:
    # Looking for each name in the whole would take minutes.
    assert parameters(b"&".join(b"p%d=1" % n for n in range(60_000)) + b"&rec=1") == {"rec": "1"}


def test_a_view_of_matomo_has_the_id_of_its_view() -> None:
    told = {"idsite": "7", "rec": "1", "url": "https://s1.example/", "pv_id": "abcdef"}
    view = {**told, "_id": "0123456789abcdef"}

    assert sent(view).payload.id == sent(view).payload.id is not None
    assert sent({**view, "pv_id": "abcdeg"}).payload.id != sent(view).payload.id
    assert sent(told).payload.id is None
    assert sent({**view, "e_c": "a", "e_a": "b"}).payload.id is None
