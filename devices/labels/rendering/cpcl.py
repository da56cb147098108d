"""A CPCL printer's reader: sessions of the commands our labels use; anything else is noted in `problems`."""

import re
from collections.abc import Iterator

from devices.labels.rendering import interpreter
from devices.labels.rendering.canvas import Canvas, Event, PrintedLabel, PrinterState, Question

_HEADER = re.compile(r"! 0 (\d+) (\d+) (\d+) (\d+)")
_PICTURE = re.compile(r"EG (\d+) (\d+) (\d+) (\d+) ([0-9A-F]*)")
_WIDTH = re.compile(r"PW (\d+)")
_IGNORED = re.compile(r"TONE \d+|SPEED [0-5]|FORM")


@interpreter("cpcl")
class CpclInterpreter:
    """Reads lines that end with CR LF, and ``ESC h`` between sessions."""

    def __init__(self, dpi: int) -> None:
        self.problems: list[str] = []
        self._dpi = dpi
        self._pending = b""
        self._session: tuple[int, int] | None = None
        """Height and copies of the session being read."""
        self._width = 4 * dpi
        self._pictures: list[tuple[int, int, int, bytes]] = []

    def feed(self, data: bytes) -> Iterator[Event]:
        self._pending += data
        while self._pending:
            if self._pending[:1] == b"\x1b":
                if len(self._pending) < 2:
                    return
                asked, self._pending = self._pending[:2], self._pending[2:]
                if asked == b"\x1bh" and self._session is None:
                    yield Question.STATUS
                else:
                    self.problems.append(repr(asked))
            elif b"\r\n" in self._pending:
                line, _, self._pending = self._pending.partition(b"\r\n")
                printed = self._line(line.decode("latin-1"))
                if printed is not None:
                    yield printed
            else:
                return

    def status_answer(self, state: PrinterState) -> bytes:
        """Answer ``ESC h``; ribbon, pause, jam and heat have no bit of their own and show as busy."""
        unable = state.busy or state.buffer_full or state.ribbon_out or state.paused or state.jam or state.hot
        bits = ((unable, 0x01), (state.paper_out, 0x02), (state.head_open, 0x04))
        return bytes([sum(bit for raised, bit in bits if raised)])

    def counter_answer(self, state: PrinterState) -> bytes:
        return b""

    def receipt_answer(self, state: PrinterState) -> bytes:
        return b""

    def _line(self, line: str) -> PrintedLabel | None:
        if (header := _HEADER.fullmatch(line)) is not None:
            across, down, height, copies = (int(value) for value in header.groups())
            if (across, down) != (self._dpi, self._dpi):
                self.problems.append(line)
            self._session, self._pictures = (height, copies), []
        elif self._session is None:
            self.problems.append(line)
        elif line == "PRINT":
            return self._print()
        elif (width := _WIDTH.fullmatch(line)) is not None:
            self._width = int(width[1])
        elif (found := _PICTURE.fullmatch(line)) is not None:
            row_bytes, rows, x, y = (int(value) for value in found.groups()[:4])
            data = bytes.fromhex(found[5])
            if len(data) != row_bytes * rows:
                self.problems.append(line[:40])
            else:
                self._pictures.append((x, y, row_bytes, data))
        elif not _IGNORED.fullmatch(line):
            self.problems.append(line)
        return None

    def _print(self) -> PrintedLabel:
        height, copies = self._session or (1, 0)
        canvas = Canvas(self._width, height)
        for x, y, row_bytes, data in self._pictures:
            canvas.bits(x, y, row_bytes, data)
        self._session = None
        return PrintedLabel(canvas.picture(), copies)
