"""Text to one-bit pictures with the font that ships (Noto Sans SC), so that every printer prints the same.

Printers' own Chinese fonts lack many GB 18030 characters and print ``?`` or nothing. A character that our font
lacks too is refused by name: a box on a tube is worse than no label.
"""

import struct
import unicodedata
from bisect import bisect_right
from functools import lru_cache
from pathlib import Path
from typing import Literal

import pylopdf_fonts_zh_cn
from PIL import Image, ImageDraw, ImageFont

from devices.labels.bitmap import Picture
from domain.kernel.errors import DomainError

ELLIPSIS = "…"
# Ink above this grey is black; below a half keeps the thin strokes of dense characters at 203 dpi.
_THRESHOLD = 110
# Of Noto Sans SC, in em: Chinese characters stand in a square of 0.88 above and 0.12 below the base line.
_ASCENT, _DESCENT = 0.88, 0.12


def clean(text: str) -> str:
    """Return `text` on one line: every run of white space and line ends is one space, composed as NFC."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def refuse_missing(text: str) -> None:
    """Raise ``label.glyph_missing`` naming the characters the font cannot draw."""
    starts, ends = _coverage()
    missing = []
    for character in text:
        index = bisect_right(starts, ord(character)) - 1
        if unicodedata.category(character)[0] == "C" or index < 0 or ord(character) > ends[index]:
            missing.append(character)
    if missing:
        names = "、".join(f"{c if c.isprintable() else ''}(U+{ord(c):04X})" for c in dict.fromkeys(missing))
        raise DomainError("label.glyph_missing", "text", characters=names)


def text_picture(
    text: str,
    width: int,
    height: int,
    *,
    size: int,
    min_size: int,
    align: Literal["left", "center", "right"] = "left",
    bold: bool = False,
    overflow: Literal["ellipsis", "refuse"] = "ellipsis",
) -> Picture:
    """Draw one line in a box of dots.

    Args:
        text: Any text; control characters and unknown characters are refused.
        width: Box width in dots.
        height: Box height in dots.
        size: Character size (em) in dots, lowered to the box height.
        min_size: The text is shrunk to this before anything is cut.
        align: Where a shorter text stands.
        bold: Draw one dot wider.
        overflow: ``ellipsis`` cuts, ``refuse`` raises instead (numbers must be whole).

    Returns:
        A picture of exactly the box.

    Raises:
        DomainError: ``label.glyph_missing`` or ``label.text_too_long``.
    """
    line = clean(text)
    refuse_missing(line)
    line, font = _fitted(line, (width - bold, height), (min(size, height), min_size), overflow)
    ink = Image.new("L", (width, height))
    hang, top, line_width, bottom = _extent(font, line)
    spare = width - bold - line_width
    left = {"left": 0, "center": spare // 2, "right": spare}[align] - hang
    baseline = round((height + font.size * (_ASCENT - _DESCENT)) / 2)
    baseline = max(-top, min(baseline, height - bottom))
    draw = ImageDraw.Draw(ink)
    for offset in range(1 + bold):
        draw.text((left + offset, baseline), line, fill=255, font=font, anchor="ls")
    return Picture.from_image(ink.point([0] * _THRESHOLD + [255] * (256 - _THRESHOLD)))


def _fitted(
    line: str, box: tuple[int, int], sizes: tuple[int, int], overflow: str
) -> tuple[str, ImageFont.FreeTypeFont]:
    """Return the line, or what of it fits, and the largest font in which it fits the box."""
    largest, smallest = sizes[0], min(sizes)
    for dots in range(largest, smallest - 1, -1):
        if _fits(_font(dots), line, box):
            return line, _font(dots)
    font = _font(smallest)
    if overflow == "refuse":
        raise DomainError("label.text_too_long", "text", text=line)
    cut = line
    while cut and not _fits(font, cut + ELLIPSIS, box):
        cut = cut[:-1].rstrip()
    return cut + ELLIPSIS, font


def _fits(font: ImageFont.FreeTypeFont, line: str, box: tuple[int, int]) -> bool:
    _, top, width, bottom = _extent(font, line)
    return width <= box[0] and bottom - top <= box[1]


def _extent(font: ImageFont.FreeTypeFont, line: str) -> tuple[int, int, int, int]:
    """Return ink left of the origin (negative or 0), top and bottom from the base line, and the whole width."""
    left, top, right, bottom = (int(edge) for edge in font.getbbox(line, anchor="ls"))
    hang = min(0, left)
    return hang, top, max(right, -int(-font.getlength(line) // 1)) - hang, bottom


@lru_cache(maxsize=64)
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(_path()), size, layout_engine=ImageFont.Layout.BASIC)


def _path() -> Path:
    return Path(pylopdf_fonts_zh_cn.sans_path())


@lru_cache(maxsize=1)
def _coverage() -> tuple[list[int], list[int]]:
    """Return starts and ends of the font's character ranges (``cmap`` format 12, OpenType specification)."""
    font = _path().read_bytes()
    tables = {
        font[at : at + 4]: struct.unpack_from(">I", font, at + 8)[0] for at in _records(font, 12, 16, 4)
    }
    cmap = tables[b"cmap"]
    for at in _records(font, cmap + 4, 8, cmap + 2):
        subtable = cmap + struct.unpack_from(">I", font, at + 4)[0]
        if struct.unpack_from(">H", font, subtable)[0] == 12:
            count = struct.unpack_from(">I", font, subtable + 12)[0]
            groups = [struct.unpack_from(">III", font, subtable + 16 + 12 * i) for i in range(count)]
            groups.sort()
            return [group[0] for group in groups], [group[1] for group in groups]
    raise ValueError("the font has no character map of format 12")


def _records(font: bytes, first: int, length: int, count_at: int) -> range:
    count = struct.unpack_from(">H", font, count_at)[0]
    return range(first, first + length * count, length)
