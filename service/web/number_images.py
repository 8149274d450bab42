"""
A number as a picture: SVG and PNG, drawn here so that no library of images is needed.

No style may be sent along: what a stranger writes into a style is code.
"""

import struct
import zlib
from xml.sax.saxutils import escape

#: Digits of five by seven dots, a row of five bits each.
_DOTS = {
    "0": (14, 17, 19, 21, 25, 17, 14),
    "1": (4, 12, 4, 4, 4, 4, 14),
    "2": (14, 17, 1, 2, 4, 8, 31),
    "3": (31, 2, 4, 2, 1, 17, 14),
    "4": (2, 6, 10, 18, 31, 2, 2),
    "5": (31, 16, 30, 1, 1, 17, 14),
    "6": (6, 8, 16, 30, 17, 17, 14),
    "7": (31, 1, 2, 4, 8, 8, 8),
    "8": (14, 17, 17, 14, 17, 17, 14),
    "9": (14, 17, 17, 15, 1, 2, 12),
}

#: Pixels of a dot, and dots around the number.
_SCALE, _MARGIN = 3, 2

#: Size of the SVG: pixels of a character, of its sides together, and its height.
_CHARACTER, _SIDES, _HEIGHT = 9, 20, 46


def svg(number: str, label: str) -> bytes:
    """
    The number over its label, as a document of its own.
    """
    width = _CHARACTER * max(len(number), len(label)) + _SIDES
    middle = width // 2
    text = 'text-anchor="middle" font-family="sans-serif"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{_HEIGHT}" role="img" '
        f'aria-label="{escape(number)} {escape(label)}">'
        f'<rect width="100%" height="100%" rx="4" fill="#f4f4f4"/>'
        f'<text x="{middle}" y="20" {text} font-size="16" fill="#222">{escape(number)}</text>'
        f'<text x="{middle}" y="37" {text} font-size="11" fill="#555">{escape(label)}</text></svg>'
    ).encode()


def html(number: str, label: str) -> bytes:
    """
    The same as a page for a frame.
    """
    head = f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>{escape(label)}</title></head>'
    return head.encode() + b"<body>" + svg(number, label) + b"</body></html>"


def png(number: str) -> bytes:
    """
    The number in black dots on white.
    """
    empty = (0,) * 7
    glyphs = [_DOTS.get(character, empty) for character in number]
    width = (len(glyphs) * 6 + 2 * _MARGIN) * _SCALE
    blank = b"\0" + b"\xff" * width
    lines = [blank] * (_MARGIN * _SCALE)
    for row in range(7):
        # The sixth column stays empty: it keeps the digits apart.
        dots = [bool(glyph[row] << 1 >> (5 - n) & 1) for glyph in glyphs for n in range(6)]
        inner = b"".join((b"\0" if dot else b"\xff") * _SCALE for dot in dots)
        side = b"\xff" * (_MARGIN * _SCALE)
        lines += [b"\0" + side + inner + side] * _SCALE
    lines += [blank] * (_MARGIN * _SCALE)
    head = struct.pack(">IIBBBBB", width, len(lines), 8, 0, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(b"".join(lines))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts)


def _chunk(name: bytes, content: bytes) -> bytes:
    check = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)
