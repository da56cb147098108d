"""A ZPL printer's reader: the commands our labels use, and ``^BC`` automatic mode and ``^FH`` besides.

Anything else is noted in `problems` and prints nothing. Codes are drawn from the data and parameters of the command.
"""

import re
from collections.abc import Callable, Iterator

from devices.labels.rendering import interpreter
from devices.labels.rendering.canvas import Canvas, Event, PrintedLabel, PrinterState, Question
from devices.labels.symbols import Code128Symbols
from domain.kernel.errors import DomainError

_COMMAND = re.compile(r"[\^~]([A-Z][A-Z0-9@])([^\^~]*)")
_COUNTER = re.compile(rb'! U1 getvar "odometer\.total_label_count"\r?\n')
_START = re.compile(rb"~HS|\^XA|! U1 ")
_IGNORED = {"XA", "XZ", "CI", "MN", "MT", "PR", "MD", "SD"}
_STARTS = {">9": 103, ">:": 104, ">;": 105}
# ZPL II Programming Guide, Code 128 invocation characters, as symbol values.
_INVOCATIONS = {
    "<": 62,
    "0": 30,
    "=": 94,
    "1": 95,
    "2": 96,
    "3": 97,
    "4": 98,
    "5": 99,
    "6": 100,
    "7": 101,
    "8": 102,
}
_SUBSETS = {99: "C", 100: "B", 101: "A"}


@interpreter("zpl")
class ZplInterpreter:
    """Reads formats ``^XA ... ^XZ``, ``~HS`` and the label counter."""

    def __init__(self, dpi: int) -> None:
        self.problems: list[str] = []
        self._dpi = dpi
        self._pending = b""

    def feed(self, data: bytes) -> Iterator[Event]:
        self._pending += data
        while (found := _START.search(self._pending)) is not None:
            rest = self._pending[found.start() :]
            if found[0] == b"~HS":
                self._pending = rest[3:]
                yield Question.STATUS
            elif found[0] == b"^XA":
                end = rest.find(b"^XZ")
                if end < 0:
                    return
                self._pending = rest[end + 3 :]
                yield self._format(rest[: end + 3].decode("utf-8", "replace"))
            elif (asked := _COUNTER.match(rest)) is not None:
                self._pending = rest[asked.end() :]
                yield Question.COUNTER
            elif b"\n" in rest:
                self.problems.append("! U1")
                self._pending = rest[rest.index(b"\n") + 1 :]
            else:
                return

    def status_answer(self, state: PrinterState) -> bytes:
        flag = {False: "0", True: "1"}
        waiting = state.waiting + state.busy
        first = f"030,{flag[state.paper_out]},{flag[state.paused]},{state.label_length:04},{waiting:03},"
        first += f"{flag[state.buffer_full]},0,0,000,0,0,{flag[state.hot]}"
        second = f"000,0,{flag[state.head_open]},{flag[state.ribbon_out]},1,2,6,0,{waiting:08},1,000"
        return "".join(f"\x02{line}\x03\r\n" for line in (first, second, "1234,0")).encode("ascii")

    def counter_answer(self, state: PrinterState) -> bytes:
        return b'"%d"' % state.printed

    def receipt_answer(self, state: PrinterState) -> bytes:
        return b""

    def _format(self, text: str) -> PrintedLabel:
        return _Format(self._dpi, self.problems).run(text)


class _Format:
    """One label being made."""

    def __init__(self, dpi: int, problems: list[str]) -> None:
        self._problems = problems
        self._width, self._height = 4 * dpi, 2 * dpi
        self._home = self._origin = (0, 0)
        self._module, self._bar_height, self._copies = 2, 10, 1
        self._code: tuple[str, list[str]] | None = None
        self._escape = ""
        self._drawing: list[Callable[[Canvas], None]] = []

    def run(self, text: str) -> PrintedLabel:
        for name, parameters in _COMMAND.findall(text.replace("\r", "").replace("\n", "")):
            handler = getattr(self, f"_on_{name.lower()}", None)
            if handler is not None:
                handler(parameters)
            elif name not in _IGNORED:
                self._problems.append(f"^{name}{parameters}")
        canvas = Canvas(self._width, self._height)
        for draw in self._drawing:
            try:
                draw(canvas)
            except (ValueError, DomainError) as error:
                self._problems.append(str(error))
        return PrintedLabel(canvas.picture(), self._copies)

    def _on_pw(self, parameters: str) -> None:
        self._width = int(parameters)

    def _on_ll(self, parameters: str) -> None:
        self._height = int(parameters)

    def _on_lh(self, parameters: str) -> None:
        self._home = _numbers(parameters)

    def _on_fo(self, parameters: str) -> None:
        x, y = _numbers(parameters)
        self._origin = (self._home[0] + x, self._home[1] + y)

    def _on_by(self, parameters: str) -> None:
        values = parameters.split(",")
        self._module = int(values[0])
        self._bar_height = int(values[2]) if len(values) > 2 else self._bar_height

    def _on_bc(self, parameters: str) -> None:
        self._code = ("BC", parameters.split(","))

    def _on_bx(self, parameters: str) -> None:
        self._code = ("BX", parameters.split(","))

    def _on_bq(self, parameters: str) -> None:
        self._code = ("BQ", parameters.split(","))

    def _on_pq(self, parameters: str) -> None:
        self._copies = int(parameters.split(",")[0])

    def _on_fh(self, parameters: str) -> None:
        self._escape = parameters or "_"

    def _on_fs(self, parameters: str) -> None:
        self._code, self._escape = None, ""

    def _on_gb(self, parameters: str) -> None:
        (x, y), (width, height, thickness) = self._origin, _three(parameters)
        edge = min(thickness, width, height)
        self._rectangle(x, y, width, edge)
        self._rectangle(x, y + height - edge, width, edge)
        self._rectangle(x, y, edge, height)
        self._rectangle(x + width - edge, y, edge, height)

    def _rectangle(self, x: int, y: int, width: int, height: int) -> None:
        self._drawing.append(lambda canvas: canvas.rectangle(x, y, width, height))

    def _on_gf(self, parameters: str) -> None:
        kind, sent, _, row_bytes, digits = parameters.split(",", 4)
        (x, y), data = self._origin, bytes.fromhex(digits)
        if kind != "A" or len(data) != int(sent):
            self._problems.append(f"^GF{parameters[:20]}")
            return
        self._drawing.append(lambda canvas: canvas.bits(x, y, int(row_bytes), data))

    def _on_fd(self, data: str) -> None:
        if self._escape:
            hexadecimal = re.compile(re.escape(self._escape) + "([0-9A-Fa-f]{2})")
            data = hexadecimal.sub(lambda match: chr(int(match[1], 16)), data)
        kind, parameters = self._code or ("", [])
        try:
            {"BC": self._bars, "BX": self._datamatrix, "BQ": self._qr}[kind](parameters, data)
        except (KeyError, ValueError, DomainError):
            self._problems.append(f"^{kind} ^FD{data}")

    def _bars(self, parameters: list[str], data: str) -> None:
        orientation, height, mode = parameters[0], int(parameters[1]), (parameters + ["N"] * 6)[5]
        if orientation != "N" or mode not in "NA":
            raise ValueError(orientation + mode)
        values = list(Code128Symbols.of(data).values) if mode == "A" else _values(data)
        (x, y), module = self._origin, self._module
        self._drawing.append(lambda canvas: canvas.code128(x, y, module, height, values))

    def _datamatrix(self, parameters: list[str], data: str) -> None:
        module, quality = int(parameters[1]), parameters[2]
        columns, rows = (int(value or 0) for value in [*parameters[3:5], "0", "0"][:2])
        if parameters[0] != "N" or quality != "200" or columns != rows:
            raise ValueError(parameters)
        x, y = self._origin
        self._drawing.append(lambda canvas: canvas.datamatrix(x, y, module, data, columns))

    def _qr(self, parameters: list[str], data: str) -> None:
        if parameters[:2] != ["N", "2"] or not data.startswith("MA,"):
            raise ValueError(parameters)
        (x, y), below, module = self._origin, self._bar_height, int(parameters[2])
        self._drawing.append(lambda canvas: canvas.qr(x, y + below, module, data[3:]))


def _numbers(parameters: str) -> tuple[int, int]:
    x, y = parameters.split(",")[:2]
    return int(x), int(y)


def _three(parameters: str) -> tuple[int, int, int]:
    width, height, thickness = (int(value) for value in parameters.split(",")[:3])
    return max(width, thickness), max(height, thickness), thickness


def _values(data: str) -> list[int]:
    """Read ``^BC`` mode N field data into symbol values, invocation codes obeyed; subset B without a start code."""
    start = _STARTS.get(data[:2], 104)
    data = data[2:] if data[:2] in _STARTS else data
    subset, values, position = "ABC"[start - 103], [start], 0
    while position < len(data):
        if data[position] == ">":
            value = _INVOCATIONS[data[position + 1]]
            is_change = value in _SUBSETS and _SUBSETS[value] != subset
            subset = _SUBSETS[value] if is_change else subset
            values.append(value)
            position += 2
        elif subset == "B":
            values.append(ord(data[position]) - 32)
            position += 1
        else:
            values.append(int(data[position : position + 2]))
            position += 2
    return values
