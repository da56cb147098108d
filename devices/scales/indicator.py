"""Weighing indicators as sold in China: the line most of them share (XK3190-like and OEM boards).

``ST,GS,+ 123.456  kg`` and CR LF, 9600 8N1 by default: state ``ST`` stable, ``US`` moving, ``OL`` overload; kind
``GS`` gross, ``NT`` net, ``TR`` tare; sign; value right-aligned in eight characters; unit right-aligned in four. Host
letters: ``MZ`` zero, ``MT`` tare, ``RW`` read, ``#RW`` read when stable, ``%RW`` continuous.

Most indicators are left in continuous mode, ten lines a second. A person on the plate is one measurement: a
stable weight is told once, its repetitions are not; moving weight is refused once, not ten times a second; an
empty plate tells nothing.

The format has no checksum: a flipped bit may turn one digit into another. So a weight counts when three stable lines
in a row say the same; an indicator that spoke less often is asked again (``RW``), and its weight is refused if it
stays silent. What cannot be seen: the same damage in three lines running.

Source, verified: a vendor's protocol page. Limits of a weight: 2 to 300 kg, what a person can weigh.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import ClassVar

from devices.parser import FrameError, LineParser, out_of_range
from devices.readings import UCUM, DeviceEvent, Kind, Reading, ReadingSet, Refusal, fixed_point
from devices.registry import Check, driver, simulator
from devices.simulated import DeviceSimulator, Say, json_argument
from devices.transport import SerialSettings

MODEL = "称重仪表"
LOWEST, HIGHEST = Decimal(2), Decimal(300)
EMPTY = Decimal("0.5")
LINES = 3
ASK_S, ASK_TIMES = 0.4, 4
_HEAD = re.compile(rb"(?:ST|US|OL),(?:GS|NT|TR),")
_FRAME = re.compile(rb"(ST|US|OL),(GS|NT|TR),([+-])([ 0-9.]{8}) *([a-z%A-Z]{1,4})")
_WIDTH = len("ST,GS,+ 123.456  kg")


@driver(
    "scale.generic.indicator",
    label="通用称重仪表（ST,GS 格式）",
    confirmed=True,
    settings=SerialSettings(9600),
    check=Check.TWICE,
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
        self._once: ReadingSet | None = None
        self._lines = 0
        self._asked_s: list[float] = []

    def poll(self, now_s: float) -> tuple[bytes, list[DeviceEvent]]:
        """Ask for a weight that was said once again; give it up when there is no answer."""
        once, asked = self._once, self._asked_s
        if once is None or (asked and now_s - asked[-1] < ASK_S):
            return b"", []
        if len(asked) > ASK_TIMES:
            self._once, self._told = None, None
            return b"", [Refusal("scale.unconfirmed", {}, once.raw, start=once.start, end=once.end)]
        asked.append(now_s)
        # The first time only begins the wait: in continuous mode the next line is here before anybody asks.
        return (self.commands["read"] if len(asked) > 1 else b""), []

    @property
    def earliest(self) -> int:
        return super().earliest if self._once is None else self._once.start

    def drop(self, reason: str) -> list[DeviceEvent]:
        if reason == "lost":
            self._once = self._told = None
        return super().drop(reason)

    def _begin(self, line: bytes) -> int | None:
        heads = list(_HEAD.finditer(line))
        return heads[-1].start() if heads else None

    def _line(self, line: bytes, start: int) -> Iterator[DeviceEvent]:
        event = self._decode(lambda: _weight(line), line, start, self._consumed)
        if isinstance(event, Refusal) and event.code == "device.malformed":
            yield event
            return
        if isinstance(event, ReadingSet):
            yield from self._weighed(event)
            return
        self._once = None
        before, self._told = self._told, _state(event)
        if self._told is not None and self._told != before:
            yield event

    def _weighed(self, event: ReadingSet) -> Iterator[DeviceEvent]:
        """Tell a weight when enough lines have said it; its place begins with the first of them."""
        if self._told == _state(event):
            self._once = None
        elif self._once is None or self._once != event:
            self._once, self._lines, self._asked_s = event, 1, []
        else:
            self._lines += 1
            if self._lines >= LINES:
                self._told, start, self._once = _state(event), self._once.start, None
                yield replace(event, start=start)


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
    _last = b""

    def heard(self, chunk: bytes) -> list[Say]:
        return [Say(self._last, 0.05)] if self._last and b"RW\r\n" in chunk else []

    def act(self, action: str, argument: str) -> list[Say]:
        if action == "line":
            state, kind, sign, value, unit = argument.split(",")
            self._last = line(state, kind, sign, value, unit)
            return [Say(self._last)]
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
        self._last = line("ST", kind, sign, "0.000", unit)
        return [Say(line(state, kind, sign, value, unit), 0.1 * i) for i, (state, value) in enumerate(steps)]


def line(state: str, kind: str, sign: str, value: str, unit: str) -> bytes:
    """Return one line of an indicator, as wide as it really is."""
    return f"{state},{kind},{sign}{value:>8}{unit:>4}\r\n".encode("ascii")
