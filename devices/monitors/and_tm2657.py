"""A&D TM-2655, TM-2655P, TM-2657(P): arm-in blood-pressure monitors, RB and RA format.

2400 8N1. A block in either direction is ``SYN SYN SOH '0' '0' STX text ETX BCC`` with BCC the XOR of every byte
from SOH through ETX. The host starts a measurement with the text ``ST`` and stops one with ``SP``; the monitor
answers ``SYN SYN SOH '0' '0' ACK`` and, when the cuff is done, sends the result: fields separated by RS, of
which 5 to 8 are systolic, mean, diastolic, pulse (a letter and three characters, padded with spaces). Field 6
begins with M like the identifier in field 3, so fields are told by position and letter.

The XOR sees every damage to one byte and every burst of up to eight bits; two flips in the same bit of two bytes
escape it. Then these are left: every field has its own letter and width, the
mean must lie where a mean can (`MEAN_SHARE`), the error code must be there, the clock must be a clock. What still
cannot be seen: the last digit of a pressure, changed together with the same bit of another digit.

Sources, verified: a public TM-2655P driver (command bytes, BCC, field order), a public 138-byte TM-2657 capture,
a published TM-2655P field analysis. Limits of the values: no published table was read; 3-digit fields above
299 mmHg (the display's end, UNVERIFIED) are refused.
"""

import functools
import operator
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, ClassVar

from devices.monitors.pressure import PressureFrame, PressureLimits, pressure_event
from devices.parser import FrameError, Parser
from devices.readings import DeviceEvent, Notice, ReadingSet, device_clock, integer
from devices.registry import Check, driver, simulator
from devices.simulated import DeviceSimulator, Say, json_argument
from devices.transport import SerialSettings

STX, ETX, ACK, RS = b"\x02", b"\x03", b"\x06", b"\x1e"
START = b"\x16\x01"  # the last SYN and SOH
ADDRESS = b"00"
LONGEST = 512
LIMITS = PressureLimits(systolic=(20, 299), diastolic=(10, 299), heart_rate=(20, 240))
MODELS = {"TM2655": "A&D TM-2655", "TM2657": "A&D TM-2657"}
FORMATS = {"RA", "RB", "AB"}
_EXTRA = re.compile(r"[A-Za-z][ 0-9A-Z]{0,4}|", re.ASCII)
_CLOCK = re.compile(r"[0-9]{10}", re.ASCII)
_ERROR = re.compile(r"E[0-9]{2}", re.ASCII)
_NAMES = ("systolic", "mean", "diastolic", "heart_rate")


def bcc(body: bytes) -> bytes:
    """Return the check byte of the bytes SOH..ETX."""
    return bytes([functools.reduce(operator.xor, body, 0)])


def block(text: bytes) -> bytes:
    """Return the whole block that carries a text."""
    body = b"\x01" + ADDRESS + STX + text + ETX
    return b"\x16\x16" + body + bcc(body)


ACKNOWLEDGEMENT = b"\x16\x16\x01" + ADDRESS + ACK


@driver(
    "bp.and.tm2657",
    label="A&D TM-2655/TM-2657 血压计",
    confirmed=True,
    settings=SerialSettings(2400),
    gap_s=0.5,
    check=Check.XOR,
)
class Tm2657(Parser):
    """Blocks with a check byte; one result block a measurement."""

    commands: ClassVar[Mapping[str, bytes]] = {"start": block(b"ST"), "stop": block(b"SP")}

    def _events(self) -> Iterator[DeviceEvent]:
        while (start := self._pending.find(START)) >= 0:
            if self._pending[:start].strip(b"\x16"):
                yield self._skip(start)
            else:
                self._take(start)  # the first SYN of the pair
            event = self._block() if len(self._pending) >= 5 else None
            if event is None:
                return
            yield event
        unmarked = len(self._pending) - self._pending.endswith(b"\x16")
        if self._pending[:unmarked].strip(b"\x16"):
            yield self._skip(unmarked)

    def _block(self) -> DeviceEvent | None:
        """Return the event of the block at the front, None when it waits for more bytes."""
        kind = bytes(self._pending[4:5])
        if self._pending[2:4] != ADDRESS or kind not in (STX, ACK):
            return self._skip(2)
        if kind == ACK:
            start = self._consumed
            self._take(5)
            return Notice("bp.measuring", start=start, end=self._consumed)
        end = self._pending.find(ETX, 5)
        again = self._pending.find(START, 2, end if end >= 0 else None)
        if again >= 0:
            return self._skip(again)
        if end < 0 or len(self._pending) < end + 2:
            return self._skip(2) if len(self._pending) > LONGEST else None
        return self._result(end)

    def _result(self, end: int) -> DeviceEvent:
        body = bytes(self._pending[1 : end + 1])
        raw = _without_subject(bytes(self._pending[: end + 2]))
        if bytes(self._pending[end + 1 : end + 2]) != bcc(body):
            # The check byte stays: where it is missing, it is the next block's first SYN.
            return self._refuse(end + 1, "device.bad_checksum", raw=raw)
        start = self._consumed
        self._take(end + 2)
        return self._decode(lambda: _measurement(body[4:-1], raw), raw, start, self._consumed)


def _without_subject(raw: bytes) -> bytes:
    """Blank the identifier in field 3."""
    fields = raw.split(RS)
    if len(fields) > 4:
        fields[3] = fields[3][:1] + b"*" * len(fields[3][1:])
    return RS.join(fields)


def _measurement(text: bytes, raw: bytes) -> ReadingSet:
    if not text.isascii():
        raise FrameError("device.malformed")
    fields = text.decode("ascii").split("\x1e")
    if len(fields) < 9 or fields[0] not in MODELS or not _ERROR.fullmatch(fields[4]):
        raise FrameError("device.malformed")
    if fields[2] not in FORMATS or fields[3][:1] != "M" or not all(map(_EXTRA.fullmatch, fields[9:])):
        raise FrameError("device.malformed")
    if fields[4] != "E00":
        raise FrameError("bp.device_error", error=fields[4])
    if fields[0] == "TM2657" and _extra(fields, 13, "m"):
        raise FrameError("bp.movement")
    numbers = dict(zip(_NAMES, map(_number, fields[5:9], "SMDP"), strict=True))
    flags = {"irregular_pulse"} if fields[0] == "TM2657" and _extra(fields, 12, "i") else set()
    frame = PressureFrame(
        MODELS[fields[0]], _clock(fields[1]), **numbers, subject=fields[3][1:].strip(" "), raw=raw,
        flags=frozenset(flags),
    )  # fmt: skip
    return pressure_event(frame, LIMITS)


def _number(field: str, letter: str) -> int:
    value = integer(field[1:], width=3) if field[:1] == letter else None
    if value is None:
        raise FrameError("device.malformed")
    return value


def _extra(fields: list[str], position: int, letter: str) -> bool:
    """Tell whether a count only the TM-2657 sends is there and not zero."""
    if len(fields) <= position or fields[position][:1] != letter:
        return False
    return fields[position][1:].strip(" ") not in ("", "0")


def _clock(text: str) -> datetime:
    told = None
    if _CLOCK.fullmatch(text):
        year, month, day, hour, minute = (int(text[i : i + 2]) for i in range(0, 10, 2))
        told = device_clock(2000 + year, month, day, hour, minute)
    if told is None:
        raise FrameError("device.bad_time", time=text)
    return told


@simulator("bp.and.tm2657")
class Tm2657Simulator(DeviceSimulator):
    """A TM-2657: measures when the host or ``measure`` says so; `measure_s` is the time a cuff takes."""

    actions = ("measure {systolic, mean, diastolic, pulse, error, movement, irregular, subject, time}",)
    measure_s = 30.0

    def heard(self, chunk: bytes) -> list[Say]:
        if block(b"ST") in chunk:
            return [Say(ACKNOWLEDGEMENT, 0.1), Say(self.result({}), self.measure_s)]
        if block(b"SP") in chunk:
            return [Say(ACKNOWLEDGEMENT, 0.1, cancels=True)]
        return []

    def act(self, action: str, argument: str) -> list[Say]:
        if action != "measure":
            raise self.unknown(action)
        return [Say(self.result(json_argument(argument)))]

    def result(self, told: dict[str, Any]) -> bytes:
        """Return a result block; values not told are invented, `time` is YYMMDDhhmm."""
        diastolic = told.get("diastolic", self.random.randint(62, 84))
        systolic = told.get("systolic", diastolic + self.random.randint(30, 50))
        mean = told.get("mean", diastolic + (systolic - diastolic) // 3)
        values = (systolic, mean, diastolic, told.get("pulse", self.random.randint(58, 88)))
        fields = [
            "TM2657", told.get("time", f"{self.clock():%y%m%d%H%M}"), "RA", f"M{told.get('subject', '')}",
            told.get("error", "E00"), *(f"{letter}{value:3d}" for letter, value in zip("SMDP", values, strict=True)),
            "I00", "L232", "p173", f"i{told.get('irregular', 0):2d}", f"m{told.get('movement', 0)}", "r0", "t 35",
            "cN", "l  ", "d", "",
        ]  # fmt: skip
        return block("\x1e".join(fields).encode("ascii"))
