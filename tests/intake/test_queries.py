from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.errors import Reason, Rejected
from service.intake.queries import pixel_payload, query_names, query_value, query_values


@pytest.mark.parametrize(
    ("query", "values"),
    [
        (b"", []),
        (b"a", [""]),
        (b"a=", [""]),
        (b"a=1&b=2&a=3", ["1", "3"]),
        (b"a=b=c", ["b=c"]),
        (b"a=x+y%2B%20z", ["x y+ z"]),
        (b"a=%252f", ["%2f"]),
        (b"a=%C3%A9", ["é"]),
        (b"a=\xc3\xa9", ["é"]),
        (b"a[]=1&A=2&%61=3&a;b=4", []),
    ],
)
def test_values_are_decoded_once_and_in_order(query: bytes, values: list[str]) -> None:
    assert query_values(query, "a") == values


@pytest.mark.parametrize("value", [b"%", b"%4", b"%zz", b"%u0041", b"%ff", b"\xff", b"%ED%A0%80"])
def test_a_value_that_is_no_escaped_utf_8_is_refused_by_its_name(value: bytes) -> None:
    with pytest.raises(Rejected) as refused:
        query_values(b"b=" + value + b"&a=" + value, "a")

    assert (refused.value.reason, refused.value.field) == (Reason.MALFORMED, "a")


def test_what_nobody_asks_for_is_not_decoded() -> None:
    assert query_value(b"a=1&b=%ff", "a") == "1"


def test_a_parameter_that_may_stand_once_is_refused_twice() -> None:
    assert query_value(b"b=1", "a") is None
    with pytest.raises(Rejected, match="malformed: a"):
        query_value(b"a=1&a=1", "a")


def test_names_are_told_as_they_were_written() -> None:
    assert query_names(b"a=1&&a=2&b&%61=3&\xff=4") == {"a", "b", "%61", "\xff"}


def test_the_pixel_takes_its_own_words_and_passes_over_others() -> None:
    payload = pixel_payload(b"site=s1&path=/a&title=x+y&cb=%ff&event=play&width=9")

    assert (payload.site, payload.path, payload.title) == ("s1", "/a", "x y")
    assert (payload.event, payload.width) == (None, None)


@settings(max_examples=200)
@given(query=st.binary(max_size=60))
def test_any_bytes_are_a_payload_or_refused(query: bytes) -> None:
    with suppress(Rejected):
        assert pixel_payload(b"path=" + query).path is not None
