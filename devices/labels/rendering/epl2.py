"""An EPL2 printer's reader: the commands our labels use; anything else is noted in `problems` and prints nothing."""

import re
from collections.abc import Callable, Iterator

from devices.labels.rendering import interpreter
from devices.labels.rendering.canvas import Canvas, Event, PrintedLabel, PrinterState, Question
from devices.labels.symbols import START_B, START_C
from domain.kernel.errors import DomainError

_GRAPHIC = re.compile(rb"GW(\d+),(\d+),(\d+),(\d+),")
_BARS = re.compile(r'B(\d+),(\d+),0,(1[BC]),(\d+),(\d+),(\d+),N,"([^"]*)"')
_LINE = re.compile(r"LO(\d+),(\d+),(\d+),(\d+)")
_SIZE = re.compile(r"([qQ])(\d+)(?:,\d+)?")
_IGNORED = re.compile(r"[DS]\d+|ZT|")


@interpreter("epl2")
class Epl2Interpreter:
    """Reads lines that end with LF or CR LF, raw pictures of exact length, and ``^ee`` between them."""

    def __init__(self, dpi: int) -> None:
        self.problems: list[str] = []
        self._pending = b""
        self._width, self._height = 4 * dpi, 2 * dpi
        self._drawing: list[Callable[[Canvas], None]] = []

    def feed(self, data: bytes) -> Iterator[Event]:
        self._pending += data
        while self._pending:
            if (head := _GRAPHIC.match(self._pending)) is not None:
                if not self._graphic(head):
                    return
            elif b"\n" in self._pending and not _may_be_graphic(self._pending):
                line, _, self._pending = self._pending.partition(b"\n")
                found = self._line(line.decode("latin-1").rstrip("\r"))
                if found is not None:
                    yield found
            else:
                return

    def status_answer(self, state: PrinterState) -> bytes:
        """Answer ``^ee``; jam and heat have no number in the sources read, so they tell one of no meaning."""
        codes = (
            (state.paper_out or state.ribbon_out, "07"),
            (state.head_open, "11"),
            (state.paused, "12"),
            (state.jam or state.hot, "99"),
        )
        return (",".join(code for raised, code in codes if raised) or "00").encode("ascii") + b"\r\n"

    def counter_answer(self, state: PrinterState) -> bytes:
        return b""

    def receipt_answer(self, state: PrinterState) -> bytes:
        return b""

    def _graphic(self, head: re.Match[bytes]) -> bool:
        """Draw a picture whose bytes are all there; 1 is white."""
        x, y, row_bytes, rows = (int(value) for value in head.groups())
        end = head.end() + row_bytes * rows
        if len(self._pending) <= end:
            return False
        data = bytes(byte ^ 0xFF for byte in self._pending[head.end() : end])
        if self._pending[end : end + 1] != b"\n":
            self.problems.append("GW without line end")
        self._pending = self._pending[end + 1 :]
        self._drawing.append(lambda canvas: canvas.bits(x, y, row_bytes, data))
        return True

    def _line(self, line: str) -> Event | None:
        if line == "^ee":
            return Question.STATUS
        if line == "N":
            self._drawing.clear()
        elif (copies := re.fullmatch(r"P(\d+)", line)) is not None:
            return self._print(int(copies[1]))
        elif (size := _SIZE.fullmatch(line)) is not None:
            if size[1] == "q":
                self._width = int(size[2])
            else:
                self._height = int(size[2])
        elif (rule := _LINE.fullmatch(line)) is not None:
            x, y, width, height = (int(value) for value in rule.groups())
            self._drawing.append(lambda canvas: canvas.rectangle(x, y, width, height))
        elif (bars := _BARS.fullmatch(line)) is not None:
            self._drawing.append(_drawn(bars))
        elif not _IGNORED.fullmatch(line):
            self.problems.append(line)
        return None

    def _print(self, copies: int) -> PrintedLabel:
        canvas = Canvas(self._width, self._height)
        for draw in self._drawing:
            try:
                draw(canvas)
            except (ValueError, DomainError) as error:
                self.problems.append(str(error))
        return PrintedLabel(canvas.picture(), copies)


def _may_be_graphic(pending: bytes) -> bool:
    """Tell whether the bytes begin a picture whose header is not complete; its data may hold line ends."""
    return pending[:2] == b"GW" and pending.count(b",") < 4


def _drawn(bars: re.Match[str]) -> Callable[[Canvas], None]:
    x, y, subset, narrow, _, height, data = bars.groups()
    if subset == "1B":
        values = [START_B, *(ord(character) - 32 for character in data)]
    else:
        values = [START_C, *(int(data[at : at + 2]) for at in range(0, len(data), 2))]
    return lambda canvas: canvas.code128(int(x), int(y), int(narrow), int(height), values)
