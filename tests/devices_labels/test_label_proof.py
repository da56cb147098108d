"""What the printer puts on paper decodes to the number, in both languages and resolutions."""

import numpy as np
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pystrich.code128 import Code128Encoder
from pystrich.datamatrix import DataMatrixData, DataMatrixEncoder

from devices.labels.layout import lay_out
from devices.labels.model import Bitmap, Code128, DataMatrix, Line, QrCode, Text
from devices.labels.raster import draw
from devices.labels.rendering.canvas import Canvas
from devices.labels.symbols import Code128Symbols, datamatrix_modules, datamatrix_side
from domain.biobank.numbers import ALPHABET, SpecimenNumberBlock
from domain.kernel.errors import DomainError
from tests.devices_labels.label_cases import (
    LANGUAGES,
    RESOLUTIONS,
    TEMPLATES,
    codes_in,
    encoded,
    label_of,
    printed,
    templates,
    tube,
)

BOTH = pytest.mark.parametrize("language", LANGUAGES)
DPI = pytest.mark.parametrize("dpi", RESOLUTIONS)
NUMBERS = [
    SpecimenNumberBlock("2611", 7_000, digits=True).allocate()[0],
    SpecimenNumberBlock("S2", 40_000).allocate()[0],
    SpecimenNumberBlock("HZXYW", 32**6 - 900).allocate()[0],
]


@BOTH
@DPI
@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize("number", NUMBERS)
def test_every_shipped_label_decodes_to_its_number_and_equals_its_preview(name, number, language, dpi):
    template = templates()[name]
    key = "box_number" if name.startswith("box") else "specimen_number"
    label = template.fill({**template.sample(), key: number}, reprint=2)
    picture, printer = printed(label, language, dpi)
    assert codes_in(picture) == [number]
    assert not printer.problems
    assert picture.tobytes() == draw(lay_out(label, dpi)).tobytes()


@BOTH
@DPI
@pytest.mark.parametrize("kind", [Code128, DataMatrix, QrCode])
@pytest.mark.parametrize("number", NUMBERS)
def test_each_code_alone_decodes(kind, number, language, dpi):
    picture, printer = printed(label_of(kind(x=1, y=1, width=48, height=22, data=number)), language, dpi)
    found = zxingcpp.read_barcodes(picture.convert("L"))
    assert [(code.text, code.format.name.upper()) for code in found] == [(number, kind.__name__.upper())]
    assert not printer.problems


@settings(max_examples=40, deadline=None)
@given(
    st.text(ALPHABET + "abcxyz-./", min_size=1, max_size=12).filter(lambda t: t == t.strip()),
    st.sampled_from(LANGUAGES),
)
def test_any_safe_data_decodes_as_code128_and_datamatrix(data, language):
    wide = {"width": 90.0, "height": 40.0}
    bars = Code128(x=1, y=1, width=88, height=12, data=data)
    matrix = DataMatrix(x=1, y=14, width=20, height=20, data=data)
    picture, _ = printed(label_of(bars, matrix, **wide), language, 203)
    assert sorted(codes_in(picture)) == [data, data]


@pytest.mark.parametrize("data", [*NUMBERS, "S26112300017", "AB12CD34EF56", "1", "12345678901"])
def test_a_second_encoder_draws_the_same_bars(data):
    # pystrich chooses the subsets by itself: only the decoded content can be compared, and for digits the bars too.
    other = "".join("1" if bar == "1" else "0" for bar in Code128Encoder(data).bars)
    if data.isdecimal() and len(data) % 2 == 0:
        assert other == Code128Symbols.of(data).modules
    row = [0] * 20 + [int(bit) for bit in Code128Symbols.of(data).modules for _ in range(2)] + [0] * 20
    picture = 255 - np.array([row] * 60, dtype=np.uint8) * 255
    assert [code.text for code in zxingcpp.read_barcodes(picture)] == [data]


@pytest.mark.parametrize("data", ["123456", "26112300017842", "S26112300017", "AB1"])
def test_a_second_encoder_draws_the_same_datamatrix(data):
    side = datamatrix_side(data)
    other = DataMatrixEncoder(DataMatrixData(data, encoding="ascii"), quiet_zone=2, force_byte_mode=False)
    picture = other.get_pilimage(4).convert("L")
    assert [code.text for code in zxingcpp.read_barcodes(picture)] == [data]
    modules = np.array(datamatrix_modules(data, side))
    # Solid left and bottom edges, alternating top and right: the finder of ISO/IEC 16022.
    assert modules[:, 0].all()
    assert modules[-1].all()
    assert modules[0].tolist() == [column % 2 == 0 for column in range(side)]
    if picture.width == (side + 4) * 4:
        theirs = np.array(picture)[8:-8:4, 8:-8:4] < 128
        assert theirs.tolist() == modules.tolist() or not data.isdecimal()


@pytest.mark.parametrize(
    ("text", "side"),
    [("1234567890", 12), ("1234567890123456", 14), ("S2000000001S", 14), ("ABCDEFGHJKLM", 16)],
)
def test_the_datamatrix_is_square_and_of_the_expected_size(text, side):
    assert datamatrix_side(text) == side == len(datamatrix_modules(text, side))


@BOTH
def test_a_code_cut_by_the_paper_does_not_decode(language):
    number = NUMBERS[0]
    data = encoded(label_of(Code128(x=1, y=1, width=48, height=20, data=number)), language)
    narrower = data.replace(b"^PW400", b"^PW200").replace(b"SIZE 50 mm", b"SIZE 25 mm")
    assert narrower != data
    from devices.labels.simulated_printer import SimulatedPrinter

    printer = SimulatedPrinter(language)
    printer.take(printer.open(), narrower)
    assert printer.labels[0].width == 200
    assert codes_in(printer.labels[0]) == []


@DPI
def test_a_code_too_wide_is_refused_with_the_millimetres_it_needs(dpi):
    number = NUMBERS[2]
    needed = (len(Code128Symbols.of(number).modules) + 20) * 0.25
    with pytest.raises(DomainError) as refused:
        lay_out(label_of(Code128(x=1, y=1, width=28, height=10, data=number), width=30), dpi)
    assert refused.value.code == "label.too_narrow"
    assert refused.value.facts["given_mm"] == pytest.approx(28, abs=0.1)
    assert needed <= refused.value.facts["needed_mm"] <= needed * 1.04
    enough = refused.value.facts["needed_mm"] + 0.1
    lay_out(label_of(Code128(x=1, y=1, width=enough, height=10, data=number), width=90), dpi)


@BOTH
def test_lines_and_pictures_stand_where_they_are_told(language):
    label = label_of(
        Line(x=2, y=2, width=10, height=1),
        Bitmap(x=20, y=5, width=3, height=3, rows=("#.#", ".#.", "#.#")),
    )
    picture, _ = printed(label, language)
    ink = np.array(picture.convert("L")) < 128
    assert ink[16:24, 16:96].all()
    assert ink.sum() == 8 * 80 + 5 * 8 * 8
    assert ink[40:48, 160:168].all()
    assert not ink[40:48, 168:176].any()


def test_text_and_number_do_not_overlap_the_code_or_each_other():
    for template in templates().values():
        for dpi in (203, 300, 600):
            label = template.fill(template.sample(), reprint=1)
            page = lay_out(label, dpi)
            total = np.zeros((page.height, page.width), dtype=int)
            for element in label.elements:
                alone = draw(lay_out(label_of(element, stock=label.stock), dpi))
                total += np.array(alone.convert("L")) < 128
            assert total.max() == 1, (template.name, dpi)


def test_black_outside_the_canvas_is_lost_as_on_paper():
    canvas = Canvas(10, 10)
    canvas.rectangle(8, 8, 10, 10)
    assert canvas.picture().size == (10, 10)
    assert sum(1 for value in canvas.picture().convert("L").tobytes() if value == 0) == 4


def test_a_preview_png_carries_its_resolution(tmp_path):
    from devices.labels.raster import png

    path = tmp_path / "preview.png"
    path.write_bytes(png(lay_out(tube()), 2))
    with Image.open(path) as picture:
        assert picture.size == (800, 400)
        assert codes_in(picture) == ["261100000058"]


def test_the_reprint_mark_shows_and_the_number_stays():
    first, second = tube(), tube(reprint=2)
    assert [e.data for e in second.elements if isinstance(e, Text) and e.data.startswith("R")] == ["R2"]
    assert not [e.data for e in first.elements if isinstance(e, Text) and e.data.startswith("R")]
    assert first.content_hash != second.content_hash
    for language in LANGUAGES:
        assert (
            codes_in(printed(second, language)[0])
            == codes_in(printed(first, language)[0])
            == ["261100000058"]
        )
