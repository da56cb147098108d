"""The preview: the dots of a printer, drawn by the code that prints, and what is wrong with the label there."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from devices.labels.designing import Problem, check_design, read_design, sample_label
from devices.labels.layout import Block, Page, lay_out
from devices.labels.model import dots
from devices.labels.raster import draw
from domain.kernel.errors import DomainError


@dataclass(frozen=True, slots=True)
class Preview:
    """A PNG of one pixel a dot; empty where the stock itself cannot be read."""

    png: bytes
    dots_per_mm: float
    width_mm: float
    height_mm: float
    problems: tuple[Problem, ...]


def preview_of(content: Mapping[str, Any], dpi: int, purpose: str) -> Preview:
    """Draw the samples at `dpi`. An element that cannot be drawn is left out and told; the others are seen."""
    stock, elements, _ = read_design(content)
    problems = tuple(check_design(content, dpi, purpose))
    if stock is None:
        return Preview(b"", 1.0, 0.0, 0.0, problems)
    blocks: list[Block] = []
    for element in elements:
        try:
            blocks += lay_out(sample_label(stock, [element]), dpi).blocks
        except DomainError:
            continue
    width, height = max(1, dots(stock.width, dpi)), max(1, dots(stock.height, dpi))
    stream = io.BytesIO()
    draw(Page(width, height, dpi, stock, tuple(blocks))).save(stream, "PNG")
    return Preview(stream.getvalue(), width / stock.width, stock.width, stock.height, problems)
