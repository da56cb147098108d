"""Labels in EPL2 and ESC/POS beside what others made of the same.

labelscope parses our EPL2 and BWIPP draws the bars; python-escpos encodes our picture. CPCL has no reader or
writer on
the package indexes: its hexadecimal pictures are decoded here with Pillow alone and read by zxing-cpp, without a
line
of the simulator. The graphics of EPL2 are decoded the same way: labelscope knows none.
"""

import re
import shutil

import numpy as np
import pytest
import treepoem
from escpos.printer import Dummy
from labelscope.epl2.commands import BCommand
from labelscope.epl2.parser import parse
from PIL import Image

from devices.labels.languages.escpos import _harmless
from devices.labels.layout import lay_out
from devices.labels.model import Code128
from devices.labels.raster import draw
from tests.devices_labels.label_cases import RESOLUTIONS, codes_in, encoded, label_of, templates

NUMBERS = ("261100000058", "S2000000001S")


def ink(picture) -> np.ndarray:
    return np.asarray(picture.convert("L")) < 128


@pytest.mark.skipif(
    shutil.which("gs") is None, reason="Ghostscript is not on this machine: BWIPP cannot draw"
)
@pytest.mark.parametrize("dpi", RESOLUTIONS)
@pytest.mark.parametrize(
    ("data", "selector"), [("HZXYWZ", "1B"), ("BX-WZ.KL", "1B"), ("261100000058", "1C"), ("20261123", "1C")]
)
def test_another_parser_and_encoder_make_the_same_epl2_bars(data, selector, dpi):
    """What labelscope reads from our command, drawn by BWIPP, has our bars at our place, module by module."""
    label = label_of(Code128(x=1, y=2, width=48, height=10, data=data))
    page = lay_out(label, dpi)
    (bars,) = (c for c in parse(encoded(label, "epl2", dpi)) if isinstance(c, BCommand))
    assert (bars.symbology, bars.data, bars.human_readable) == (selector, data, False)
    drawn = treepoem.generate_barcode("code128", bars.data, {"includetext": False}, scale=1)
    row = ~np.asarray(drawn.convert("1"))[0]
    theirs = np.repeat(row[np.argmax(row) :], bars.narrow)
    mine = ink(draw(page))[bars.y + bars.height // 2, bars.x :]
    assert mine[: len(theirs)].tolist() == theirs.tolist()
    assert not mine[len(theirs) :].any()
    assert ink(draw(page)).sum() == theirs.sum() * bars.height


@pytest.mark.parametrize("dpi", RESOLUTIONS)
@pytest.mark.parametrize("name", ["tube_50x30", "cryo_25x13", "lid_10"])
def test_another_encoder_sends_the_same_escpos_raster(name, dpi):
    template = templates()[name]
    label = template.fill(template.sample(), reprint=1)
    printer = Dummy()
    # It asks for a profile's width; ours has none, so nothing is scaled.
    printer.image(draw(lay_out(label, dpi)).convert("L"), impl="bitImageRaster", fragment_height=1024)
    (theirs,) = re.findall(rb"\x1dv0\x00.*", printer.output, re.DOTALL)
    ours = encoded(label, "escpos", dpi)
    assert ours.startswith(b"\x1b@")
    assert _harmless(theirs).rstrip(b"\n") == ours[2:-1]


@pytest.mark.parametrize("dpi", RESOLUTIONS)
@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("name", ["tube_50x30", "cryo_25x13", "lid_10"])
def test_cpcl_pictures_decode_to_the_number_without_our_reader(name, number, dpi):
    template = templates()[name]
    label = template.fill({**template.sample(), "specimen_number": number})
    text = encoded(label, "cpcl", dpi).decode("ascii")
    assert re.search(rf"^! 0 {dpi} {dpi} \d+ 1\r\n", text)
    height, width = re.search(r"! 0 \d+ \d+ (\d+)", text)[1], re.search(r"PW (\d+)", text)[1]
    paper = Image.new("1", (int(width), int(height)), 1)
    for bytes_wide, rows, x, y, digits in re.findall(r"EG (\d+) (\d+) (\d+) (\d+) ([0-9A-F]+)\r\n", text):
        mask = Image.frombytes("1", (int(bytes_wide) * 8, int(rows)), bytes.fromhex(digits))
        paper.paste(0, (int(x), int(y)), mask)
    assert codes_in(paper) == [number]


@pytest.mark.parametrize("dpi", RESOLUTIONS)
@pytest.mark.parametrize("name", ["cryo_25x13", "lid_10"])
def test_epl2_graphics_decode_to_the_number_without_our_reader(name, dpi):
    template = templates()[name]
    data = encoded(template.fill({**template.sample(), "specimen_number": NUMBERS[1]}), "epl2", dpi)
    paper = Image.new("1", (1200, 800), 1)
    position = 0
    while found := re.compile(rb"GW(\d+),(\d+),(\d+),(\d+),").search(data, position):
        x, y, bytes_wide, rows = (int(value) for value in found.groups())
        position = found.end() + bytes_wide * rows
        white = Image.frombytes("1", (bytes_wide * 8, rows), data[found.end() : position])
        paper.paste(0, (x, y), white.point(lambda value: 0 if value else 255, mode="1"))
    assert codes_in(paper) == [NUMBERS[1]]
