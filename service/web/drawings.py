"""
The picture of a badge: SVG that is strict XML, without style, script or anything to be loaded.

Nobody knows how wide a text will be where it is drawn, so its width is estimated by the width of
its characters and then prescribed: letters of any script fill their field and never leave it.
"""

import re
import unicodedata
from dataclasses import dataclass
from xml.etree import ElementTree as ET

#: Characters of a label; the rest is cut.
LABEL_CHARACTERS = 64

#: The colours that have a name; else three or six hexadecimal digits, with or without #.
COLORS = {
    "blue": "#0b63a5",
    "green": "#2a7a2a",
    "red": "#b3261e",
    "orange": "#a34700",
    "yellow": "#d9b310",
    "purple": "#6b3fa0",
    "teal": "#0b6e69",
    "grey": "#555555",
    "gray": "#555555",
    "black": "#222222",
    "white": "#ffffff",
}

#: Height, width at both ends of a field, and size of letters, in pixels.
HEIGHT, MARGIN, SIZE = 20, 6, 11

#: Width of a character, in pixels: of letters, of narrow ones, and of those of East Asia.
_USUAL, _NARROW, _WIDE = 7.0, 4.0, 12.0

_NARROW_ONES = frozenset(" .,:;'|!ijlI()[]ftr")

_HEX = re.compile(r"#?([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})\Z")

#: Characters that turn the direction of what follows, which may be the number.
_TURNING = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")

_GROUND, _LIGHT, _DARK = "#444444", "#ffffff", "#111111"


@dataclass(frozen=True, slots=True)
class Badge:
    """
    What a badge says.
    """

    label: str
    number: str
    #: As ``color_of`` gives it.
    color: str


def color_of(text: str) -> str:
    """
    A colour as #rrggbb.

    :raises ValueError: it is none
    """
    if text in COLORS:
        return COLORS[text]
    match = _HEX.match(text)
    if match is None:
        raise ValueError("no colour")
    digits = match[1].lower()
    return f"#{digits if len(digits) == 6 else ''.join(2 * d for d in digits)}"


def label_of(text: str) -> str:
    """
    A label that XML can hold and that leaves the number beside it as it is.
    """
    return _TURNING.sub("", text)[:LABEL_CHARACTERS].strip()


def badge_svg(badge: Badge) -> bytes:
    """
    The picture, which says its label and number to whoever cannot see it.
    """
    left, right = (_width(text) for text in (badge.label, badge.number))
    fields = (left + 2 * MARGIN if badge.label else 0, right + 2 * MARGIN)
    told = f"{badge.label}: {badge.number}" if badge.label else badge.number
    svg = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "width": str(sum(fields)),
            "height": str(HEIGHT),
            "role": "img",
            "aria-label": told,
        },
    )
    ET.SubElement(svg, "title").text = told
    _field(svg, 0, fields[0], badge.label, _GROUND)
    _field(svg, fields[0], fields[1], badge.number, badge.color)
    drawn: bytes = ET.tostring(svg, encoding="utf-8", xml_declaration=True)
    return drawn


def _field(svg: ET.Element, x: int, width: int, text: str, color: str) -> None:
    if not text:
        return
    place = {"x": str(x), "width": str(width), "height": str(HEIGHT), "fill": color}
    ET.SubElement(svg, "rect", place)
    drawn = ET.SubElement(
        svg,
        "text",
        {
            "x": f"{x + width / 2:g}",
            "y": "14",
            "text-anchor": "middle",
            "font-family": "Verdana, DejaVu Sans, sans-serif",
            "font-size": str(SIZE),
            "fill": _DARK if _is_light(color) else _LIGHT,
            "textLength": str(width - 2 * MARGIN),
            "lengthAdjust": "spacingAndGlyphs",
        },
    )
    drawn.text = text


def _width(text: str) -> int:
    return round(sum(map(_width_of, text)))


def _width_of(character: str) -> float:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0.0
    if unicodedata.east_asian_width(character) in {"W", "F"}:
        return _WIDE
    return _NARROW if character in _NARROW_ONES else _USUAL


def _is_light(color: str) -> bool:
    red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue > 150
