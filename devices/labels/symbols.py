"""Bar code symbols: how wide they are and, for the preview, which modules are black.

The subsets of a Code 128 are chosen here and sent to the printer symbol by symbol, and the size of a DataMatrix is
fixed here too: printers differ in how cleverly they pack, and a code that comes out wider than computed is cut.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import zxingcpp
from barcode.charsets.code128 import CODES, STOP
from barcode.codex import Code128 as Code128Encoder

from domain.kernel.errors import DomainError

START_B, START_C = 104, 105
CODE_C, CODE_B = 99, 100
CODE128_QUIET = 10
DATAMATRIX_QUIET = 1
QR_QUIET = 4

# No ^ ~ " ! > \ _ ; or control character: none of them can end a field or start a command in any language.
_SAFE = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz .:=&/+()*#%@,-?")
# Data codewords of the square ECC 200 sizes, ISO/IEC 16022 table 7; the index is zxing-cpp's "version" less one.
_DATAMATRIX_SIZES = (10, 12, 14, 16, 18, 20, 22, 24, 26, 32, 36, 40, 44, 48)
_DATAMATRIX_CODEWORDS = (3, 5, 8, 12, 18, 22, 30, 36, 44, 62, 86, 114, 144, 174)
# Bytes at level M of QR versions 1 to 10, ISO/IEC 18004 table 7.
_QR_BYTES = (14, 26, 42, 62, 84, 106, 122, 152, 180, 213)

Modules = tuple[tuple[bool, ...], ...]


def refuse_unsafe(data: str) -> None:
    """Raise ``label.barcode_character`` for a character that no printer language carries safely in a code."""
    unsafe = sorted(set(data) - _SAFE)
    if unsafe or not data:
        raise DomainError(
            "label.barcode_character", "data", characters=" ".join(f"U+{ord(c):04X}" for c in unsafe)
        )


@dataclass(frozen=True)
class Code128Symbols:
    """The symbol values of a code, start to last data symbol; check and stop are the printer's business."""

    values: tuple[int, ...]

    @classmethod
    def of(cls, data: str) -> "Code128Symbols":
        """Encode `data`, pairs of digits in subset C.

        Raises:
            DomainError: ``label.barcode_character``.
        """
        refuse_unsafe(data)
        return cls(tuple(Code128Encoder(data).encoded))

    @property
    def modules(self) -> str:
        """The modules, ``1`` black, without quiet zones: 11 a symbol (start and check too) and 13 for the stop."""
        check = (self.values[0] + sum(place * value for place, value in enumerate(self.values))) % 103
        return "".join([*(str(CODES[value]) for value in (*self.values, check)), str(STOP), "11"])


def datamatrix_side(data: str) -> int:
    """Return the modules of a side of the square symbol that holds `data` in plain ASCII encodation.

    Every encoder can do ASCII encodation (two digits or one character a codeword), so no printer needs more.

    Raises:
        DomainError: ``label.barcode_character`` or ``label.barcode_too_long``.
    """
    refuse_unsafe(data)
    codewords = position = 0
    while position < len(data):
        position += 2 if data[position : position + 2].isdecimal() and position + 1 < len(data) else 1
        codewords += 1
    for side, capacity in zip(_DATAMATRIX_SIZES, _DATAMATRIX_CODEWORDS, strict=True):
        if codewords <= capacity:
            return side
    raise DomainError("label.barcode_too_long", "data", length=len(data))


def qr_side(data: str) -> int:
    """Return the modules of a side of the QR code at level M, at worst (byte mode).

    Raises:
        DomainError: ``label.barcode_character`` or ``label.barcode_too_long``.
    """
    refuse_unsafe(data)
    for version, capacity in enumerate(_QR_BYTES, start=1):
        if len(data) <= capacity:
            return 17 + 4 * version
    raise DomainError("label.barcode_too_long", "data", length=len(data))


@lru_cache(maxsize=256)
def datamatrix_modules(data: str, side: int) -> Modules:
    """Return the modules of a square DataMatrix of exactly `side` modules."""
    version = _DATAMATRIX_SIZES.index(side) + 1
    # zxing-cpp 3.1.1 ignores the first option of the list, so a placeholder goes before those that matter.
    options = f"ecc200,forceSquare,version={version}"
    grid = _modules(zxingcpp.create_barcode(data, zxingcpp.BarcodeFormat.DataMatrix, options=options))
    if len(grid) != side or len(grid[0]) != side:
        raise ValueError(f"DataMatrix of {len(grid)}x{len(grid[0])} instead of {side}")
    return grid


@lru_cache(maxsize=256)
def qr_modules(data: str) -> Modules:
    """Return the modules of the QR code, level M or better in the same size."""
    return _modules(zxingcpp.create_barcode(data, zxingcpp.BarcodeFormat.QRCode, options="model2,ecLevel=M"))


def _modules(barcode: zxingcpp.Barcode) -> Modules:
    picture = np.array(barcode.to_image(scale=1, add_quiet_zones=False))
    return tuple(tuple(bool(value < 128) for value in row) for row in picture)
