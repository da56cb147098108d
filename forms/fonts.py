"""The fonts every document is set in, and what of a text they can show.

The faces come from the `pylopdf_fonts_zh_cn` wheel (Noto Sans SC and Noto Serif SC, regular weight, OFL),
never from the machine, so that a page looks the same at every branch. A character no face holds would print
as an empty box; `printable` writes its code point instead, so that a reader sees that something stood there.
"""

import re
import struct
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

import typst
from pylopdf_fonts_zh_cn import sans_path, serif_path

SANS = "Noto Sans SC"
SERIF = "Noto Serif SC"

_SPACES = {ord(mark): " " for mark in "\t\u00a0\u2007\u202f"} | {0x2028: "\n", 0x2029: "\n", 0x0D: None}
# The faces hold only ¹ ² ³, so powers are written as laboratories do in plain text: 10⁹/L as 10^9/L. Powers of ten
# always, lest 10¹² stand beside 10^9; m² stays.
_POWERS = re.compile("(?<=10)[⁰¹²³⁴⁵⁶⁷⁸⁹]+|[⁰⁴⁵⁶⁷⁸⁹]+")
# Marks that draw nothing but reorder, join or vary their neighbours; a reversed name would be a wrong name.
_INVISIBLE = (
    (0x00AD, 0x00AD),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xE0000, 0xE0FFF),
)


@cache
def font_set() -> typst.Fonts:
    """Return the faces for the typesetter, read once a process."""
    folder = str(Path(sans_path()).parent)
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])


@cache
def covered() -> frozenset[int]:
    """Return the code points that both faces can draw."""
    return frozenset(_code_points(Path(sans_path())) & _code_points(Path(serif_path())))


def printable(text: str) -> str:
    """Return `text` as it can be printed: without control marks, `〔U+XXXX〕` where a glyph is missing."""
    plain = _POWERS.sub(lambda run: "^" + unicodedata.normalize("NFKC", run[0]), text.translate(_SPACES))
    return "".join(_shown(mark) for mark in plain)


def printable_tree(value: Any) -> Any:
    """Return JSON-like `value` with every text in it made printable; keys are ours and stay."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {key: printable_tree(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [printable_tree(member) for member in value]
    return value


def _shown(mark: str) -> str:
    point = ord(mark)
    if mark == "\n":
        return mark
    if point < 0x20 or 0x7F <= point < 0xA0 or any(low <= point <= high for low, high in _INVISIBLE):
        return ""
    return mark if point in covered() else f"〔U+{point:04X}〕"


def _code_points(path: Path) -> set[int]:
    """Read the characters of an OpenType face from its `cmap` table (format 12, full Unicode)."""
    data = path.read_bytes()
    start = _table_offset(data, b"cmap")
    (count,) = struct.unpack_from(">H", data, start + 2)
    points: set[int] = set()
    for index in range(count):
        (offset,) = struct.unpack_from(">I", data, start + 4 + index * 8 + 4)
        (form,) = struct.unpack_from(">H", data, start + offset)
        if form == 12:
            points |= _format_12(data, start + offset)
    return points


def _table_offset(data: bytes, tag: bytes) -> int:
    (count,) = struct.unpack_from(">H", data, 4)
    for index in range(count):
        name, _, offset, _ = struct.unpack_from(">4sIII", data, 12 + index * 16)
        if name == tag:
            return int(offset)
    raise ValueError(f"font without table {tag!r}")


def _format_12(data: bytes, start: int) -> set[int]:
    (groups,) = struct.unpack_from(">I", data, start + 12)
    points: set[int] = set()
    for index in range(groups):
        first, last, glyph = struct.unpack_from(">III", data, start + 16 + index * 12)
        points.update(range(first if glyph else first + 1, last + 1))
    return points
