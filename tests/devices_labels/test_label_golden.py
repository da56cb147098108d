"""The bytes of one label, a language each: any change of them must be meant."""

import pytest

from devices.labels.model import Bitmap, Code128, DataMatrix, Label, Line, QrCode
from devices.labels.symbols import Code128Symbols
from tests.devices_labels.label_cases import encoded, label_of

GOLDEN_ZPL = b"""~SD15^XA^CI28^PW400^LL200^LH0,0^MNY^MTT^PR3
^FO66,16^BY2,3.0,64^BCN,64,N,N,N,N^FD>:S>52611230001>67^FS
^FO20,100^BXN,3,200,14,14^FD261123000178^FS
^FO116,103^BY2,3.0,1^BQN,2,3^FDMA,261123000178^FS
^FO16,84^GB368,2,2^FS
^FO200,96^GFA,6,6,1,E0A0A0A0E000^FS
^PQ1,0,0,N^XZ
"""
GOLDEN_TSPL = (
    b"SIZE 50 mm,25 mm\r\nGAP 2 mm,0 mm\r\nDIRECTION 1\r\nREFERENCE 0,0\r\n"
    b"SPEED 3\r\nDENSITY 7\r\nSET RIBBON ON\r\nCLS\r\n"
    b'BARCODE 66,16,"128M",64,0,0,2,2,"!104S!0992611230001!1007"\r\n'
    b'DMATRIX 20,100,42,42,x3,14,14,"261123000178"\r\n'
    b'QRCODE 116,104,M,3,A,0,"261123000178"\r\n'
    b"BAR 16,84,368,2\r\n"
    b"BITMAP 200,96,1,6,0,\x1f\x5f\x5f\x5f\x1f\xff\r\n"
    b"PRINT 1,1\r\n"
)


def golden_label() -> Label:
    return label_of(
        Code128(x=1, y=2, width=48, height=8, data="S26112300017"),
        DataMatrix(x=2, y=12, width=6.25, height=6.25, data="261123000178"),
        QrCode(x=13, y=11.5, width=11, height=11, data="261123000178"),
        Line(x=2, y=10.5, width=46, height=0.25),
        Bitmap(x=25, y=12, width=1, height=0.75, rows=("###", "#.#", "#.#", "#.#", "###", "...")),
    )


@pytest.mark.parametrize(("language", "golden"), [("zpl", GOLDEN_ZPL), ("tspl", GOLDEN_TSPL)])
def test_the_bytes_of_one_label(language, golden):
    assert encoded(golden_label(), language) == golden


def test_the_symbols_of_the_golden_number():
    assert Code128Symbols.of("S26112300017").values == (104, 51, 99, 26, 11, 23, 0, 1, 100, 23)
