"""The text of one scan: its AIM prefix, which characters may be in it, and when it is two codes in one.

Shared by serial and keyboard scanners. An AIM prefix (``]C0`` …) is optional; where a scanner sends it, two of them
in one scan tell that two codes were glued together. FNC1 separators stay as GS. What a code means is for others:
`accept` is the caller's own pattern or check character, and a code it turns down is refused here.
"""

import re
from collections.abc import Callable

from devices.parser import FrameError
from devices.readings import Scan

GS = "\x1d"
Accept = Callable[[str], bool]
"""Tells whether a text can be a code of ours at all."""

# Source: AIM symbology identifiers as scanners' manuals print them; UNVERIFIED against a scanner.
SYMBOLOGIES = {
    "]C0": "code128", "]C1": "gs1-128", "]d1": "datamatrix", "]d2": "gs1-datamatrix", "]Q1": "qr", "]Q3": "gs1-qr",
    "]E0": "ean13", "]A0": "code39", "]I0": "itf",
}  # fmt: skip
LONGEST, SHORTEST = 256, 3
_AIM = re.compile(r"\][A-Za-z][0-9A-Za-z]", re.ASCII)
_KNOWN_AIM = re.compile("|".join(map(re.escape, SYMBOLOGIES)))


def scan_of(text: str, accept: Accept | None = None) -> Scan:
    """Return the scan a text stands for.

    Raises:
        FrameError: ``scan.ime_active`` (characters an input method made), ``scan.control_character``, ``scan.glued``
            (two codes), ``scan.length``, ``scan.check_digit`` (EAN-13), ``scan.case_swapped`` (Caps Lock),
            ``scan.not_ours`` (`accept` turned it down).
    """
    if not text.isascii():
        raise FrameError("scan.ime_active")
    if any((char < " " and char != GS) or char == "\x7f" for char in text):
        raise FrameError("scan.control_character")
    aim = text[:3] if _AIM.match(text) else ""
    code = text[len(aim) :]
    symbology = SYMBOLOGIES.get(aim, "")
    if _KNOWN_AIM.search(code):
        raise FrameError("scan.glued")
    if not SHORTEST <= len(code) <= LONGEST:
        raise FrameError("scan.length", length=len(code))
    if symbology == "ean13" and not _ean13(code):
        raise FrameError("scan.check_digit", text=code)
    if accept is not None and not accept(code):
        _turned_down(code, accept)
    return Scan(code, symbology)


def _turned_down(code: str, accept: Accept) -> None:
    if accept(code.swapcase()):
        raise FrameError("scan.case_swapped")
    if any(accept(code[:n]) and accept(code[n:]) for n in range(SHORTEST, len(code) - SHORTEST + 1)):
        raise FrameError("scan.glued")
    raise FrameError("scan.not_ours", text=code)


def _ean13(code: str) -> bool:
    if re.fullmatch("[0-9]{13}", code, re.ASCII) is None:
        return False
    return sum(int(digit) * (3 if i % 2 else 1) for i, digit in enumerate(code)) % 10 == 0
