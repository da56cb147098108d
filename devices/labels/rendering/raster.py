"""What a driver of the system makes of a picture: the same picture on paper."""

import io
from collections.abc import Iterator

from PIL import Image

from devices.labels.rendering import interpreter
from devices.labels.rendering.canvas import Event, PrintedLabel, PrinterState

_BEGIN, _END = b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"


@interpreter("raster")
class RasterInterpreter:
    """Reads PNG files one after another; asked nothing, answers nothing."""

    def __init__(self, dpi: int) -> None:
        self.problems: list[str] = []
        self._dpi = dpi
        self._pending = b""

    def feed(self, data: bytes) -> Iterator[Event]:
        self._pending += data
        while _END in self._pending:
            one, _, self._pending = self._pending.partition(_END)
            if not one.startswith(_BEGIN):
                self.problems.append("no PNG")
                continue
            with Image.open(io.BytesIO(one + _END)) as picture:
                told = picture.info.get("dpi", (0, 0))
                if round(told[0]) != self._dpi:
                    self.problems.append(f"made for {told[0]:.0f} dpi")
                yield PrintedLabel(picture.convert("1"), 1)

    def status_answer(self, state: PrinterState) -> bytes:
        return b""

    def counter_answer(self, state: PrinterState) -> bytes:
        return b""

    def receipt_answer(self, state: PrinterState) -> bytes:
        return b""
