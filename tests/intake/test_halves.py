"""
Half a surrogate pair is replaced, and nothing else is changed.
"""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import Rejected
from service.intake.halves import without_halves, without_raw_halves
from service.intake.payloads import hit_payload, item_payload, items
from service.intake.queries import query_value

#: Texts with halves in any order, backslashes, and letters that make escapes look like others.
TEXTS = st.text(
    st.sampled_from('ud83e\\"/ \n\N{GRINNING FACE}\N{LATIN SMALL LETTER E WITH ACUTE}\ud83d\ude00')
)


@given(TEXTS)
def test_json_reads_as_if_each_half_had_been_replaced(text: str) -> None:
    # Halves that stand beside each other are a whole pair to whoever reads JSON.
    read = json.loads(json.dumps(text))
    mended = json.loads(without_halves(json.dumps(text).encode()))

    assert "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in read) == mended


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (rb'"a\ud83d"', rb'"a\ufffd"'),
        (rb'"\uDE00a"', rb'"\ufffda"'),
        (rb'"\ud83d\ud83d\ude00"', rb'"\ufffd\ud83d\ude00"'),
        (rb'"\\ud83d"', rb'"\\ud83d"'),
        (rb'"\\\ud83d"', rb'"\\\ufffd"'),
        (rb'"\ud83"', rb'"\ud83"'),
        (rb'"\ud83d\n"', rb'"\ufffd\n"'),
    ],
)
def test_only_halves_are_replaced(sent: bytes, kept: bytes) -> None:
    assert kept == without_halves(sent)


@pytest.mark.parametrize("field", ["title", "referrer", "event", "section", "author"])
def test_a_hit_has_what_is_left_of_its_texts(field: str) -> None:
    told = hit_payload(b'{"site":"s1","path":"/a","%s":"caf\\ud83d"}' % field.encode())

    assert "caf\ufffd" == getattr(told, field)


@pytest.mark.parametrize("field", ["site", "path", "url", "id", "view"])
def test_a_half_in_an_address_is_refused(field: str) -> None:
    with pytest.raises(Rejected) as refused:
        hit_payload(b'{"title":"x\\udc00","%s":"/abcdefabcdefabcdef\\ud83d"}' % field.encode())

    assert field == refused.value.field


@pytest.mark.parametrize(
    "body",
    [rb'{"title":"\ud83d"', rb'{"title":"\ud83d","width":"x"}', rb'{"title":"\ud83d\u00zz"}'],
)
def test_what_is_wrong_besides_is_still_refused(body: bytes) -> None:
    with pytest.raises(Rejected):
        hit_payload(body)


def test_an_item_of_a_batch_is_judged_by_itself() -> None:
    first, second, third = items(
        rb'[{"path":"/a","title":"x\ud83d"}, {"path":"/a\ud83d"},{"path":"/c"}]'
    )

    assert "x\ufffd" == item_payload(first).title
    with pytest.raises(Rejected):
        item_payload(second)
    assert "/c" == item_payload(third).path


def test_a_half_in_a_query_is_replaced_but_for_addresses() -> None:
    assert "x\ufffd" == query_value(b"title=x%ED%A0%BD", "title")
    with pytest.raises(Rejected):
        query_value(b"path=/x%ED%A0%BD", "path")
    with pytest.raises(Rejected):
        query_value(b"title=%FF", "title")
    assert "\N{GRINNING FACE}".encode() == without_raw_halves("\N{GRINNING FACE}".encode())
