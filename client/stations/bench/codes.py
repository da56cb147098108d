"""What a scan means at the bench: a mode, a count, a position, or the number of a tube or a box. Pure.

Mode cards are printed once and lie on the bench: ``BENCH.RECEIVE``, ``BENCH.COUNT.4``; positions of a box may be
labelled ``POS.A5`` or ``BOX1:A5``.
"""

import enum
import re
import unicodedata
from dataclasses import dataclass

from domain.biobank.numbers import is_specimen_number


class Mode(enum.StrEnum):
    """What the next scan does."""

    RECEIVE = "receive"
    PROCESS = "process"
    ALIQUOT = "aliquot"
    STORE = "store"
    LOOKUP = "lookup"


class CodeKind(enum.StrEnum):
    """What was scanned."""

    MODE = "mode"
    COUNT = "count"
    POSITION = "position"
    TUBE = "tube"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class BenchCode:
    """A scan as the bench reads it; `box` is set for a position that names its box."""

    kind: CodeKind
    text: str
    box: str = ""


_MODE = re.compile(r"BENCH\.([A-Z]+)")
_COUNT = re.compile(r"BENCH\.COUNT\.([0-9]{1,2})")
_POSITION = re.compile(r"POS\.([A-Z][0-9]{1,2})")
_SLOT = re.compile(r"([^:]+):([A-Z][0-9]{1,2})")


def read_code(text: str) -> BenchCode:
    """Return what a scanned text means; whether a tube or box of that number exists is asked elsewhere."""
    plain = unicodedata.normalize("NFKC", text).strip()
    upper = plain.upper()
    if found := _COUNT.fullmatch(upper):
        return BenchCode(CodeKind.COUNT, found[1])
    if (found := _MODE.fullmatch(upper)) and found[1].lower() in set(Mode):
        return BenchCode(CodeKind.MODE, found[1].lower())
    if found := _POSITION.fullmatch(upper):
        return BenchCode(CodeKind.POSITION, found[1])
    if is_specimen_number(plain):
        return BenchCode(CodeKind.TUBE, plain)
    if found := _SLOT.fullmatch(plain):
        return BenchCode(CodeKind.POSITION, found[2].upper(), found[1])
    return BenchCode(CodeKind.OTHER, plain)
