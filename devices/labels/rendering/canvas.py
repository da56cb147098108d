"""The label under the print head: black is only ever added, and what lies outside is lost, as on paper."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from PIL import Image, ImageDraw

from devices.labels.symbols import Code128Symbols, datamatrix_modules, datamatrix_side, qr_modules


class Question(StrEnum):
    """What a host asks a printer."""

    STATUS = "status"
    COUNTER = "counter"
    RECEIPT = "receipt"


@dataclass(frozen=True)
class PrintedLabel:
    """One label format, finished; `copies` pieces are wanted."""

    picture: Image.Image
    copies: int


Event = PrintedLabel | Question


@dataclass
class PrinterState:
    """What a simulated printer would say about itself, and what it counted."""

    paper_out: bool = False
    ribbon_out: bool = False
    head_open: bool = False
    paused: bool = False
    buffer_full: bool = False
    jam: bool = False
    hot: bool = False
    busy: bool = False
    waiting: int = 0
    """Formats received and not printed."""
    printed: int = 0
    """Pieces of paper printed since switched on."""
    label_length: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def is_stopped(self) -> bool:
        """Whether nothing can be printed until a person comes."""
        return self.paper_out or self.ribbon_out or self.head_open or self.paused or self.jam or self.hot


class Canvas:
    """A label of `width` by `height` dots."""

    def __init__(self, width: int, height: int) -> None:
        self._ink = Image.new("1", (max(1, width), max(1, height)))
        self._draw = ImageDraw.Draw(self._ink)

    def picture(self) -> Image.Image:
        """Return the label, black on white."""
        return self._ink.point(lambda value: 0 if value else 255, mode="1")

    def rectangle(self, x: int, y: int, width: int, height: int) -> None:
        """Draw a filled rectangle."""
        self._draw.rectangle((x, y, x + width - 1, y + height - 1), fill=255)

    def bits(self, x: int, y: int, row_bytes: int, data: bytes) -> None:
        """Draw rows of packed bits, 1 is black."""
        rows = len(data) // row_bytes
        mask = Image.frombytes("1", (row_bytes * 8, rows), data[: rows * row_bytes])
        self._ink.paste(255, (x, y), mask)

    def code128(self, x: int, y: int, module: int, height: int, values: Sequence[int]) -> None:
        """Draw bars from symbol values, start first; check and stop are added."""
        for place, bit in enumerate(Code128Symbols(tuple(values)).modules):
            if bit == "1":
                self.rectangle(x + place * module, y, module, height)

    def datamatrix(self, x: int, y: int, module: int, data: str, side: int = 0) -> None:
        """Draw a DataMatrix; `side` 0 lets the size follow the data."""
        self._matrix(x, y, module, datamatrix_modules(data, side or datamatrix_side(data)))

    def qr(self, x: int, y: int, module: int, data: str) -> None:
        """Draw a QR code at level M."""
        self._matrix(x, y, module, qr_modules(data))

    def _matrix(self, x: int, y: int, module: int, modules: tuple[tuple[bool, ...], ...]) -> None:
        for line, row in enumerate(modules):
            for column, black in enumerate(row):
                if black:
                    self.rectangle(x + column * module, y + line * module, module, module)
