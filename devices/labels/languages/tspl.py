"""TSPL / TSPL2 (TSC, Gprinter, HPRT, Deli, Xprinter).

Source: TSC TSPL/TSPL2 Programming Manual (``BARCODE "128M"`` with ``!ddd`` control codes, ``DMATRIX`` with fixed
rows
and columns); one-byte status of ``ESC ! ?`` from the Gprinter GP-2120T and TSC TTP-244 manuals. In ``BITMAP`` a 0
bit is black (UNVERIFIED on a printer: check the first label of a new model).
"""

from devices.labels.bitmap import Picture
from devices.labels.languages import language
from devices.labels.layout import (
    BarsBlock,
    Block,
    DataMatrixBlock,
    Page,
    PictureBlock,
    QrBlock,
    RectangleBlock,
)
from devices.labels.model import Media
from devices.labels.status import Condition, PrinterStatus
from devices.labels.symbols import CODE_B, CODE_C, START_C, Code128Symbols
from domain.kernel.errors import DomainError

_BITS = (
    (0x04, Condition.MEDIA_OUT),
    (0x08, Condition.RIBBON_OUT),
    (0x01, Condition.HEAD_OPEN),
    (0x40, Condition.HEAD_OPEN),
    (0x02, Condition.JAM),
    (0x10, Condition.PAUSED),
    (0x80, Condition.TEMPERATURE),
    (0x20, Condition.BUSY),
)
# ESC ! and ~! start commands that a printer obeys at any time, also between the bytes of a picture.
_IMMEDIATE = (b"\x1b!", b"~!")


@language("tspl")
class Tspl:
    """One ``CLS ... PRINT 1,1`` a label. Its status byte has no buffer bit: a full buffer shows as busy."""

    status_query = b"\x1b!?"
    counter_query = b""
    receipt = b""

    def encode(self, page: Page) -> bytes:
        """Return the commands of one label, line ends CR LF.

        Raises:
            DomainError: ``label.picture_bytes``: a picture cannot be sent without forming an immediate command.
        """
        stock = page.stock
        head = (
            f"SIZE {stock.width:g} mm,{stock.height:g} mm",
            f"GAP {stock.gap:g} mm,0 mm",
            "DIRECTION 1",
            "REFERENCE 0,0",
            f"SPEED {stock.speed}",
            f"DENSITY {stock.darkness // 2}",
            f"SET RIBBON {'ON' if stock.media is Media.TRANSFER else 'OFF'}",
            "CLS",
        )
        lines = [
            *(line.encode("ascii") for line in head),
            *(_command(block) for block in page.blocks),
            b"PRINT 1,1",
            b"",
        ]
        return b"\r\n".join(lines)

    def parse_status(self, answer: bytes) -> PrinterStatus | None:
        """Read the one byte of ``ESC ! ?``; the last one counts when several came."""
        if not answer:
            return None
        found = [condition for bit, condition in _BITS if answer[-1] & bit]
        return PrinterStatus(tuple(dict.fromkeys(found)), answer[-1:])

    def parse_counter(self, answer: bytes) -> int | None:
        """TSPL printers do not share a counter command."""
        return None

    def parse_receipt(self, answer: bytes) -> bool:
        """TSPL has no such question."""
        return False


def _command(block: Block) -> bytes:
    match block:
        case PictureBlock():
            return _bitmap(block)
        case RectangleBlock():
            return f"BAR {block.x},{block.y},{block.width},{block.height}".encode("ascii")
        case BarsBlock():
            bars = f'"128M",{block.height},0,0,{block.module},{block.module}'
            return f'BARCODE {block.x},{block.y},{bars},"{_controlled(block.symbols)}"'.encode("ascii")
        case DataMatrixBlock():
            dots = block.side * block.module
            size = f"{dots},{dots},x{block.module},{block.side},{block.side}"
            return f'DMATRIX {block.x},{block.y},{size},"{block.data}"'.encode("ascii")
        case QrBlock():
            return f'QRCODE {block.x},{block.y},M,{block.module},A,0,"{block.data}"'.encode("ascii")


def _bitmap(block: PictureBlock) -> bytes:
    """Send the picture inverted; moved within its bytes if it happened to contain an immediate command."""
    for bits in range(min(8, block.x + 1)):
        picture = block.picture.shifted(bits) if bits else block.picture
        data = _inverted(picture)
        if not any(command in data for command in _IMMEDIATE):
            head = f"BITMAP {block.x - bits},{block.y},{picture.row_bytes},{picture.height},0,"
            return head.encode("ascii") + data
    raise DomainError("label.picture_bytes", "text")


def _inverted(picture: Picture) -> bytes:
    return bytes(byte ^ 0xFF for byte in picture.data)


def _controlled(symbols: Code128Symbols) -> str:
    """Write symbol values as ``128M`` data: the start and each change of subset as ``!`` and three digits."""
    start, *values = symbols.values
    in_c = start == START_C
    written = f"!{start}"
    for value in values:
        if value == (CODE_B if in_c else CODE_C):
            written, in_c = written + f"!{value:03}", not in_c
        else:
            written += f"{value:02}" if in_c else chr(value + 32)
    return written
