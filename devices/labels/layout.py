"""A label in the dots of one printer: what every language emits and what the preview draws.

Here a label that would be cut is refused, with the millimetres it needs; nothing after this module decides anything
about size.
"""

from dataclasses import dataclass

from PIL import Image

from devices.labels.bitmap import Picture
from devices.labels.glyphs import text_picture
from devices.labels.model import (
    Bitmap,
    Code128,
    DataMatrix,
    Element,
    Frame,
    Label,
    Line,
    QrCode,
    Stock,
    Text,
    dots,
    dots_per_mm,
)
from devices.labels.symbols import (
    CODE128_QUIET,
    DATAMATRIX_QUIET,
    QR_QUIET,
    Code128Symbols,
    datamatrix_side,
    qr_side,
)
from domain.kernel.errors import DomainError


@dataclass(frozen=True)
class PictureBlock:
    """A one-bit picture, top left at `x`, `y`."""

    x: int
    y: int
    picture: Picture


@dataclass(frozen=True)
class BarsBlock:
    """A Code 128 without its quiet zones; `module` dots a module."""

    x: int
    y: int
    module: int
    height: int
    symbols: Code128Symbols


@dataclass(frozen=True)
class DataMatrixBlock:
    """A square DataMatrix of `side` modules without its quiet zone."""

    x: int
    y: int
    module: int
    side: int
    data: str


@dataclass(frozen=True)
class QrBlock:
    """A QR code, level M, without its quiet zone."""

    x: int
    y: int
    module: int
    data: str


@dataclass(frozen=True)
class RectangleBlock:
    """A filled rectangle."""

    x: int
    y: int
    width: int
    height: int


Block = PictureBlock | BarsBlock | DataMatrixBlock | QrBlock | RectangleBlock


@dataclass(frozen=True)
class Page:
    """One label in dots, with the stock it is made for."""

    width: int
    height: int
    dpi: int
    stock: Stock
    blocks: tuple[Block, ...]


def lay_out(label: Label, dpi: int | None = None) -> Page:
    """Return the label in dots at `dpi` (the stock's own when not given).

    Raises:
        DomainError: ``label.too_narrow`` (facts: ``needed_mm``, ``given_mm``), ``label.too_low``,
            ``label.glyph_missing``, ``label.text_too_long``, ``label.barcode_character``,
            ``label.barcode_too_long``.
    """
    resolution = dpi or label.stock.dpi
    place = _Placer(label.stock, resolution)
    return Page(
        dots(label.stock.width, resolution),
        dots(label.stock.height, resolution),
        resolution,
        label.stock,
        tuple(block for element in label.elements for block in place.blocks(element)),
    )


class _Placer:
    def __init__(self, stock: Stock, dpi: int) -> None:
        self._stock, self._dpi = stock, dpi

    def blocks(self, element: Element) -> tuple[Block, ...]:
        return self._frame(element) if isinstance(element, Frame) else (self._block(element),)

    def _frame(self, frame: Frame) -> tuple[Block, ...]:
        x, y, width, height = self._box(frame)
        line = max(1, min(dots(frame.line, self._dpi), width, height))
        return (
            RectangleBlock(x, y, width, line),
            RectangleBlock(x, y + height - line, width, line),
            RectangleBlock(x, y, line, height),
            RectangleBlock(x + width - line, y, line, height),
        )

    def _block(self, element: Text | Code128 | DataMatrix | QrCode | Line | Bitmap) -> Block:
        match element:
            case Text():
                return self._text(element)
            case Code128():
                return self._bars(element)
            case DataMatrix() | QrCode():
                return self._matrix(element)
            case Line():
                x, y, width, height = self._box(element)
                return RectangleBlock(x, y, max(1, width), max(1, height))
            case Bitmap():
                return self._bitmap(element)

    def _box(self, element: Element) -> tuple[int, int, int, int]:
        """Return x, y, width, height in dots; edges are rounded, so neighbours that touch in mm still touch."""
        x, y = dots(element.x, self._dpi), dots(element.y, self._dpi)
        right, bottom = (
            dots(element.x + element.width, self._dpi),
            dots(element.y + element.height, self._dpi),
        )
        return x, y, right - x, bottom - y

    def _text(self, text: Text) -> PictureBlock:
        x, y, width, height = self._box(text)
        picture = text_picture(
            text.data,
            width,
            height,
            size=dots(text.size, self._dpi),
            min_size=dots(text.min_size, self._dpi),
            align=text.align,
            bold=text.bold,
            overflow=text.overflow,
        )
        left, top, picture = picture.trimmed()
        return PictureBlock(x + left, y + top, picture)

    def _bars(self, code: Code128) -> BarsBlock:
        x, y, width, height = self._box(code)
        symbols = Code128Symbols.of(code.data)
        modules = len(symbols.modules)
        module = self._module(code.module, modules + 2 * CODE128_QUIET, width)
        return BarsBlock(x + (width - modules * module) // 2, y, module, height, symbols)

    def _matrix(self, code: DataMatrix | QrCode) -> DataMatrixBlock | QrBlock:
        x, y, width, height = self._box(code)
        is_qr = isinstance(code, QrCode)
        side = qr_side(code.data) if is_qr else datamatrix_side(code.data)
        quiet = QR_QUIET if is_qr else DATAMATRIX_QUIET
        module = self._module(code.module, side + 2 * quiet, min(width, height))
        left, top = x + (width - side * module) // 2, y + (height - side * module) // 2
        if is_qr:
            return QrBlock(left, top, module, code.data)
        return DataMatrixBlock(left, top, module, side, code.data)

    def _module(self, wished_mm: float, modules: int, available: int) -> int:
        """Return the dots of a module: as wished if it fits, never less than the stock can carry."""
        per_mm = dots_per_mm(self._dpi)
        smallest = max(1, -int(-(self._stock.min_module * per_mm - 0.05) // 1))
        wished = max(smallest, -int(-(wished_mm * per_mm - 0.05) // 1))
        module = min(wished, available // modules)
        if module < smallest:
            needed = round(modules * smallest / per_mm + 0.05, 1)
            raise DomainError(
                "label.too_narrow", "data", needed_mm=needed, given_mm=round(available / per_mm, 1)
            )
        return module

    def _bitmap(self, bitmap: Bitmap) -> PictureBlock:
        x, y, width, height = self._box(bitmap)
        columns, lines = len(bitmap.rows[0]), len(bitmap.rows)
        scale = min(width // columns, height // lines)
        if scale < 1:
            per_mm = dots_per_mm(self._dpi)
            given = round(min(width, height) / per_mm, 1)
            raise DomainError(
                "label.too_narrow", "rows", needed_mm=round(columns / per_mm, 1), given_mm=given
            )
        ink = Image.new("1", (columns, lines))
        ink.putdata([255 * (dot == "#") for row in bitmap.rows for dot in row])
        scaled = ink.resize((columns * scale, lines * scale), Image.Resampling.NEAREST)
        return PictureBlock(x, y, Picture.from_image(scaled))
