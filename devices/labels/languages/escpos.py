"""ESC/POS (Epson and the many receipt and portable printers that speak like them), the whole label as one raster.

Source: Epson ESC/POS reference (``GS v 0``, ``DLE EOT n`` with its fixed bits, ``GS r 1`` that is answered in its
turn
behind what was sent before). Printers obey real-time commands (``DLE EOT``, ``DLE ENQ``, ``DLE DC4``) in the
middle of
a picture too, and one of them throws the buffer away: where dots happen to form one, one dot is added beside a dot
that
stands alone. A bar of two dots or more never forms one, so no code is touched.
"""

from devices.labels.languages import language
from devices.labels.layout import Page
from devices.labels.raster import draw_ink
from devices.labels.status import Condition, PrinterStatus

STRIP_ROWS = 1024
"""Rows of one ``GS v 0``; manuals allow at most 2047 to 4095."""
_REAL_TIME = (b"\x10\x04", b"\x10\x05", b"\x10\x14")
_FIXED, _FIXED_SET = 0x93, 0x12
"""Of a byte of ``DLE EOT``: bits 1 and 4 are 1, bits 0 and 7 are 0."""
_RECEIPT_CLEAR = 0x90
"""Of the byte of ``GS r 1``: bits 4 and 7 are 0."""


@language("escpos")
class EscPos:
    """``ESC @``, strips of raster, feed to the cutter, and ``GS r 1``, whose answer says that all that was done."""

    status_query = b"".join(b"\x10\x04" + bytes([n]) for n in (1, 2, 3, 4))
    counter_query = b""
    receipt = b"\x1dr\x01"

    def encode(self, page: Page) -> bytes:
        """Return the label as raster; a roll without gaps is cut, one with gaps is fed to the next label (``FF``)."""
        picture = draw_ink(page)
        data, row = picture.data, picture.row_bytes
        strips = []
        for top in range(0, picture.height, STRIP_ROWS):
            rows = min(STRIP_ROWS, picture.height - top)
            head = b"\x1dv0\x00" + row.to_bytes(2, "little") + rows.to_bytes(2, "little")
            strips.append(head + _harmless(data[top * row : (top + rows) * row]))
        end = b"\x0c" if page.stock.gap else b"\x1dVB\x00"
        return b"\x1b@" + b"".join(strips) + end

    def parse_status(self, answer: bytes) -> PrinterStatus | None:
        """Read the four bytes of ``DLE EOT 1`` to ``4`` in their order; other bytes between them are passed over."""
        told = [byte for byte in answer if byte & _FIXED == _FIXED_SET]
        if len(told) < 4:
            return None
        printer, cause, error, paper = told[-4:]
        flags = (
            (paper & 0x60 or cause & 0x20, Condition.MEDIA_OUT),
            (cause & 0x04, Condition.HEAD_OPEN),
            (error & 0x08, Condition.JAM),
            (error & 0x40, Condition.TEMPERATURE),
            (error & 0x20, Condition.FAULT),
        )
        found = tuple(condition for raised, condition in flags if raised)
        return PrinterStatus(found or ((Condition.PAUSED,) if printer & 0x08 else ()), answer)

    def parse_counter(self, answer: bytes) -> int | None:
        """ESC/POS printers share no counter command."""
        return None

    def parse_receipt(self, answer: bytes) -> bool:
        """Tell whether the answer of ``GS r 1`` is among the bytes."""
        return any(byte & _RECEIPT_CLEAR == 0 for byte in answer)


def _harmless(data: bytes) -> bytes:
    for command in _REAL_TIME:
        data = data.replace(command, b"\x18" + command[1:])
    return data
