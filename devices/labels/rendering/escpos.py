"""An ESC/POS printer's reader: raster, cut and feed, and the real-time questions that it obeys anywhere.

It obeys real-time commands between the bytes of a picture too, as printers do: a picture that holds one is spoilt
here
as it would be on paper.
"""

from collections.abc import Iterator

from devices.labels.rendering import interpreter
from devices.labels.rendering.canvas import Canvas, Event, PrintedLabel, PrinterState, Question

_RASTER = b"\x1dv0"
_SHORT = {b"\x1b@": 2, b"\x0c": 1, b"\x1dVB": 4, b"\x1dr\x01": 3}
"""Commands and how many bytes each has with its parameters."""
_STATUS = b"\x10\x04"


@interpreter("escpos")
class EscPosInterpreter:
    """Reads a stream of commands; what was drawn is one piece of paper at each cut or form feed."""

    def __init__(self, dpi: int) -> None:
        self.problems: list[str] = []
        self._pending = b""
        self._strips: list[tuple[int, bytes]] = []
        self._events: list[Event] = []
        self._asked = 0

    def feed(self, data: bytes) -> Iterator[Event]:
        self._pending += data
        while self._pending:
            if self._pending[:2] == _STATUS:
                if len(self._pending) < 3:
                    return
                self._pending = self._pending[3:]
                self._asked += 1
                if self._asked == 4:
                    self._asked = 0
                    yield Question.STATUS
                continue
            if not self._command():
                return
            yield from self._events
            self._events = []

    def status_answer(self, state: PrinterState) -> bytes:
        """Answer ``DLE EOT 1`` to ``4``; a ribbon is unknown to these printers."""
        offline = state.is_stopped
        cause = (state.head_open, 0x04), (state.paper_out, 0x20), (state.jam or state.hot, 0x40)
        error = (state.jam, 0x08), (state.hot, 0x40)
        paper = ((state.paper_out, 0x60),)
        bytes_of = (((offline, 0x08),), cause, error, paper)
        return bytes(0x12 + sum(bit for raised, bit in flags if raised) for flags in bytes_of)

    def counter_answer(self, state: PrinterState) -> bytes:
        return b""

    def receipt_answer(self, state: PrinterState) -> bytes:
        """Answer ``GS r 1``: paper there."""
        return b"\x00"

    def _command(self) -> bool:
        """Obey one command; False while its bytes are not all there."""
        pending = self._pending
        if pending.startswith(_RASTER):
            return self._raster()
        for command, length in _SHORT.items():
            if pending.startswith(command):
                if len(pending) < length:
                    return False
                self._pending = pending[length:]
                self._obey(command)
                return True
        if any(command.startswith(pending) for command in (_RASTER, *_SHORT, _STATUS)):
            return False
        self.problems.append(repr(pending[:1]))
        self._pending = pending[1:]
        return True

    def _raster(self) -> bool:
        if len(self._pending) < 8:
            return False
        row_bytes = int.from_bytes(self._pending[4:6], "little")
        rows = int.from_bytes(self._pending[6:8], "little")
        end = 8 + row_bytes * rows
        if len(self._pending) < end:
            return False
        data = self._pending[8:end]
        if any(command in data for command in (_STATUS, b"\x10\x05", b"\x10\x14")):
            self.problems.append("real-time command in a picture")
        self._strips.append((row_bytes, data))
        self._pending = self._pending[end:]
        return True

    def _obey(self, command: bytes) -> None:
        if command == b"\x1b@":
            self._strips = []
        elif command == b"\x1dr\x01":
            self._events.append(Question.RECEIPT)
        elif self._strips:
            self._events.append(self._print())

    def _print(self) -> PrintedLabel:
        height = sum(len(data) // row_bytes for row_bytes, data in self._strips)
        canvas = Canvas(max(row_bytes for row_bytes, _ in self._strips) * 8, height)
        top = 0
        for row_bytes, data in self._strips:
            canvas.bits(0, top, row_bytes, data)
            top += len(data) // row_bytes
        self._strips = []
        return PrintedLabel(canvas.picture(), 1)
