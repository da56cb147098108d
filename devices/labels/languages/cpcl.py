"""CPCL (Zebra QL/RW/ZQ and other belt printers, HPRT HM, Brother RJ in emulation).

Source: Zebra Mobile Printing Systems CPCL Programming Manual (session header, ``EG`` with hexadecimal data,
``FORM``,
``PRINT``; ``ESC h`` status byte: bit 0 busy, 1 paper out, 2 latch open, 3 battery low, 4 reset since switched on).

Codes travel as pictures like text: ``BARCODE 128`` leaves the choice of subsets, and thereby the width, to the
printer.
Hexadecimal data hold no control byte, so nothing a person typed can end a session.
"""

from devices.labels.languages import language
from devices.labels.layout import Block, Page
from devices.labels.raster import as_picture
from devices.labels.status import Condition, PrinterStatus

_BITS = (
    (0x02, Condition.MEDIA_OUT),
    (0x04, Condition.HEAD_OPEN),
    (0x01, Condition.BUSY),
)
_KNOWN = 0x1F
"""Bits the manual defines; a byte with another is noise. Battery and reset stop no label."""
_DARKEST = 200


@language("cpcl")
class Cpcl:
    """One session ``! ... PRINT`` a label; asked after it, the printer is busy and then ready."""

    status_query = b"\x1bh"
    counter_query = b""
    receipt = b""

    def encode(self, page: Page) -> bytes:
        """Return one session, line ends CR LF; the resolution in the header is the trade's name of it."""
        stock = page.stock
        lines = [
            f"! 0 {page.dpi} {page.dpi} {page.height} 1",
            f"PW {page.width}",
            f"TONE {min(_DARKEST, round(stock.darkness * _DARKEST / 30))}",
            f"SPEED {min(5, stock.speed)}",
            *(_picture(block) for block in page.blocks),
            *(("FORM",) if stock.gap else ()),
            "PRINT",
            "",
        ]
        return "\r\n".join(lines).encode("ascii")

    def parse_status(self, answer: bytes) -> PrinterStatus | None:
        """Read the one byte of ``ESC h``; the last one counts when several came."""
        if not answer or answer[-1] & ~_KNOWN:
            return None
        found = tuple(condition for bit, condition in _BITS if answer[-1] & bit)
        return PrinterStatus(found, answer[-1:])

    def parse_counter(self, answer: bytes) -> int | None:
        """The counter of a user is reset by anybody and proves nothing."""
        return None

    def parse_receipt(self, answer: bytes) -> bool:
        """CPCL gives none."""
        return False


def _picture(block: Block) -> str:
    drawn = as_picture(block)
    picture = drawn.picture
    return f"EG {picture.row_bytes} {picture.height} {drawn.x} {drawn.y} {picture.data.hex().upper()}"
