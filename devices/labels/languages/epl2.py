"""EPL2 page mode (Eltron and older Zebra desktop printers, printers that emulate them).

Source: Zebra EPL Programming Guide 14245L-003 (``GW``, ``LO``, ``B`` with its subset selectors ``1B`` and ``1C``,
``eR``
example: code 11 is the open head) and Intermec ESim Programmer's Reference (``^ee`` answers ``00`` or codes, comma
between, CR LF). Code 07 says paper or ribbon without telling which. In ``GW`` a 1 bit is white (UNVERIFIED on a
printer: check the first label of a new model).

Two-dimensional codes travel as pictures: only some firmware has the ``b`` command, and a picture has the same
dots. So
do Code 128 symbols that change their subset: the ``1`` selector leaves the packing, and thereby the width, to the
printer.
"""

import re

from devices.labels.languages import language
from devices.labels.layout import BarsBlock, Block, Page, PictureBlock, RectangleBlock
from devices.labels.raster import as_picture
from devices.labels.status import Condition, PrinterStatus
from devices.labels.symbols import CODE_B, CODE_C, START_B, START_C

_ANSWER = re.compile(rb"(?:^|[^0-9,])(\d{2}(?:,\d{2})*)\r\n")
_CODES = {
    "07": Condition.SUPPLY_OUT,
    "11": Condition.HEAD_OPEN,
    "12": Condition.PAUSED,
}
_FASTEST, _DARKEST = 6, 15


@language("epl2")
class Epl2:
    """One form a label; it has no counter and no busy code, so a label is sent, never confirmed."""

    status_query = b"^ee\r\n"
    counter_query = b""
    receipt = b""

    def encode(self, page: Page) -> bytes:
        """Return the commands of one label; lines end LF, pictures are raw bytes of exact length."""
        stock = page.stock
        gap = round(stock.gap * page.width / stock.width)
        head = (
            "",
            "N",
            f"q{page.width}",
            f"Q{page.height},{gap}",
            f"D{min(_DARKEST, stock.darkness // 2)}",
            f"S{min(_FASTEST, stock.speed)}",
            "ZT",
        )
        lines = [
            *(line.encode("ascii") for line in head),
            *(_command(block) for block in page.blocks),
            b"P1",
            b"",
        ]
        return b"\n".join(lines)

    def parse_status(self, answer: bytes) -> PrinterStatus | None:
        """Read the codes of ``^ee``; one that is not known is a fault."""
        found = _ANSWER.findall(answer)
        if not found:
            return None
        codes = [code for code in found[-1].decode("ascii").split(",") if code != "00"]
        conditions = dict.fromkeys(_CODES.get(code, Condition.FAULT) for code in codes)
        return PrinterStatus(tuple(conditions), answer)

    def parse_counter(self, answer: bytes) -> int | None:
        """EPL2 tells no counter."""
        return None

    def parse_receipt(self, answer: bytes) -> bool:
        """EPL2 gives no receipt that every firmware knows."""
        return False


def _command(block: Block) -> bytes:
    match block:
        case RectangleBlock():
            return f"LO{block.x},{block.y},{block.width},{block.height}".encode("ascii")
        case BarsBlock() if (subset := _subset(block)) is not None:
            selector, data = subset
            bars = f"0,{selector},{block.module},{block.module},{block.height},N"
            return f'B{block.x},{block.y},{bars},"{data}"'.encode("ascii")
        case _:
            return _graphic(as_picture(block))


def _subset(block: BarsBlock) -> tuple[str, str] | None:
    """Return selector and data of a symbol that stays in one subset, None for one that does not."""
    start, *values = block.symbols.values
    if start == START_C and CODE_B not in values:
        return "1C", "".join(f"{value:02}" for value in values)
    if start == START_B and CODE_C not in values:
        return "1B", "".join(chr(value + 32) for value in values)
    return None


def _graphic(block: PictureBlock) -> bytes:
    picture = block.picture
    head = f"GW{block.x},{block.y},{picture.row_bytes},{picture.height},"
    return head.encode("ascii") + bytes(byte ^ 0xFF for byte in picture.data)
