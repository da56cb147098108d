"""ZPL II (Zebra and printers that emulate it).

Source: Zebra ZPL II Programming Guide (``^BC`` table of invocation codes, ``^BX``, ``^GF``, ``~HS``). Text travels
as
``^GFA`` hexadecimal only and codes use a safe alphabet, so nothing a person typed can end a field.
"""

import re

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
from devices.labels.symbols import CODE_B, CODE_C, START_B, START_C, Code128Symbols

_HOST_STATUS = re.compile(rb"\x02([^\x02\x03]*)\x03\s*\x02([^\x02\x03]*)\x03\s*\x02([^\x02\x03]*)\x03")
_COUNTER = re.compile(rb'"(\d{1,12})"')


@language("zpl")
class Zpl:
    """One format a label; darkness and speed come from the stock."""

    status_query = b"~HS"
    counter_query = b'! U1 getvar "odometer.total_label_count"\r\n'
    receipt = b""

    def encode(self, page: Page) -> bytes:
        """Return one ``^XA ... ^XZ`` format."""
        stock = page.stock
        head = [
            f"~SD{stock.darkness:02}",
            "^XA^CI28",
            f"^PW{page.width}^LL{page.height}^LH0,0",
            "^MNY" if stock.gap else "^MNN",
            "^MTT" if stock.media is Media.TRANSFER else "^MTD",
            f"^PR{stock.speed}",
        ]
        lines = ["".join(head), *(_field(block) for block in page.blocks), "^PQ1,0,0,N^XZ", ""]
        return "\n".join(lines).encode("ascii")

    def parse_status(self, answer: bytes) -> PrinterStatus | None:
        """Read the three lines of ``~HS``; fields by position as in the guide."""
        match = _HOST_STATUS.search(answer)
        if match is None:
            return None
        first, second = match[1].split(b","), match[2].split(b",")
        if len(first) < 12 or len(second) < 9:
            return None
        flags = (
            (first[1] == b"1", Condition.MEDIA_OUT),
            (second[3] == b"1", Condition.RIBBON_OUT),
            (second[2] == b"1", Condition.HEAD_OPEN),
            (first[2] == b"1", Condition.PAUSED),
            (first[9] == b"1", Condition.FAULT),
            (b"1" in (first[10], first[11]), Condition.TEMPERATURE),
            (first[5] == b"1", Condition.BUFFER_FULL),
            (first[4].strip(b"0") != b"" or second[8].strip(b"0") != b"", Condition.BUSY),
        )
        return PrinterStatus(tuple(condition for raised, condition in flags if raised), match[0])

    def parse_counter(self, answer: bytes) -> int | None:
        """Read the quoted number that ``getvar`` answers; ``"?"`` means the printer does not count."""
        match = _COUNTER.search(answer)
        return int(match[1]) if match else None

    def parse_receipt(self, answer: bytes) -> bool:
        """The counter is the better proof."""
        return False


def _field(block: Block) -> str:
    match block:
        case PictureBlock():
            picture = block.picture
            size = len(picture.data)
            hexadecimal = picture.data.hex().upper()
            return f"^FO{block.x},{block.y}^GFA,{size},{size},{picture.row_bytes},{hexadecimal}^FS"
        case RectangleBlock():
            thickness = min(block.width, block.height)
            return f"^FO{block.x},{block.y}^GB{block.width},{block.height},{thickness}^FS"
        case BarsBlock():
            bars = f"^BY{block.module},3.0,{block.height}^BCN,{block.height},N,N,N,N"
            return f"^FO{block.x},{block.y}{bars}^FD{_invoked(block.symbols)}^FS"
        case DataMatrixBlock():
            code = f"^BXN,{block.module},200,{block.side},{block.side}"
            return f"^FO{block.x},{block.y}{code}^FD{block.data}^FS"
        case QrBlock():
            # The printer moves a QR code down by the bar height of ^BY; with a height of 1 that is one dot.
            code = f"^BY2,3.0,1^BQN,2,{block.module}"
            return f"^FO{block.x},{max(0, block.y - 1)}{code}^FDMA,{block.data}^FS"


def _invoked(symbols: Code128Symbols) -> str:
    """Write symbol values as ZPL field data: the subset is named by ``>:`` ``>;`` and changed by ``>5`` ``>6``."""
    start, *values = symbols.values
    in_c = start == START_C
    written = {START_B: ">:", START_C: ">;"}[start]
    for value in values:
        if in_c and value == CODE_B:
            written, in_c = written + ">6", False
        elif not in_c and value == CODE_C:
            written, in_c = written + ">5", True
        else:
            written += f"{value:02}" if in_c else chr(value + 32)
    return written
