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
    kept = "".join(c for c in text if unicodedata.category(c) not in _UNPRINTABLE)
    return unicodedata.normalize("NFC", kept).strip()


def is_printable(text: str) -> bool:
    """
    Whether the text holds no control characters and line breaks.
    """
    return all(unicodedata.category(c) not in _UNPRINTABLE for c in text)
