"""Labels and printers for the tests of this folder."""

from functools import cache
from pathlib import Path

import msgspec
import zxingcpp
from PIL import Image

from devices.labels.languages import find_language
from devices.labels.layout import lay_out
from devices.labels.model import Element, Label, Media, Stock, Template
from devices.labels.printer import Timing
from devices.labels.simulated_printer import SimulatedPrinter
from devices.labels.templates import load_labels
from resources import folder
from tests.fixtures.patience import PATIENCE_S

PATIENT = Timing(
    answer_s=PATIENCE_S, ready_s=PATIENCE_S, confirm_s=PATIENCE_S, settle_s=PATIENCE_S, poll_s=0.005
)
"""A printer that answers is waited for, however busy the machine is."""

LANGUAGES = ("zpl", "tspl")
MORE_LANGUAGES = ("epl2", "cpcl", "escpos", "raster")
"""Those that have no command for every code and send pictures in its place."""
RESOLUTIONS = (203, 300)
TEMPLATES = ("tube_50x25", "tube_50x30", "cryo_25x13", "box_50x30")

STOCK = Stock(
    title="测试",
    width=50,
    height=25,
    gap=2,
    dpi=203,
    margin=1,
    min_module=0.25,
    media=Media.TRANSFER,
    frozen_storage=False,
    darkness=15,
    speed=3,
    source="test",
    status="V",
)


@cache
def templates() -> dict[str, Template]:
    return load_labels(labels_folder())


def labels_folder() -> Path:
    return folder("documents") / "labels"


def tube(number: str = "261100000058", *, reprint: int = 0, **data: str) -> Label:
    template = templates()["tube_50x25"]
    return template.fill({**template.sample(), "specimen_number": number, **data}, reprint=reprint)


def label_of(*elements: Element, stock: Stock = STOCK, **changes) -> Label:
    stock = msgspec.structs.replace(stock, **changes)
    return Label(template="test", version=1, stock=stock, elements=elements)


def encoded(label: Label, language: str, dpi: int = 203) -> bytes:
    return find_language(language).encode(lay_out(label, dpi))


def printed(label: Label, language: str, dpi: int = 203) -> tuple[Image.Image, SimulatedPrinter]:
    """Return the picture a simulated printer makes of the label's bytes, sent in awkward pieces."""
    printer = SimulatedPrinter(language, dpi)
    reader, data = printer.open(), encoded(label, language, dpi)
    for start in range(0, len(data), 97):
        assert printer.take(reader, data[start : start + 97]) == b""
    assert len(printer.labels) == 1
    return printer.labels[0], printer


def codes_in(picture: Image.Image) -> list[str]:
    return [code.text for code in zxingcpp.read_barcodes(picture.convert("L"))]
