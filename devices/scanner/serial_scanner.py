"""Barcode scanners in serial mode (USB-CDC or RS-232): the code and CR, LF or CR LF.

9600 8N1 by default; a CDC scanner ignores the rate. Best of the two ways to connect a scanner: what is scanned
does not depend on which window has the focus, nor on an input method.

The line has no checksum: a damaged character is seen only by the code's own check character, which is what
`accept` is for, and a code that lost its end is thrown away after 150 ms without more. Switch the AIM prefix on:
with it, two codes glued together are always seen.
"""

from collections.abc import Iterator

from devices.parser import Parser
from devices.readings import DeviceEvent, Scan
from devices.registry import Check, driver, simulator
from devices.scanner.code import LONGEST, Accept, scan_of
from devices.simulated import DeviceSimulator, Say
from devices.transport import SerialSettings

_CR, _LF = 13, 10


@driver(
    "scanner.serial",
    label="条码扫描枪（串口模式）",
    confirmed=True,
    settings=SerialSettings(9600),
    gap_s=0.15,
    repeat_s=0.3,
    glued_s=0.1,
    check=Check.CODE,
)
class SerialScanner(Parser):
    """One line a scan; `accept` tells whether a text can be a code of ours."""

    def __init__(self, accept: Accept | None = None) -> None:
        super().__init__()
        self._accept = accept

    def _events(self) -> Iterator[DeviceEvent]:
        while (end := self._line_end()) is not None:
            if end == 0:
                self._take(1)  # the LF after a CR, or an empty line
                continue
            raw, start = bytes(self._pending[:end]), self._consumed
            self._take(end + 1)
            yield self._decode(lambda raw=raw: self._scan(raw), raw, start, self._consumed)  # type: ignore[misc]
        if self.pending > LONGEST + 8:
            yield self._skip(self.pending)

    def _line_end(self) -> int | None:
        return next((i for i, byte in enumerate(self._pending) if byte in (_CR, _LF)), None)

    def _scan(self, raw: bytes) -> Scan:
        return scan_of(raw.decode("latin-1"), self._accept)


@simulator("scanner.serial")
class SerialScannerSimulator(DeviceSimulator):
    """A scanner that sends the AIM prefix of Code 128 unless the text begins with another."""

    actions = ("scan TEXT",)

    def act(self, action: str, argument: str) -> list[Say]:
        if action != "scan":
            raise self.unknown(action)
        text = argument if argument.startswith("]") else f"]C0{argument}"
        return [Say(text.encode("utf-8") + b"\r\n")]
