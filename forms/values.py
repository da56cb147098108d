"""What an answer can be: the FHIR R4 types of ``QuestionnaireResponse.item.answer.value[x]`` as frozen values.

Whole days are `datetime.date`; partial dates, times of day and instants are `Temporal`, which keeps the text it was
written with, since FHIR counts ``2026-11`` and ``2026-11-01`` as different answers.
"""

import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TypeAlias


@dataclass(frozen=True)
class Coding:
    """FHIR Coding. Two are the same answer if code and system agree (system as far as both name one).

    Attributes:
        score: What the option it came from counts for; only expressions see it, it is no part of the value.
    """

    code: str
    system: str = ""
    display: str = ""
    score: Decimal | None = field(default=None, compare=False, repr=False)

    def same(self, other: "Coding") -> bool:
        """Tell whether both stand for the same concept; without codes their texts decide."""
        if not self.code and not other.code:
            return self.display == other.display
        systems_agree = not self.system or not other.system or self.system == other.system
        return self.code == other.code and systems_agree


@dataclass(frozen=True)
class Quantity:
    """A number with its unit: `code` in `system` (UCUM) for programs, `unit` for people."""

    value: Decimal | None
    unit: str = ""
    code: str = ""
    system: str = ""
    comparator: str = ""

    def comparable(self, other: "Quantity") -> bool:
        """Tell whether both are in the same unit; nothing is converted here."""
        return (self.code or self.unit) == (other.code or other.unit)


@dataclass(frozen=True)
class Attachment:
    """A file, by reference: `url` names where its bytes lie, `hash` is their SHA-1 in base64, `size` in bytes."""

    content_type: str = ""
    url: str = ""
    size: int | None = None
    title: str = ""
    hash: str = ""
    data: str = ""
    creation: str = ""
    language: str = ""


@dataclass(frozen=True)
class Reference:
    """A pointer to another record; kept and shown, never followed."""

    reference: str = ""
    display: str = ""
    type: str = ""


_DATE = r"([0-9]{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12][0-9]|3[01]))?)?"
_TIME = r"([01][0-9]|2[0-3])(?::([0-5][0-9])(?::([0-5][0-9]|60)(?:\.([0-9]{1,9}))?)?)?"
_ZONE = r"(Z|[+-](?:0[0-9]|1[0-4]):[0-5][0-9])?"
_DATE_TIME = re.compile(rf"{_DATE}(?:T(?:{_TIME})?{_ZONE})?")
_TIME_ALONE = re.compile(_TIME)

Parts: TypeAlias = tuple[int | Decimal, ...]


@dataclass(frozen=True)
class Temporal:
    """A FHIR date, dateTime or time as it was written.

    Attributes:
        kind: ``date``, ``dateTime`` or ``time``.
        text: ISO 8601 as FHIR writes it; `parse` has checked it.
    """

    kind: str
    text: str

    @classmethod
    def parse(cls, kind: str, text: str) -> "Temporal | None":
        """Return the value, or None if the text is none of that kind (a 30 February is none)."""
        text = text.strip()
        if kind == "time":
            return cls(kind, text) if _TIME_ALONE.fullmatch(text) else None
        if kind == "date" and "T" in text:
            return None
        match = _DATE_TIME.fullmatch(text)
        if match is None or match[1] == "0000":
            return None
        if match[3]:
            try:
                date(int(match[1]), int(match[2]), int(match[3]))
            except ValueError:
                return None
        elif "T" in text.rstrip("T"):
            return None
        return cls(kind, text)

    @property
    def parts(self) -> Parts:
        """Year, month, day, hour, minute, second (with fraction) as far as given; a zone is taken to UTC."""
        if self.kind == "time":
            match = _TIME_ALONE.fullmatch(self.text)
            return _parts(match.groups() if match else (), 0)
        match = _DATE_TIME.fullmatch(self.text)
        found = _parts(match.groups()[:7], 3) if match else ()
        zone = match[8] if match else None
        return _to_utc(found, zone) if zone and zone != "Z" and len(found) > 4 else found

    @property
    def has_zone(self) -> bool:
        """Tell whether the text names an offset from UTC."""
        return bool(re.search(r"T.*(Z|[+-][0-9]{2}:[0-9]{2})$", self.text))


def _parts(groups: tuple[str | None, ...], clock: int) -> Parts:
    """Return the numbers of the groups given; the last two from `clock` + 2 on are seconds and their fraction."""
    found: list[int | Decimal] = [int(text) for text in groups[: clock + 3] if text is not None]
    if len(groups) > clock + 3 and groups[clock + 3] is not None:
        found[-1] = Decimal(f"{groups[clock + 2]}.{groups[clock + 3]}")
    return tuple(found)


def _to_utc(parts: Parts, zone: str) -> Parts:
    sign = -1 if zone[0] == "-" else 1
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6])) * sign
    try:
        moved = datetime(*(int(part) for part in parts[:5])) - offset  # type: ignore[arg-type]  # noqa: DTZ001
    except OverflowError:
        return parts
    return (moved.year, moved.month, moved.day, moved.hour, moved.minute, *parts[5:])


def parts_of(value: date | Temporal) -> Parts:
    """Return the calendar or clock parts of a day or a `Temporal`."""
    return value.parts if isinstance(value, Temporal) else (value.year, value.month, value.day)


def compare_times(one: date | Temporal, other: date | Temporal) -> int | None:
    """Return -1, 0 or 1; None if the precision given does not tell, or a clock time meets a date.

    Source: FHIRPath N1, 6.2 (comparison of partial dates and times).
    """
    clocks = [isinstance(value, Temporal) and value.kind == "time" for value in (one, other)]
    if clocks[0] != clocks[1]:
        return None
    mine, theirs = parts_of(one), parts_of(other)
    for left, right in zip(mine, theirs, strict=False):
        if left != right:
            return -1 if left < right else 1
    # Seconds and their fraction are one precision; other missing parts leave it open.
    return 0 if len(mine) == len(theirs) else None


Answer: TypeAlias = Coding | Decimal | int | bool | str | date | Temporal | Quantity | Attachment | Reference


def same(one: Answer, other: Answer) -> bool:
    """Tell whether two answers are the same value."""
    if isinstance(one, Coding) or isinstance(other, Coding):
        return isinstance(one, Coding) and isinstance(other, Coding) and one.same(other)
    if isinstance(one, Quantity) and isinstance(other, Quantity):
        return one.value == other.value and one.comparable(other)
    if isinstance(one, Temporal) and isinstance(other, Temporal):
        return one.kind == other.kind and (one.text == other.text or compare_times(one, other) == 0)
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def shown(value: Answer) -> str:
    """Return an answer as a person reads it, without its question's unit."""
    if isinstance(value, Coding):
        return value.display or value.code
    if isinstance(value, Quantity):
        return f"{value.comparator}{'' if value.value is None else value.value}{value.unit or value.code}"
    if isinstance(value, Attachment):
        return value.title or value.url or value.content_type
    if isinstance(value, Reference):
        return value.display or value.reference
    return value.text if isinstance(value, Temporal) else str(value)
