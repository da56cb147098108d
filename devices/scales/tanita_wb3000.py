"""Tanita WB-3000: beam-type digital scale with height rod.

9600 8N1, ASCII, one line a measurement ended by CR LF, sent at once whether or not anybody listens: pairs of tag
and value, ``{0,16,~0,1,~1,1,~2,1,MO,"WB-3000",Hm,170.5,Wk,065.3,MI,22.5,CS,xx``. Values are found by tag, never
by position. ``Hm`` cm, ``Wk`` kg; ``Hf`` (ft-in), ``Wp`` (lb), ``Ws`` (st) are refused: set the scale to metric.
About 0.1 s after the line the scale sends a meaningless burst, dropped as noise of the kind ``burst``.

Source, verified: Tanita WB-3000 manual (line, tags, burst). UNVERIFIED: the checksum's algorithm is not printed;
taken as the sum of the bytes before its two characters, modulo 256, in hexadecimal, which is why this driver is
not marked as confirmed. A line whose checksum differs is refused, and so is one whose body-mass index is missing or
does not follow from its weight and height: two opposite flips of one bit, which the sum does not see, leave at most
some tenths of a kilogram or a centimetre. Limits of the values: what a person can weigh and measure.
"""

import re
from collections.abc import Callable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from devices.parser import FrameError, LineParser, out_of_range
from devices.readings import UCUM, DeviceEvent, Kind, Reading, ReadingSet, fixed_point
from devices.registry import Check, driver, simulator
from devices.simulated import DeviceSimulator, Say, json_argument
from devices.transport import SerialSettings

HEAD = b"{0,16,"
MODEL = "Tanita WB-3000"
LIMITS = {
    Kind.BODY_HEIGHT: (Decimal(40), Decimal(230)),
    Kind.BODY_WEIGHT: (Decimal(2), Decimal(300)),
    Kind.BMI: (Decimal(5), Decimal(200)),
}
_TAG = re.compile(r"\{0|~[0-9]|[A-Z][A-Za-z]", re.ASCII)
_FOREIGN = {"Hf": "ft", "Wp": "lb", "Ws": "st"}
# tag, what it is, width of the value; None: any width the strict number allows
_VALUES = (("Hm", Kind.BODY_HEIGHT, 5), ("Wk", Kind.BODY_WEIGHT, 5), ("MI", Kind.BMI, None))


def checksum(before: bytes) -> bytes:
    """Return the two characters that follow ``CS,`` (UNVERIFIED algorithm)."""
    return f"{sum(before) % 256:02X}".encode("ascii")


@driver("scale.tanita.wb3000", label="百利达 WB-3000 身高体重秤", confirmed=False,
        settings=SerialSettings(9600), repeat_s=2.0, check=Check.SUM)  # fmt: skip
class Wb3000(LineParser):
    """One tagged line a measurement."""

    def __init__(self) -> None:
        super().__init__()
        self._after_frame = False

    def _begin(self, line: bytes) -> int | None:
        begin = line.rfind(HEAD)
        return None if begin < 0 else begin

    def drop(self, reason: str) -> list[DeviceEvent]:
        return super().drop("burst" if self._after_frame and reason == "silence" else reason)

    def _before_frame(self, count: int) -> DeviceEvent:
        return self._skip(count, "burst" if self._after_frame else "noise")

    def _not_a_frame(self, count: int) -> DeviceEvent:
        return self._skip(count, "burst") if self._after_frame else super()._not_a_frame(count)

    def _line(self, line: bytes, start: int) -> Iterator[DeviceEvent]:
        event = self._decode(lambda: _measurement(line), line, start, self._consumed)
        self._after_frame = isinstance(event, ReadingSet)
        yield event


def _measurement(line: bytes) -> ReadingSet:
    tags = _tags(line)
    if tags.get("MO") != '"WB-3000"':
        raise FrameError("device.other_model", expected=MODEL)
    for tag, unit in _FOREIGN.items():
        if tag in tags:
            raise FrameError("device.wrong_unit", unit=unit, expected="kg、cm")
    values = {kind: _value(tags[tag], kind, width) for tag, kind, width in _VALUES if tag in tags}
    if Kind.BODY_WEIGHT not in values and Kind.BODY_HEIGHT not in values:
        raise FrameError("device.malformed")
    _check_bmi(values)
    return ReadingSet(
        tuple(Reading(kind, value, UCUM[kind], MODEL, raw=line) for kind, value in values.items())
    )


def _tags(line: bytes) -> dict[str, str]:
    before, mark, told = line.rpartition(b",CS,")
    if not line.isascii() or not mark:
        raise FrameError("device.malformed")
    if told.upper() != checksum(before + mark):
        raise FrameError("device.bad_checksum")
    fields = before.decode("ascii").split(",")
    tags = dict(zip(fields[::2], fields[1::2], strict=False))
    if len(fields) % 2 or len(tags) * 2 != len(fields) or not all(map(_TAG.fullmatch, tags)):
        raise FrameError("device.malformed")
    return tags


def _value(text: str, kind: Kind, width: int | None) -> Decimal:
    value = fixed_point(text, width=width or len(text))
    if value is None:
        raise FrameError("device.malformed")
    low, high = LIMITS[kind]
    if not low <= value <= high:
        raise out_of_range(kind, value, low, high)
    return value


def _check_bmi(values: dict[Kind, Decimal]) -> None:
    """Refuse a line whose three numbers contradict each other, or whose third is missing: one was damaged."""
    if len(values) == 2 or values.keys() == {Kind.BMI}:
        raise FrameError("device.malformed")
    if len(values) == 3:
        height_m = values[Kind.BODY_HEIGHT] / 100
        expected = values[Kind.BODY_WEIGHT] / (height_m * height_m)
        if abs(expected - values[Kind.BMI]) > Decimal("0.1"):
            raise FrameError("scale.inconsistent_bmi", told=values[Kind.BMI], expected=round(expected, 1))


@simulator("scale.tanita.wb3000")
class Wb3000Simulator(DeviceSimulator):
    """A WB-3000 with its burst 0.1 s after each line."""

    actions = ("measure {weight, height, unit}",)

    def act(self, action: str, argument: str) -> list[Say]:
        if action != "measure":
            raise self.unknown(action)
        return [Say(self.line(json_argument(argument))), Say(bytes([0xFF, 0x00, 0xFE, 0x80] * 4), 0.1)]

    def line(self, told: dict[str, Any]) -> bytes:
        """Return a line; weight in kg and height in cm are invented where not told."""
        weight = _told(told, "weight", lambda: self.random.randint(480, 850))
        height = _told(told, "height", lambda: self.random.randint(1550, 1850))
        bmi = (weight / (height / 100) ** 2).quantize(Decimal("0.1"), ROUND_HALF_UP) if height else Decimal(0)
        tag = {"kg": "Wk", "lb": "Wp"}[told.get("unit", "kg")]
        text = f'{{0,16,~0,1,~1,1,~2,1,MO,"WB-3000",Hm,{height:05.1f},{tag},{weight:05.1f},MI,{bmi},CS,'
        return text.encode("ascii") + checksum(text.encode("ascii")) + b"\r\n"


def _told(told: dict[str, Any], name: str, invent: Callable[[], int]) -> Decimal:
    return Decimal(str(told[name])) if name in told else Decimal(invent()) / 10
