"""The simulator as a program, and its reader against streams that are not ours."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from devices.labels.jobs import JobState
from devices.labels.printer import Printer
from devices.labels.simulated_printer import HELP, SimulatedPrinter
from devices.labels.transports import TcpTransport
from tests.devices_labels.label_cases import LANGUAGES, PATIENT, codes_in, encoded, tube
from tests.fixtures.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_program_prints_its_port_obeys_and_keeps_pictures(language, tmp_path):
    command = [
        sys.executable,
        "-m",
        "devices.labels.simulator",
        "--language",
        language,
        "--port",
        "0",
        "--out",
        tmp_path,
    ]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as program:
        ready = json.loads(program.stdout.readline())
        assert ready["language"] == language

        def told(line: str) -> str:
            program.stdin.write(line + "\n")
            program.stdin.flush()
            return program.stdout.readline().strip()

        timing = replace(PATIENT, ready_s=0.5)
        printer = Printer("x", TcpTransport("127.0.0.1", ready["port"]), language, timing=timing)
        assert told("paper out") == "ok"
        assert printer.print(tube()).code == "printer.media_out"
        assert told("paper ok") == "ok"
        assert printer.print(tube()).state is JobState.PRINTED
        assert json.loads(told("state")) == {"printed": 1, "waiting": 0, "problems": []}
        assert told("make coffee").startswith("unknown: ")
        program.stdin.write("quit\n")
        program.stdin.flush()
        assert program.wait(PATIENCE_S) == 0
    with Image.open(tmp_path / "label-0001.png") as picture:
        assert codes_in(picture) == ["261100000058"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_stream_may_come_in_any_pieces(language):
    data = encoded(tube(), language) * 2
    whole, bytewise = SimulatedPrinter(language), SimulatedPrinter(language)
    whole.take(whole.open(), data)
    reader = bytewise.open()
    for position in range(len(data)):
        bytewise.take(reader, data[position : position + 1])
    assert [p.tobytes() for p in whole.labels] == [p.tobytes() for p in bytewise.labels]
    assert len(whole.labels) == 2


def zpl(body: str) -> SimulatedPrinter:
    printer = SimulatedPrinter("zpl")
    printer.take(printer.open(), f"^XA^PW600^LL240{body}^XZ".encode())
    return printer


def test_the_manuals_example_of_three_subsets():
    # ZPL II Programming Guide, ^BC figure C.
    printer = zpl("^FO50,50^BY2^BCN,100,N,N,N^FD>;382436>6CODE128>752375152^FS")
    assert codes_in(printer.labels[0]) == ["382436CODE128TEST"]


def test_automatic_mode_and_field_hexadecimal():
    printer = zpl("^FO50,50^BY2^BCN,100,N,N,N,A^FH\\^FDS26\\31\\31^FS")
    assert codes_in(printer.labels[0]) == ["S2611"]


def test_a_qr_code_is_moved_down_by_the_bar_height():
    high, low = zpl("^FO50,10^BY2,3,1^BQN,2,4^FDMA,A1^FS"), zpl("^FO50,10^BY2,3,60^BQN,2,4^FDMA,A1^FS")
    tops = [p.labels[0].convert("L").point(lambda v: 255 - v).getbbox()[1] for p in (high, low)]
    assert tops == [11, 70]


@pytest.mark.parametrize(
    "body",
    [
        "^JUS",
        "^FO1,1^A0N,20,20^FDtext^FS",
        "^FO1,1^BCR,50,N,N,N,N^FD>:A^FS",
        "^FO1,1^GFA,9,9,1,00^FS",
        "^FO1,1^BXN,3,200,10,10^FDABCDEFGHJK^FS",
    ],
)
def test_what_the_reader_does_not_obey_is_noted(body):
    assert zpl(body).problems


@pytest.mark.parametrize(
    "line",
    [
        'TEXT 1,1,"3",0,1,1,"x"',
        "SIZE wide",
        'BARCODE 1,1,"39",5,0,0,2,2,"A"',
        'BARCODE 1,1,"128M",5,0,0,2,2,"A"',
        "REBOOT",
    ],
)
def test_what_the_tspl_reader_does_not_obey_is_noted(line):
    printer = SimulatedPrinter("tspl")
    printer.take(printer.open(), f"CLS\r\n{line}\r\nPRINT 1,1\r\n".encode())
    assert printer.problems


def test_the_help_names_every_control():
    printer = SimulatedPrinter("zpl")
    for part in HELP.split("; ")[:-3]:
        name, _, values = part.partition(" ")
        for value in values.split("|"):
            assert printer.control(f"{name} {'5' if value == 'N' else value}") == "ok", part
