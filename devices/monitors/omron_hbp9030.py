"""Omron HBP-9030, HBP-9031C: tunnel blood-pressure monitors, output format 5.

USB serial or RS-232, 9600 8N1. One line a measurement, exactly 53 characters and CR LF:
``YYYY,MM,DD,hh,mm,<id 20>,<error 1>,<SYS 3>,<DIA 3>,<PUL 3>,<movement 1>``. With an error other than 0 the three
values are blanks. Function item 32 of the monitor selects the format; a line of another format is refused with
that remedy. The format has no checksum: width, separators and ranges are the only guard, so a flipped bit
may turn one digit into another that is within range.

Source, verified: a public clinic-gateway specification quoting Omron manual 2873643-0F, page 20 (layout, ranges:
SYS 60 to 260, DIA 30 to 215 mmHg, pulse 40 to 180 a minute).
"""

import re
from collections.abc import Iterator
from typing import Any

from devices.monitors.pressure import PressureFrame, PressureLimits, pressure_event
from devices.parser import FrameError, LineParser
from devices.readings import DeviceEvent, ReadingSet, device_clock, integer
from devices.registry import Check, driver, simulator
from devices.simulated import DeviceSimulator, Say, json_argument
from devices.transport import SerialSettings

WIDTH = 53
LIMITS = PressureLimits(systolic=(60, 260), diastolic=(30, 215), heart_rate=(40, 180))
_FRAME = re.compile(
    rb"(\d{4}),(\d\d),(\d\d),(\d\d),(\d\d),([ -~]{20}),([0-9A-Z]),([ \d]{3}),([ \d]{3}),([ \d]{3}),(\d)"
)
_OTHER_FORMATS = (b"MMBP203N", b"ID", b"bp,")


@driver(
    "bp.omron.hbp9030",
    label="欧姆龙 HBP-9030 血压计",
    confirmed=True,
    settings=SerialSettings(9600),
    personal=True,
    check=Check.NONE,
)
class Hbp9030(LineParser):
    """One line of fixed width a measurement."""

    def _begin(self, line: bytes) -> int | None:
        if _FRAME.fullmatch(line[-WIDTH:]):
            return len(line) - WIDTH
        return 0 if line.startswith(_OTHER_FORMATS) else None

    def _line(self, line: bytes, start: int) -> Iterator[DeviceEvent]:
        raw = line[:17] + b"*" * 20 + line[37:] + b"\r\n" if len(line) == WIDTH else b""
        yield self._decode(lambda: _measurement(line, raw), raw, start, self._consumed)


def _measurement(line: bytes, raw: bytes) -> ReadingSet:
    found = _FRAME.fullmatch(line)
    if found is None:
        raise FrameError("bp.omron_format")
    fields = [field.decode("ascii") for field in found.groups()]
    if fields[6] != "0":
        raise FrameError("bp.device_error", error=fields[6])
    if fields[10] != "0":
        raise FrameError("bp.movement")
    told = device_clock(*(int(field) for field in fields[:5]))
    if told is None:
        raise FrameError("device.bad_time", time="-".join(fields[:5]))
    systolic, diastolic, heart_rate = (_number(field) for field in fields[7:10])
    frame = PressureFrame(
        "Omron HBP-9030",
        told,
        systolic,
        diastolic,
        heart_rate,
        mean=None,
        subject=fields[5].strip(" "),
        raw=raw,
    )
    return pressure_event(frame, LIMITS)


def _number(field: str) -> int:
    value = integer(field, width=3)
    if value is None or " " in field:
        raise FrameError("device.malformed")
    return value


@simulator("bp.omron.hbp9030")
class Hbp9030Simulator(DeviceSimulator):
    """An HBP-9030: sends a line when a measurement ends."""

    actions = ("measure {systolic, diastolic, pulse, error, movement, subject, time}",)

    def act(self, action: str, argument: str) -> list[Say]:
        if action != "measure":
            raise self.unknown(action)
        return [Say(self.line(json_argument(argument)))]

    def line(self, told: dict[str, Any]) -> bytes:
        """Return a line; values not told are invented, `time` is YYYY,MM,DD,hh,mm."""
        diastolic = told.get("diastolic", self.random.randint(62, 84))
        systolic = told.get("systolic", diastolic + self.random.randint(30, 50))
        values = f"{systolic:03d},{diastolic:03d},{told.get('pulse', self.random.randint(58, 88)):03d}"
        error = str(told.get("error", "0"))
        fields = (
            told.get("time", f"{self.clock():%Y,%m,%d,%H,%M}"),
            f"{told.get('subject', ''):>20}",
            error,
            values if error == "0" else "   ,   ,   ",
            str(told.get("movement", 0)),
        )
        return ",".join(fields).encode("ascii") + b"\r\n"
