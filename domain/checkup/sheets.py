"""The code on a printed form: whose it is, which form in which version. Scanned, it opens that form for them."""

import re
import unicodedata
import zlib
from dataclasses import dataclass

_HEAD = "ACF1"
_CODE = re.compile(r"ACF1/([^/]{1,40})/([^/]{1,120})/([^/]{1,40})/([0-9A-F]{8})", re.IGNORECASE)
_LIKE = re.compile(r"ACF1\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SheetCode:
    """A client's number (capitals), the name of a form, and its version."""

    number: str
    form: str
    version: str


def sheet_code(number: str, form: str, version: str) -> str:
    """Return what the code on a sheet says; a mark of eight digits at its end tells a damaged one."""
    told = f"{_HEAD}/{number}/{form}/{version}"
    return f"{told}/{_mark(told)}"


def read_sheet_code(text: str) -> SheetCode | None:
    """Return what a scan says if it is the code of a sheet, whole, in small or capital letters; None if it is not."""
    found = _CODE.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if found is None:
        return None
    number, form, version, mark = found.groups()
    if _mark(f"{_HEAD}/{number}/{form}/{version}") != mark.upper():
        return None
    return SheetCode(number.upper(), form, version)


def looks_like_sheet(text: str) -> bool:
    """Tell whether a scan begins as the code of a sheet does, so that what is left of it is told as damaged."""
    return _LIKE.match(unicodedata.normalize("NFKC", text).strip()) is not None


def _mark(told: str) -> str:
    return f"{zlib.crc32(told.lower().encode()):08X}"
