"""What a device says, once its bytes are understood.

A parser yields `DeviceEvent`s and nothing else. A number leaves a device only inside a `ReadingSet`; whatever
was damaged, out of range or not meant for us is a `Refusal` (a whole frame, with its reason) or `Noise` (bytes
that are no frame). `start` and `end` are byte offsets in the stream of one port: a session turns them into
times, so that a reading can be bound to the encounter that was open when its first byte arrived.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import Any

_INTEGER = re.compile(r" *[0-9]+", re.ASCII)
_FIXED_POINT = re.compile(r" *[0-9]+\.[0-9]+", re.ASCII)


class Kind(StrEnum):
    """What was measured, by its LOINC code."""

    SYSTOLIC = "8480-6"
    DIASTOLIC = "8462-4"
    MEAN_PRESSURE = "8478-0"
    HEART_RATE = "8867-4"
    BODY_WEIGHT = "29463-7"
    BODY_HEIGHT = "8302-2"
    BMI = "39156-5"


UCUM = {
    Kind.SYSTOLIC: "mm[Hg]",
    Kind.DIASTOLIC: "mm[Hg]",
    Kind.MEAN_PRESSURE: "mm[Hg]",
    Kind.HEART_RATE: "/min",
    Kind.BODY_WEIGHT: "kg",
    Kind.BODY_HEIGHT: "cm",
    Kind.BMI: "kg/m2",
}
LABELS = {
    Kind.SYSTOLIC: "收缩压",
    Kind.DIASTOLIC: "舒张压",
    Kind.MEAN_PRESSURE: "平均压",
    Kind.HEART_RATE: "脉率",
    Kind.BODY_WEIGHT: "体重",
    Kind.BODY_HEIGHT: "身高",
    Kind.BMI: "体重指数",
}
SHOWN_UNITS = {"mm[Hg]": "mmHg", "/min": "次/分", "kg": "kg", "cm": "cm", "kg/m2": "kg/m²"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Where in the port's byte stream an event lies: `start` is its first byte, `end` one past its last."""

    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Reading:
    """One measured value.

    `device_time` is the device's own clock without a zone: evidence, never the time of the measurement. `raw` is
    the frame as received, with a person's identifier blanked by ``*``.
    """

    kind: Kind
    value: Decimal
    unit: str
    model: str
    device_time: datetime | None = None
    raw: bytes = field(default=b"", repr=False)
    flags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ReadingSet(Placed):
    """All values of one measurement, to be accepted together or not at all.

    `subject` is the identifier typed at the device, empty when none: where it differs from the person on screen
    the set must not be accepted.
    """

    readings: tuple[Reading, ...]
    subject: str = field(default="", repr=False)

    def value(self, kind: Kind) -> Decimal | None:
        """Return the value of `kind` in its UCUM unit, None when the device did not measure it."""
        return next((r.value for r in self.readings if r.kind is kind), None)

    @property
    def device_time(self) -> datetime | None:
        return self.readings[0].device_time

    @property
    def raw(self) -> bytes:
        return self.readings[0].raw


@dataclass(frozen=True, slots=True)
class Refusal(Placed):
    """A frame that gave no value; `code` is the key of its Chinese sentence, `facts` are the values it names."""

    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    raw: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Notice(Placed):
    """A state the device told, worth showing but no value: measuring, card on the reader, card taken away."""

    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Noise(Placed):
    """Bytes that belong to no frame, dropped. `reason`: noise, silence, overflow, lost, or burst (expected)."""

    count: int
    reason: str = "noise"


@dataclass(frozen=True, slots=True)
class Scan(Placed):
    """One scanned barcode, without AIM prefix and suffix; FNC1 separators stay in `text` as GS (U+001D).

    `flags`: ``ime_mapped`` when full-width characters were mapped back to ASCII.
    """

    text: str
    symbology: str = ""
    flags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class CardRead(Placed):
    """The text of an identity card; the photo is never kept. Personal: not shown by `repr`, never logged.

    `kind` is ``citizen`` or ``foreign_permanent_resident``. `sex` is GB/T 2261.1 (1 male, 2 female), `nation` GB/T
    3304 (two digits) and empty for foreigners, `nationality` GB/T 2659 (three letters), CHN for citizens.
    `valid_until` None means 长期. `flags`: ``private_use`` when a name or address holds private-use characters.
    """

    kind: str
    number: str = field(repr=False)
    name: str = field(repr=False)
    sex: str = field(repr=False)
    birth_date: date = field(repr=False)
    valid_from: date = field(repr=False)
    valid_until: date | None = field(repr=False)
    nation: str = field(default="", repr=False)
    nationality: str = field(default="CHN", repr=False)
    name_en: str = field(default="", repr=False)
    address: str = field(default="", repr=False)
    issuer: str = field(default="", repr=False)
    flags: frozenset[str] = frozenset()

    def expired(self, on: date) -> bool:
        """Tell whether the card was out of date on a day; a warning, the person stays who they are."""
        return self.valid_until is not None and self.valid_until < on


DeviceEvent = ReadingSet | Refusal | CardRead | Scan | Notice | Noise


def integer(text: str, *, width: int) -> int | None:
    """Read a number of exactly `width` ASCII digits, left-padded with spaces; None when it is anything else.

    `int()` would take ``1_0``, ``+5``, full-width digits and inner line ends; a device never sends those.
    """
    return int(text) if len(text) == width and _INTEGER.fullmatch(text) else None


def fixed_point(text: str, *, width: int) -> Decimal | None:
    """Read an unsigned decimal with a point, `width` characters with its space padding; None when it is not."""
    return Decimal(text.strip(" ")) if len(text) == width and _FIXED_POINT.fullmatch(text) else None


def device_clock(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime | None:
    """Return a device's clock time, None when impossible: 24:00, 30 February, or a clock reset to before 2010."""
    try:
        told = datetime.combine(date(year, month, day), time(hour, minute))
    except ValueError:
        return None
    return told if told.year >= 2010 else None


def calendar_day(text: str) -> date | None:
    """Return the day of eight ASCII digits YYYYMMDD, None when there is no such day."""
    number = integer(text, width=8)
    if number is None or not text.isascii() or " " in text:
        return None
    try:
        return date(number // 10000, number // 100 % 100, number % 100)
    except ValueError:
        return None
