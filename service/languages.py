"""
The languages in which Luot speaks to people: words, numbers and days.

Sentences stand in the code in English; catalogues under ``translations`` have the others. Whole
numbers are by far the most of what a page shows, so they are written without asking a library.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from babel import Locale
from babel.dates import format_date
from babel.support import NullTranslations, Translations

#: The languages, by the codes that URLs and settings use; the first has no catalogue.
LANGUAGES = ("en", "vi")

#: What each language calls itself.
NAMES = {"en": "English", "vi": "Tiếng Việt"}

#: Where the catalogues are.
CATALOGUES = Path(__file__).with_name("translations")

#: Languages of an ``Accept-Language`` that are looked at.
ASKED = 20

_GROUPS = {"en": ",", "vi": "."}
_POINTS = {"en": ".", "vi": ","}

#: How days, months and a weekday with its day are written.
_DAYS = {"en": "d MMM y", "vi": "dd/MM/y"}
_SHORT_DAYS = {"en": "d MMM", "vi": "dd/MM"}
_LONG_DAYS = {"en": "EEEE, d MMMM y", "vi": "EEEE, d MMMM, y"}
_MONTHS = {"en": "MMMM y", "vi": "'tháng' M 'năm' y"}
_SHORT_MONTHS = {"en": "MMM y", "vi": "MM/y"}

_PART = re.compile(r"\s*+([A-Za-z]{1,8})[A-Za-z0-9-]*+\s*+(?:;\s*+q=([01](?:\.[0-9]{0,3})?))?\s*+")


def marked(text: str) -> str:
    """
    The text itself; a sentence that is translated where it is shown.
    """
    return text


def language_of(text: str | None) -> str | None:
    """
    The language that a code such as ``vi`` or ``vi-VN`` names; ``None`` when Luot has it not.
    """
    code = (text or "").partition("-")[0].lower()
    return code if code in LANGUAGES else None


@lru_cache(maxsize=256)
def accepted(header: str) -> str | None:
    """
    The language of an ``Accept-Language`` that its sender wants most and Luot has.
    """
    best, found = 0.0, None
    for part in header[:500].split(",")[:ASKED]:
        match = _PART.fullmatch(part)
        code = language_of(match[1]) if match else None
        weight = float(match[2] or 1) if match else 0.0
        if code and weight > best:
            best, found = weight, code
    return found


@dataclass(frozen=True, slots=True)
class Tongue:
    """
    One language, for those who write in it.
    """

    code: str
    #: The translation of a sentence.
    say: Callable[[str], str]

    def number(self, number: int) -> str:
        """
        A whole number with its groups.
        """
        return f"{number:,}".replace(",", _GROUPS[self.code])

    def decimal(self, number: float, digits: int = 1) -> str:
        """
        A number with so many digits behind the point, groups in front of it.
        """
        whole, _, rest = f"{number:,.{digits}f}".partition(".")
        whole = whole.replace(",", _GROUPS[self.code])
        return f"{whole}{_POINTS[self.code]}{rest}" if rest else whole

    def percent(self, share: float) -> str:
        """
        A share of one; small ones with a digit more, so that some is not shown as none.
        """
        percent = share * 100
        digits = 1 if 0 < abs(percent) < 10 else 0
        return f"{self.decimal(percent, digits)}%"

    def seconds(self, seconds: float) -> str:
        """
        A span of time, to the second.
        """
        minutes, rest = divmod(round(seconds), 60)
        if minutes == 0:
            return self.say("%(seconds)d s") % {"seconds": rest}
        told = {"minutes": self.number(minutes), "seconds": rest}
        return self.say("%(minutes)s min %(seconds)d s") % told

    def day(self, day: date) -> str:
        """
        A day with its year.
        """
        return _written(day, _DAYS[self.code], self.code)

    def short_day(self, day: date) -> str:
        """
        A day without its year.
        """
        return _written(day, _SHORT_DAYS[self.code], self.code)

    def long_day(self, day: date) -> str:
        """
        A day with its weekday.
        """
        return _written(day, _LONG_DAYS[self.code], self.code)

    def month(self, day: date) -> str:
        """
        The month of a day.
        """
        return _written(day, _MONTHS[self.code], self.code)

    def short_month(self, day: date) -> str:
        """
        The month of a day, in little room.
        """
        return _written(day, _SHORT_MONTHS[self.code], self.code)

    def country(self, code: str) -> str:
        """
        The name of a country by its ISO 3166 code; the text itself when it is none.
        """
        return str(_locale(self.code).territories.get(code, code)) if len(code) == 2 else code

    def language(self, code: str) -> str:
        """
        The name of a language by its code; the text itself when it is none.
        """
        name = _locale(self.code).languages.get(code.replace("-", "_"))
        return f"{name[:1].upper()}{name[1:]}" if name else code


@lru_cache(maxsize=len(LANGUAGES))
def tongue(code: str) -> Tongue:
    """
    A language by its code.
    """
    catalogue = NullTranslations()
    if code != LANGUAGES[0]:
        catalogue = Translations.load(CATALOGUES, [code])
    return Tongue(code, catalogue.gettext)


@lru_cache(maxsize=len(LANGUAGES))
def _locale(code: str) -> Locale:
    return Locale.parse(code)


@lru_cache(maxsize=4096)
def _written(day: date, pattern: str, code: str) -> str:
    return format_date(day, pattern, locale=_locale(code))
