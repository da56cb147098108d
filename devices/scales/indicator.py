"""Weighing indicators as sold in China: the line most of them share (XK3190-like and OEM boards).

``ST,GS,+ 123.456  kg`` and CR LF, 9600 8N1 by default: state ``ST`` stable, ``US`` moving, ``OL`` overload; kind
``GS`` gross, ``NT`` net, ``TR`` tare; sign; value right-aligned in eight characters; unit right-aligned in four. Host
letters: ``MZ`` zero, ``MT`` tare, ``RW`` read, ``#RW`` read when stable, ``%RW`` continuous.

Most indicators are left in continuous mode, ten lines a second. A person on the plate is one measurement: the
first stable weight is told, its repetitions are not; moving weight is refused once, not ten times a second; an
empty plate tells nothing. The format has no checksum: a flipped bit may turn one digit into another.

Source, verified: a vendor's protocol page. Limits of a weight: 2 to 300 kg, what a person can weigh.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import ClassVar

from devices.parser import FrameError, LineParser, out_of_range
from devices.readings import UCUM, DeviceEvent, Kind, Reading, ReadingSet, Refusal, fixed_point
from devices.registry import driver, simulator
from devices.simulated import DeviceSimulator, Say, json_argument
from devices.transport import SerialSettings

MODEL = "称重仪表"
LOWEST, HIGHEST = Decimal(2), Decimal(300)
EMPTY = Decimal("0.5")
_HEAD = re.compile(rb"(?:ST|US|OL),(?:GS|NT|TR),")
_FRAME = re.compile(rb"(ST|US|OL),(GS|NT|TR),([+-])([ 0-9.]{8}) *([a-z%A-Z]{1,4})")
_WIDTH = len("ST,GS,+ 123.456  kg")


@driver(
    "scale.generic.indicator",
    label="通用称重仪表（ST,GS 格式）",
    confirmed=True,
    settings=SerialSettings(9600),
)
class Indicator(LineParser):
    """Lines of a continuous or asked-for stream; see the module for what becomes a measurement."""

    commands: ClassVar[Mapping[str, bytes]] = {
        "zero": b"MZ\r\n",
        "tare": b"MT\r\n",
        "read": b"RW\r\n",
        "read_stable": b"#RW\r\n",
        "continuous": b"%RW\r\n",
    }

    def __init__(self) -> None:
        super().__init__()
        self._told: Decimal | str | None = None

    def _begin(self, line: bytes) -> int | None:
        heads = list(_HEAD.finditer(line))
        return heads[-1].start() if heads else None

    def _line(self, line: bytes, start: int) -> Iterator[DeviceEvent]:
        event = self._decode(lambda: _weight(line), line, start, self._consumed)
        if isinstance(event, Refusal) and event.code == "device.malformed":
            yield event
            return
        before, self._told = self._told, _state(event)
        if self._told is not None and self._told != before:
            yield event


def _state(event: DeviceEvent) -> Decimal | str | None:
    """Return what makes an event news: the weight, the reason of a refusal, None for an empty plate."""
    if isinstance(event, ReadingSet):
        return event.readings[0].value
    if isinstance(event, Refusal) and event.code != "scale.empty":
        return event.code
    return None


def _weight(line: bytes) -> ReadingSet:
    found = _FRAME.fullmatch(line)
    if found is None or len(line) != _WIDTH:
        raise FrameError("device.malformed")
    state, kind, sign, text, unit = (field.decode("ascii") for field in found.groups())
    value = fixed_point(text, width=8)
    if state == "OL":
        raise FrameError("scale.overload")
    if value is None:
        raise FrameError("device.malformed")
    if value < EMPTY:
        raise FrameError("scale.empty")
    if state == "US":
        raise FrameError("scale.unstable")
    if kind == "TR":
        raise FrameError("scale.tare_only")
    if unit != "kg":
        raise FrameError("device.wrong_unit", unit=unit, expected="kg")
    if sign == "-" or not LOWEST <= value <= HIGHEST:
        raise out_of_range(Kind.BODY_WEIGHT, -value if sign == "-" else value, LOWEST, HIGHEST)
    flags = frozenset({"net"}) if kind == "NT" else frozenset[str]()
    return ReadingSet(
        (Reading(Kind.BODY_WEIGHT, value, UCUM[Kind.BODY_WEIGHT], MODEL, raw=line, flags=flags),)
    )


@simulator("scale.generic.indicator")
class IndicatorSimulator(DeviceSimulator):
    """An indicator in continuous mode: a person steps on, is weighed, steps off."""

    actions = ("measure {weight, unit, kind}", "line STATE,KIND,SIGN,VALUE,UNIT")

    def act(self, action: str, argument: str) -> list[Say]:
        if action == "line":
            state, kind, sign, value, unit = argument.split(",")
            return [Say(line(state, kind, sign, value, unit))]
        if action != "measure":
            raise self.unknown(action)
        told = json_argument(argument)
        weight = Decimal(str(told.get("weight", self.random.randint(480, 850) / 10)))
        sign, size, unit = "-" if weight < 0 else "+", f"{abs(weight):.3f}", told.get("unit", "kg")
        kind = told.get("kind", "GS")
        swing = f"{abs(weight) * Decimal('0.8'):.3f}"
        steps = [
            ("US", swing),
            ("US", size),
            ("ST", size),
            ("ST", size),
            ("ST", size),
            ("US", swing),
            ("ST", "0.000"),
        ]
        return [Say(line(state, kind, sign, value, unit), 0.1 * i) for i, (state, value) in enumerate(steps)]


def line(state: str, kind: str, sign: str, value: str, unit: str) -> bytes:
    """Return one line of an indicator, as wide as it really is."""
    return f"{state},{kind},{sign}{value:>8}{unit:>4}\r\n".encode("ascii")
