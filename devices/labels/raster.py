"""The preview: the label as a one-bit picture, dot for dot what the printer is told to print."""

import io
from dataclasses import replace

from PIL import Image, ImageDraw

from devices.labels.bitmap import Picture
from devices.labels.layout import (
    BarsBlock,
    Block,
    DataMatrixBlock,
    Page,
    PictureBlock,
    QrBlock,
    RectangleBlock,
)
from devices.labels.symbols import datamatrix_modules, qr_modules


def draw(page: Page) -> Image.Image:
    """Return the page as a mode ``1`` picture, black on white, its resolution set."""
    return _ink(page).point(lambda value: 0 if value else 255, mode="1")


def draw_ink(page: Page) -> Picture:
    """Return the page as packed bits, 1 is black: what a printer without commands of its own is sent."""
    return Picture.from_image(_ink(page))


def as_picture(block: Block) -> PictureBlock:
    """Return any block as the picture of its dots, for a language that has no command for it."""
    if isinstance(block, PictureBlock):
        return block
    ink = Image.new("1", _size(block))
    _draw_block(ink, replace(block, x=0, y=0))
    return PictureBlock(block.x, block.y, Picture.from_image(ink))


def _size(block: Block) -> tuple[int, int]:
    match block:
        case BarsBlock():
            return len(block.symbols.modules) * block.module, block.height
        case DataMatrixBlock():
            return block.side * block.module, block.side * block.module
        case QrBlock():
            side = len(qr_modules(block.data)) * block.module
            return side, side
        case RectangleBlock():
            return block.width, block.height
        case PictureBlock():
            return block.picture.width, block.picture.height


def _ink(page: Page) -> Image.Image:
    ink = Image.new("1", (page.width, page.height))
    for block in page.blocks:
        _draw_block(ink, block)
    return ink


def png(page: Page, scale: int = 1) -> bytes:
    """Return the preview as a PNG, each dot `scale` pixels wide."""
    picture = draw(page)
    if scale > 1:
        picture = picture.resize((page.width * scale, page.height * scale), Image.Resampling.NEAREST)
    stream = io.BytesIO()
    picture.save(stream, "PNG", dpi=(page.dpi * scale, page.dpi * scale))
    return stream.getvalue()


def _draw_block(ink: Image.Image, block: Block) -> None:
    match block:
        case PictureBlock():
            mask = block.picture.mask()
            ink.paste(255, (block.x, block.y), mask)
        case RectangleBlock():
            ImageDraw.Draw(ink).rectangle(_corners(block.x, block.y, block.width, block.height), fill=255)
        case BarsBlock():
            modules = [[bit == "1" for bit in block.symbols.modules]]
            _draw_modules(ink, block.x, block.y, block.module, block.height, modules)
        case DataMatrixBlock():
            modules = [list(row) for row in datamatrix_modules(block.data, block.side)]
            _draw_modules(ink, block.x, block.y, block.module, block.module, modules)
        case QrBlock():
            modules = [list(row) for row in qr_modules(block.data)]
            _draw_modules(ink, block.x, block.y, block.module, block.module, modules)


def _draw_modules(
    ink: Image.Image, x: int, y: int, width: int, height: int, modules: list[list[bool]]
) -> None:
    draw_ink = ImageDraw.Draw(ink)
    for line, row in enumerate(modules):
        for column, black in enumerate(row):
            if black:
                corners = _corners(x + column * width, y + line * height, width, height)
                draw_ink.rectangle(corners, fill=255)


def _corners(x: int, y: int, width: int, height: int) -> tuple[int, int, int, int]:
    return x, y, x + width - 1, y + height - 1
