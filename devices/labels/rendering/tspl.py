"""A TSPL printer's reader: the commands our labels use; anything else is noted in `problems` and prints nothing."""

import re
from collections.abc import Callable, Iterator

from devices.labels.model import dots
from devices.labels.rendering import interpreter
from devices.labels.rendering.canvas import Canvas, Event, PrintedLabel, PrinterState, Question
from domain.kernel.errors import DomainError

_BITMAP = re.compile(rb"BITMAP (\d+),(\d+),(\d+),(\d+),([012]),")
_ARGUMENT = re.compile(r'"([^"]*)"|([^,]+)')
_SIZE = re.compile(r"([\d.]+) mm, ?([\d.]+) mm")
_CONTROL = re.compile(r"!(\d{3})")
_IGNORED = {"GAP", "DIRECTION", "REFERENCE", "SPEED", "DENSITY", "SET", "CODEPAGE"}


@interpreter("tspl")
class TsplInterpreter:
    """Reads lines that end with CR LF, raw pictures of exact length, and ``ESC ! ?`` between them."""

    def __init__(self, dpi: int) -> None:
        self.problems: list[str] = []
        self._dpi = dpi
        self._pending = b""
        self._size = (4 * dpi, 2 * dpi)
        self._drawing: list[Callable[[Canvas], None]] = []

    def feed(self, data: bytes) -> Iterator[Event]:
        self._pending += data
        while self._pending:
            if self._pending.startswith(b"\x1b"):
                if len(self._pending) < 3:
                    return
                self._take(3, b"\x1b!?")
                yield Question.STATUS
            elif (head := _BITMAP.match(self._pending)) is not None:
                if not self._bitmap(head):
                    return
            elif b"\r\n" in self._pending and not _may_be_bitmap(self._pending):
                line, _, self._pending = self._pending.partition(b"\r\n")
                printed = self._line(line.decode("ascii", "replace"))
                if printed is not None:
                    yield printed
            else:
                return

    def status_answer(self, state: PrinterState) -> bytes:
        bits = (
            (state.head_open, 0x01),
            (state.jam, 0x02),
            (state.paper_out, 0x04),
            (state.ribbon_out, 0x08),
            (state.paused, 0x10),
            (state.busy or state.buffer_full, 0x20),
            (state.hot, 0x80),
        )
        return bytes([sum(bit for raised, bit in bits if raised)])

    def counter_answer(self, state: PrinterState) -> bytes:
        return b""

    def receipt_answer(self, state: PrinterState) -> bytes:
        return b""

    def _take(self, count: int, expected: bytes) -> None:
        taken, self._pending = self._pending[:count], self._pending[count:]
        if taken != expected:
            self.problems.append(repr(taken))

    def _bitmap(self, head: re.Match[bytes]) -> bool:
        """Draw a picture whose bytes are all there; 0 is black."""
        x, y, row_bytes, rows, mode = (int(value) for value in head.groups())
        end = head.end() + row_bytes * rows
        if len(self._pending) < end:
            return False
        data = bytes(byte ^ 0xFF for byte in self._pending[head.end() : end])
        self._pending = self._pending[end:]
        if mode != 0:
            self.problems.append(f"BITMAP mode {mode}")
        self._drawing.append(lambda canvas: canvas.bits(x, y, row_bytes, data))
        return True

    def _line(self, line: str) -> PrintedLabel | None:
        name, _, rest = line.partition(" ")
        if name == "PRINT":
            return self._print(rest)
        try:
            if name == "SIZE":
                self._size = _size(rest, self._dpi)
            elif name == "CLS":
                self._drawing.clear()
            elif name in _DRAWN:
                self._drawing.append(
                    _DRAWN[name]([quoted or plain for quoted, plain in _ARGUMENT.findall(rest)])
                )
            elif name and name not in _IGNORED:
                self.problems.append(line)
        except (ValueError, IndexError):
            self.problems.append(line)
        return None

    def _print(self, rest: str) -> PrintedLabel:
        canvas = Canvas(*self._size)
        for draw in self._drawing:
            try:
                draw(canvas)
            except (ValueError, DomainError) as error:
                self.problems.append(str(error))
        sets, _, copies = rest.partition(",")
        return PrintedLabel(canvas.picture(), int(sets) * int(copies or 1))


def _size(rest: str, dpi: int) -> tuple[int, int]:
    found = _SIZE.fullmatch(rest)
    if found is None:
        raise ValueError(rest)
    return dots(float(found[1]), dpi), dots(float(found[2]), dpi)


def _may_be_bitmap(pending: bytes) -> bool:
    """Tell whether the bytes begin a picture whose header is not complete; its data may hold line ends."""
    return pending.startswith(b"BITMAP ") and pending.count(b",") < 5


def _barcode(arguments: list[str]) -> Callable[[Canvas], None]:
    x, y, kind, height, readable, rotation, narrow, _, data = arguments
    if (kind, readable, rotation) != ("128M", "0", "0"):
        raise ValueError(kind)
    values = _values(data)
    return lambda canvas: canvas.code128(int(x), int(y), int(narrow), int(height), values)


def _datamatrix(arguments: list[str]) -> Callable[[Canvas], None]:
    x, y, _, _, module, rows, columns, data = arguments
    if rows != columns or module[0] != "x":
        raise ValueError(module)
    return lambda canvas: canvas.datamatrix(int(x), int(y), int(module[1:]), data, int(rows))


def _qr(arguments: list[str]) -> Callable[[Canvas], None]:
    x, y, level, cell, mode, rotation, data = arguments
    if (level, mode, rotation) != ("M", "A", "0"):
        raise ValueError(level)
    return lambda canvas: canvas.qr(int(x), int(y), int(cell), data)


def _bar(arguments: list[str]) -> Callable[[Canvas], None]:
    x, y, width, height = (int(value) for value in arguments)
    return lambda canvas: canvas.rectangle(x, y, width, height)


_DRAWN = {"BARCODE": _barcode, "DMATRIX": _datamatrix, "QRCODE": _qr, "BAR": _bar}


def _values(data: str) -> list[int]:
    """Read ``128M`` data into symbol values: ``!ddd`` is one value, the rest follows the subset in force."""
    values: list[int] = []
    in_c, position = False, 0
    while position < len(data):
        if (control := _CONTROL.match(data, position)) is not None:
            values.append(int(control[1]))
            in_c = values[-1] in (99, 105) or (in_c and values[-1] not in (100, 101))
            position = control.end()
        elif in_c:
            values.append(int(data[position : position + 2]))
            position += 2
        else:
            values.append(ord(data[position]) - 32)
            position += 1
    if values[0] not in (103, 104, 105):
        raise ValueError(data)
    return values
