"""
Every sentence is said in every language, and numbers and days as people there write them.
"""

import re
from datetime import date
from io import BytesIO

import pytest
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

from service.languages import CATALOGUES, LANGUAGES, accepted, language_of, tongue
from tests.catalogues import sentences

OTHERS = LANGUAGES[1:]


@pytest.mark.parametrize("code", OTHERS)
def test_no_sentence_is_untranslated_and_none_is_left_over(code: str) -> None:
    with (CATALOGUES / code / "LC_MESSAGES" / "messages.po").open("rb") as file:
        catalogue = read_po(file, locale=code)
    translated = {m.id for m in catalogue if m.id and m.string and not m.fuzzy}
    said = {message.id for message in sentences() if message.id}

    assert len(said) > 150
    assert said == translated


@pytest.mark.parametrize("code", OTHERS)
def test_a_translation_has_the_places_of_its_sentence(code: str) -> None:
    with (CATALOGUES / code / "LC_MESSAGES" / "messages.po").open("rb") as file:
        catalogue = read_po(file, locale=code)
    places = re.compile(r"%\(\w+\)[sd]")
    wrong = [
        m.id
        for m in catalogue
        if sorted(places.findall(str(m.id))) != sorted(places.findall(str(m.string)))
    ]

    assert [] == [text for text in wrong if text]


@pytest.mark.parametrize("code", OTHERS)
def test_the_catalogue_that_is_shipped_is_the_one_that_people_read(code: str) -> None:
    folder = CATALOGUES / code / "LC_MESSAGES"
    with (folder / "messages.po").open("rb") as file:
        catalogue = read_po(file, locale=code)
    made = BytesIO()
    write_mo(made, catalogue)
    made.seek(0)
    with (folder / "messages.mo").open("rb") as file:
        shipped = {m.id: m.string for m in read_mo(file) if m.id}

    assert {m.id: m.string for m in read_mo(made) if m.id} == shipped


@pytest.mark.parametrize(
    ("code", "numbers"),
    [
        ("en", ["4,241,514", "-1,094", "1,094.5", "12%", "9.9%", "0.0%", "-3.0%", "1,200%"]),
        ("vi", ["4.241.514", "-1.094", "1.094,5", "12%", "9,9%", "0,0%", "-3,0%", "1.200%"]),
    ],
)
def test_numbers_have_the_marks_of_their_language(code: str, numbers: list[str]) -> None:
    here = tongue(code)

    assert numbers == [
        *(here.number(4_241_514), here.number(-1_094), here.decimal(1_094.5)),
        *(here.percent(0.12), here.percent(0.099), here.percent(0.0001)),
        *(here.percent(-0.03), here.percent(12)),
    ]


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("en", ["3 Nov 2026", "3 Nov", "Tuesday, 3 November 2026", "November 2026", "Nov 2026"]),
        ("vi", ["03/11/2026", "03/11", "Thứ Ba, 3 tháng 11, 2026", "tháng 11 năm 2026", "11/2026"]),
    ],
)
def test_days_are_written_as_people_write_them(code: str, told: list[str]) -> None:
    here, day = tongue(code), date(2026, 11, 3)
    assert told == [
        *(here.day(day), here.short_day(day), here.long_day(day)),
        *(here.month(day), here.short_month(day)),
    ]


def test_countries_and_languages_have_names_and_anything_else_is_itself() -> None:
    vietnamese, english = tongue("vi"), tongue("en")
    assert ("Hoa Kỳ", "United States") == (vietnamese.country("US"), english.country("US"))
    assert ("Tiếng Pháp", "French") == (vietnamese.language("fr"), english.language("fr"))
    assert ("<b>", "zzz-<i>") == (english.country("<b>"), english.language("zzz-<i>"))


def test_time_is_told_to_the_second() -> None:
    assert ["59 s", "1 min 0 s", "1,000 min 5 s"] == [
        tongue("en").seconds(seconds) for seconds in (59.4, 60, 60_005)
    ]
    assert tongue("vi").seconds(83) == "1 phút 23 giây"


@pytest.mark.parametrize(
    ("header", "code"),
    [
        *(("vi-VN,vi;q=0.9,en;q=0.8", "vi"), ("en-GB,en;q=0.9,vi;q=0.8", "en")),
        *(("fr-FR,fr;q=0.9,vi;q=0.1", "vi"), ("fr", None), ("", None), ("*", None)),
        *(("vi;q=0", None), ("en;q=0.1,vi;q=0.2", "vi"), ("vi;q=9", None), (",;=q", None)),
        ("\x00" * 9_000, None),
    ],
)
def test_the_browsers_first_wish_that_can_be_met_is_met(header: str, code: str | None) -> None:
    assert accepted(header) == code


@pytest.mark.parametrize(
    ("text", "code"), [("vi-VN", "vi"), ("EN", "en"), ("de", None), ("", None)]
)
def test_a_code_names_a_language_or_none(text: str, code: str | None) -> None:
    assert language_of(text) == code
