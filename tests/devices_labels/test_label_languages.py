"""EPL2, CPCL, ESC/POS and pictures for a driver: bytes, status, faults, and what comes out."""

import io
import re
from dataclasses import replace

import numpy as np
import pytest
import zxingcpp
from PIL import Image

from devices.labels.jobs import JobState
from devices.labels.languages import find_language
from devices.labels.languages.escpos import _REAL_TIME
from devices.labels.layout import lay_out
from devices.labels.model import Code128, DataMatrix, QrCode, Text
from devices.labels.printer import Printer
from devices.labels.raster import draw
from devices.labels.rendering import find_interpreter
from devices.labels.rendering.canvas import PrinterState
from devices.labels.simulated_printer import SimulatedPrinter
from devices.labels.simulator import Simulator
from devices.labels.status import Condition
from devices.labels.transports import TcpTransport
from tests.devices_labels.label_cases import (
    MORE_LANGUAGES,
    PATIENT,
    RESOLUTIONS,
    codes_in,
    encoded,
    label_of,
    printed,
    templates,
    tube,
)
from tests.devices_labels.test_label_golden import golden_label

ANSWERING = ("epl2", "cpcl", "escpos")
KEYS = {"box_50x30": "box_number", "document_50x30": "document_number"}
KINDS = {
    "tube_50x30": "Code128",
    "cryo_25x13": "DataMatrix",
    "lid_10": "DataMatrix",
    "box_50x30": "Code128",
    "document_50x30": "QRCode",
}
"""What is on what: the smallest code on tubes that freeze and on lids, bars on boxes, a code for phones on papers."""
NUMBERS = ("261100000058", "S2000000001S")


def ink(picture) -> np.ndarray:
    return np.asarray(picture.convert("L")) < 128


@pytest.mark.parametrize("language", MORE_LANGUAGES)
@pytest.mark.parametrize("dpi", RESOLUTIONS)
@pytest.mark.parametrize("name", KINDS)
def test_every_shipped_label_comes_out_as_its_preview_and_is_read(name, dpi, language):
    template = templates()[name]
    for number in NUMBERS:
        label = template.fill({**template.sample(), KEYS.get(name, "specimen_number"): number}, reprint=2)
        picture, printer = printed(label, language, dpi)
        (code,) = zxingcpp.read_barcodes(picture.convert("L"))
        assert (code.text, code.format.name) == (number, KINDS[name])
        assert not printer.problems
        page = lay_out(label, dpi)
        mine, preview = ink(picture), ink(draw(page))
        assert mine.shape[0] == page.height
        # ESC/POS counts whole bytes a row; what it adds at the right is empty.
        assert not mine[:, page.width :].any()
        assert (mine[:, : page.width] == preview).all()


@pytest.mark.parametrize("language", MORE_LANGUAGES)
@pytest.mark.parametrize("dpi", RESOLUTIONS)
@pytest.mark.parametrize("kind", [Code128, DataMatrix, QrCode])
def test_each_code_alone_is_read(kind, dpi, language):
    for number in (*NUMBERS, "HZXYWZZZZ3W1"):
        label = label_of(kind(x=1, y=1, width=48, height=22, data=number))
        picture, printer = printed(label, language, dpi)
        assert codes_in(picture) == [number]
        assert not printer.problems


def test_the_bytes_of_one_epl2_label():
    data = encoded(golden_label(), "epl2")
    assert data.startswith(b"\nN\nq400\nQ200,16\nD7\nS3\nZT\n")
    assert data.endswith(b"\nLO16,84,368,2\nGW200,96,1,6,\x1f\x5f\x5f\x5f\x1f\xff\nP1\n")
    assert data.count(b"GW") == 4  # bars that change their subset, two matrix codes, the picture


def test_epl2_bars_of_one_subset_are_left_to_the_printer():
    digits = label_of(Code128(x=1, y=1, width=48, height=10, data="261100000058"))
    assert b'B99,8,0,1C,2,2,80,N,"261100000058"\n' in encoded(digits, "epl2")
    letters = label_of(Code128(x=1, y=1, width=48, height=10, data="HZXYWZ"))
    assert b',0,1B,3,3,80,N,"HZXYWZ"\n' in encoded(letters, "epl2").replace(b",1B,2,2,", b",1B,3,3,")


def test_the_bytes_of_one_cpcl_label():
    lines = encoded(golden_label(), "cpcl").split(b"\r\n")
    assert lines[:4] == [b"! 0 203 203 200 1", b"PW 400", b"TONE 100", b"SPEED 3"]
    assert lines[-4:] == [b"EG 1 6 200 96 E0A0A0A0E000", b"FORM", b"PRINT", b""]
    assert all(line.startswith(b"EG ") for line in lines[4:-3])


def test_the_bytes_of_one_escpos_label():
    data = encoded(golden_label(), "escpos")
    assert data.startswith(b"\x1b@\x1dv0\x00\x32\x00\xc8\x00")
    assert data[10:-1] == draw_bits()
    assert data.endswith(b"\x0c")
    assert encoded(label_of(*golden_label().elements, gap=0), "escpos").endswith(b"\x1dVB\x00")


def draw_bits() -> bytes:
    return np.packbits(ink(draw(lay_out(golden_label())))).tobytes()


def test_a_long_roll_is_sent_in_strips_without_a_seam():
    label = label_of(Code128(x=1, y=1, width=48, height=150, data="261100000058"), height=160, gap=0)
    picture, printer = printed(label, "escpos")
    assert encoded(label, "escpos").count(b"\x1dv0") == 2
    assert (ink(picture)[:, :400] == ink(draw(lay_out(label)))).all()
    assert not printer.problems


def test_a_picture_that_would_give_a_receipt_printer_an_order_gets_one_dot_more():
    from devices.labels.languages.escpos import _harmless

    for command in _REAL_TIME:
        sent = _harmless(b"\x00" + command + b"\x00" + command)
        assert command not in sent
        added = (
            np.unpackbits(np.frombuffer(sent, np.uint8)).sum()
            - np.unpackbits(np.frombuffer(b"\x00" + command + b"\x00" + command, np.uint8)).sum()
        )
        assert added == 2
    spoilt = SimulatedPrinter("escpos")
    spoilt.take(spoilt.open(), b"\x1b@\x1dv0\x00\x02\x00\x01\x00\x10\x05\x0c")
    assert spoilt.problems


def test_the_picture_for_a_driver_names_its_resolution():
    for dpi in RESOLUTIONS:
        with Image.open(io.BytesIO(encoded(tube(), "raster", dpi))) as picture:
            assert picture.mode == "1"
            assert round(picture.info["dpi"][0]) == dpi
            assert picture.size == draw(lay_out(tube(), dpi)).size
    wrong = SimulatedPrinter("raster", 203)
    wrong.take(wrong.open(), encoded(tube(), "raster", 300))
    assert wrong.problems == ["made for 300 dpi"]


@pytest.mark.parametrize(
    ("language", "answer", "conditions"),
    [
        ("epl2", b"00\r\n", ()),
        ("epl2", b"07\r\n", (Condition.SUPPLY_OUT,)),
        ("epl2", b"07,11\r\n", (Condition.SUPPLY_OUT, Condition.HEAD_OPEN)),
        ("epl2", b"12\r\n", (Condition.PAUSED,)),
        ("epl2", b"43\r\n", (Condition.FAULT,)),
        ("cpcl", b"\x00", ()),
        ("cpcl", b"\x01", (Condition.BUSY,)),
        ("cpcl", b"\x02", (Condition.MEDIA_OUT,)),
        ("cpcl", b"\x06", (Condition.MEDIA_OUT, Condition.HEAD_OPEN)),
        ("cpcl", b"\x18", ()),
        ("escpos", b"\x12\x12\x12\x12", ()),
        ("escpos", b"\x1a\x32\x12\x72", (Condition.MEDIA_OUT,)),
        ("escpos", b"\x1a\x16\x12\x12", (Condition.HEAD_OPEN,)),
        ("escpos", b"\x1a\x52\x1a\x12", (Condition.JAM,)),
        ("escpos", b"\x1a\x52\x52\x12", (Condition.TEMPERATURE,)),
        ("escpos", b"\x1a\x52\x32\x12", (Condition.FAULT,)),
        ("escpos", b"\x1a\x12\x12\x12", (Condition.PAUSED,)),
        ("escpos", b"\x00\x12\x12\x12\x12", ()),
    ],
)
def test_each_code_of_a_status(language, answer, conditions):
    status = find_language(language).parse_status(answer)
    assert status is not None
    assert status.conditions == conditions


@pytest.mark.parametrize(
    ("language", "noise"),
    [
        ("epl2", b""), ("epl2", b"07"), ("epl2", b"1,07"), ("epl2", b"ok\r\n"), ("cpcl", b""), ("cpcl", b"\xe0"),
        ("cpcl", b"ZQ520"), ("escpos", b"\x12\x12\x12"), ("escpos", b"garbled!"), ("raster", b"00\r\n"),
    ],
)  # fmt: skip
def test_noise_and_half_answers_are_no_status(language, noise):
    assert find_language(language).parse_status(noise) is None


TOLD = {
    "epl2": {
        "paper_out": "SUPPLY_OUT",
        "ribbon_out": "SUPPLY_OUT",
        "head_open": "HEAD_OPEN",
        "paused": "PAUSED",
    },
    "cpcl": {"paper_out": "MEDIA_OUT", "head_open": "HEAD_OPEN", "busy": "BUSY", "buffer_full": "BUSY"},
    "escpos": {"paper_out": "MEDIA_OUT", "head_open": "HEAD_OPEN", "jam": "JAM", "hot": "TEMPERATURE"},
}


@pytest.mark.parametrize("language", ANSWERING)
def test_driver_and_simulator_understand_each_other_in_every_state(language):
    driver, simulated = find_language(language), find_interpreter(language)(203)
    flags = TOLD[language]
    for picked in range(2 ** len(flags)):
        raised = [flag for place, flag in enumerate(flags) if picked >> place & 1]
        status = driver.parse_status(simulated.status_answer(PrinterState(**dict.fromkeys(raised, True))))
        assert status is not None
        assert set(status.conditions) == {Condition[flags[flag]] for flag in raised}


def at_work(language, simulated, simulator, **timing):
    return Printer(
        "x", TcpTransport("127.0.0.1", simulator.port), language, timing=replace(PATIENT, **timing)
    )


@pytest.mark.parametrize(
    ("language", "state"), [("epl2", JobState.SENT), ("cpcl", JobState.PRINTED), ("escpos", JobState.PRINTED)]
)
def test_a_label_is_printed_and_what_is_known_of_it_is_told(language, state):
    simulated = SimulatedPrinter(language)
    with Simulator(simulated) as simulator:
        result = at_work(language, simulated, simulator, settle_s=0.2).print(tube())
    assert result.state is state
    assert [codes_in(picture) for picture in simulated.labels] == [["261100000058"]]


@pytest.mark.parametrize("language", ANSWERING)
@pytest.mark.parametrize("control", ["paper out", "head open"])
def test_a_printer_in_error_gets_nothing_and_says_why(language, control):
    simulated = SimulatedPrinter(language)
    simulated.control(control)
    with Simulator(simulated) as simulator:
        result = at_work(language, simulated, simulator).print(tube())
    wanted = Condition.HEAD_OPEN if "head" in control else TOLD[language]["paper_out"].lower()
    assert (result.state, result.code) == (JobState.FAILED, f"printer.{wanted}")
    assert not simulated.labels


def test_a_receipt_comes_behind_the_label_not_before():
    """Paper runs out under a label: what is not printed is never told as printed, and the rest is known."""
    simulated = SimulatedPrinter("escpos")
    simulated.control("paper-for 2")
    with Simulator(simulated) as simulator:
        printer = at_work("escpos", simulated, simulator)
        batch = printer.print_batch([tube(n) for n in ("261100000058", "261100000066", "261100000074")])
        assert [result.state for result in batch.results] == [
            JobState.PRINTED,
            JobState.PRINTED,
            JobState.FAILED,
        ]
        simulated.state.paper_out = False
        real_work = simulated._work

        def head_opens_first():
            simulated.state.head_open = True
            real_work()

        simulated._work = head_opens_first
        assert printer.print(tube()).state is JobState.UNKNOWN
    assert len(simulated.labels) == 2


def test_a_datamatrix_is_read_with_a_tenth_of_it_damaged():
    """A scratch or a stain over a tenth of the symbol, wherever it lies, on every fourth place of the symbol."""
    for dpi in RESOLUTIONS:
        number = "S2000000001S"
        label = label_of(DataMatrix(x=2, y=2, width=8, height=8, module=0.34, data=number), dpi=dpi)
        page = lay_out(label, dpi)
        (block,) = page.blocks
        clean = draw(page).convert("L")
        side = block.side * block.module
        # Inside the finder: its two solid edges are what a reader finds the symbol by.
        inner = side - 2 * block.module
        damaged = max(1, round(0.1**0.5 * side))
        read = tried = 0
        for left in range(block.module, inner - damaged, max(1, inner // 6)):
            for top in range(block.module, inner - damaged, max(1, inner // 6)):
                spoilt = clean.copy()
                spoilt.paste(
                    255, (block.x + left, block.y + top, block.x + left + damaged, block.y + top + damaged)
                )
                tried += 1
                read += codes_in(spoilt) == [number]
        assert tried >= 9
        assert read == tried, (dpi, read, tried)


def test_a_code_that_is_gone_is_not_read_as_another():
    label = label_of(DataMatrix(x=2, y=2, width=8, height=8, data="S2000000001S"))
    picture = draw(lay_out(label)).convert("L")
    picture.paste(255, (0, 0, 50, 200))
    assert codes_in(picture) == []


@pytest.mark.parametrize("language", MORE_LANGUAGES)
@pytest.mark.parametrize(
    "name", ["^XA^JUS", "\r\nPRINT\r\n", '"\nN\nP9\n', "\x1b@".replace("\x1b", ""), "GW1,1,1,1,"]
)
def test_a_hostile_name_is_printed_and_never_obeyed(name, language):
    picture, printer = printed(tube(patient_name=name, specimen_type=name), language)
    assert codes_in(picture) == ["261100000058"]
    assert not printer.problems


@pytest.mark.parametrize("language", MORE_LANGUAGES)
def test_the_stream_may_come_in_any_pieces(language):
    data = encoded(tube(), language) * 2
    whole, bytewise = SimulatedPrinter(language), SimulatedPrinter(language)
    whole.take(whole.open(), data)
    reader = bytewise.open()
    for position in range(len(data)):
        bytewise.take(reader, data[position : position + 1])
    assert [p.tobytes() for p in whole.labels] == [p.tobytes() for p in bytewise.labels]
    assert len(whole.labels) == 2


@pytest.mark.parametrize(
    ("language", "data"),
    [
        ("epl2", b"A10,10,0,3,1,1,N,\"x\"\n"), ("epl2", b"REBOOT\n"), ("cpcl", b"TEXT 4 0 30 40 x\r\n"),
        ("cpcl", b"! 0 300 300 200 1\r\n"), ("cpcl", b"! 0 203 203 200 1\r\nEG 1 2 0 0 FF\r\n"), ("escpos", b"hello"),
    ],
)  # fmt: skip
def test_what_a_reader_does_not_obey_is_noted(language, data):
    printer = SimulatedPrinter(language)
    printer.take(printer.open(), data)
    assert printer.problems


def test_text_pixels_are_those_of_the_preview_in_every_language():
    label = label_of(Text(x=2, y=2, width=30, height=6, size=5, data="张䶮"))
    bits = lay_out(label).blocks[0].picture.data
    assert bits.hex().upper().encode() in encoded(label, "cpcl")
    assert bytes(byte ^ 0xFF for byte in bits) in encoded(label, "epl2")
    assert re.search(rb"IDAT", encoded(label, "raster"))
