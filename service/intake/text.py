"""
Text from outside, made fit to be kept.
"""

import unicodedata

#: Unicode categories that no name of a thing holds: controls, lone surrogates, line separators.
_UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})


def printable(text: str) -> str:
    """
    The text in NFC, without control characters and line breaks, and without blanks at its ends.
    """
    kept = text if text.isprintable() else "".join(filter(_is_kept, text))
    if kept.isascii():
        return kept.strip()
    return unicodedata.normalize("NFC", kept).strip()


def is_printable(text: str) -> bool:
    """
    Whether the text holds no control characters and line breaks.
    """
    # What Python calls printable is less than what is kept here, and is asked at once.
    return text.isprintable() or all(map(_is_kept, text))


def _is_kept(character: str) -> bool:
    return unicodedata.category(character) not in _UNPRINTABLE
