import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.intake.text import is_printable, printable

UNKEPT = {"Cc", "Cs", "Zl", "Zp"}


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Tin tức", "Tin tức"),
        ("  a b\t", "a b"),
        ("a\r\nb\x00c\x1b[2J", "abc[2J"),
        ("e\u0301", "\u00e9"),
        ("a\u2028b\u2029c\x85", "abc"),
        ("a\ud800b", "ab"),
        ("a\u00a0b\u202ec\u200d\U000e0001", "a\u00a0b\u202ec\u200d\U000e0001"),
        ("", ""),
    ],
)
def test_text_loses_controls_line_breaks_and_outer_blanks(text: str, kept: str) -> None:
    assert printable(text) == kept


@pytest.mark.parametrize("text", ["a\n", "\x7f", "\x85", "\u2028", "\ud800"])
def test_a_text_with_a_control_or_a_line_break_is_not_printable(text: str) -> None:
    assert not is_printable(text)


@settings(max_examples=200)
@given(text=st.text(st.characters(codec=None)))
def test_the_short_way_answers_as_the_long_one(text: str) -> None:
    assert is_printable(text) == all(unicodedata.category(c) not in UNKEPT for c in text)
    assert is_printable(printable(text))
    assert printable(printable(text)) == printable(text)
