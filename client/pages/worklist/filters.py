"""From what a person types into the filter line to conditions the store can answer with an index range."""

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from domain.kernel.clock import CLINIC_TIME
from domain.kernel.columns import Code
from domain.kernel.errors import DomainError
from domain.kernel.workflow import workflows
from domain.kernel.worklists import Filter, ListColumn, Worklist

TODAY_WORDS = {"今天": 0, "今日": 0, "昨天": -1, "明天": 1}


@dataclass(frozen=True, slots=True)
class Chip:
    """One condition as shown: its sentence, and the filters behind it."""

    text: str
    filters: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One value that may be chosen for a column of a closed list."""

    value: Any
    label: str


@dataclass(frozen=True, slots=True)
class Exact:
    """A value of a column that people choose by its name."""

    value: Any


def choices_for(
    listing: Worklist, column: ListColumn, labels: Mapping[Any, str] | None = None
) -> list[Choice]:
    """Return the values a column can have if they are a closed list, else nothing."""
    entity = listing.record.record_info.entity
    if column.name == "state" and entity in workflows():
        return [Choice(s.name, s.label) for s in workflows()[entity].states.values()]
    kind = listing.column(column.name).type
    if isinstance(kind, Code):
        return [Choice(m, (labels or {}).get(m, m.value)) for m in kind.members]
    return []


def condition(column: ListColumn, typed: Any, shown: str, *, today: date) -> Chip:
    """Return the condition for what was typed or chosen.

    Text matches from its beginning. Numbers: ``5``, ``>5``, ``<=5``, ``3-5``. Days: ``2026-11-23``, ``1123``,
    ``今天``, or two joined by ``..``.

    Raises:
        DomainError: ``filter.number`` or ``filter.day`` when it cannot be read as the column needs it.
    """
    if isinstance(typed, Exact):
        return Chip(f"{column.label} = {shown}", (Filter(column.name, "eq", typed.value),))
    if isinstance(typed, enum.Enum) or column.kind == "state":
        return Chip(f"{column.label} = {shown}", (Filter(column.name, "eq", typed),))
    text = str(typed).strip()
    if not text:
        raise DomainError("filter.empty", field=column.name)
    if column.kind == "Boolean":
        return Chip(f"{column.label} = {shown}", (Filter(column.name, "eq", text in {"True", "是", "1"}),))
    if column.kind in {"UtcTime", "IsoDate"}:
        return _days(column, text, today)
    if column.kind in {"BigInteger", "Integer", "Float"}:
        return Chip(f"{column.label} {text}", _numbers(column.name, text))
    return Chip(f"{column.label}：{text}…", (Filter(column.name, "starts", text),))


def _numbers(name: str, text: str) -> tuple[Filter, ...]:
    for sign, op in ((">=", "ge"), ("<=", "le"), (">", "gt"), ("<", "lt"), ("=", "eq")):
        if text.startswith(sign):
            return (Filter(name, op, _number(name, text.removeprefix(sign))),)
    low, dash, high = text.partition("-")
    if dash and low:
        return (Filter(name, "ge", _number(name, low)), Filter(name, "le", _number(name, high)))
    return (Filter(name, "eq", _number(name, text)),)


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise DomainError("filter.number", field=name, value=text) from error


def _days(column: ListColumn, text: str, today: date) -> Chip:
    first, dots, last = text.partition("..")
    begin = read_day(column.name, first, today)
    end = read_day(column.name, last, today) if dots and last else begin
    shown = begin.isoformat() if begin == end else f"{begin.isoformat()} .. {end.isoformat()}"
    if column.kind == "IsoDate":
        conditions = (Filter(column.name, "ge", begin), Filter(column.name, "le", end))
    else:
        start = datetime.combine(begin, time(), CLINIC_TIME)
        stop = datetime.combine(end, time(), CLINIC_TIME) + timedelta(days=1)
        conditions = (Filter(column.name, "ge", start), Filter(column.name, "lt", stop))
    return Chip(f"{column.label}：{shown}", conditions)


def read_day(field: str, text: str, today: date, code: str = "filter.day") -> date:
    """Return the day of ``2026-11-23``, ``20261123``, ``1123``, ``11-23`` or ``今天``; else refuse with `code`."""
    text = text.strip()
    if text in TODAY_WORDS:
        return today + timedelta(days=TODAY_WORDS[text])
    parts = [p for p in text.replace("/", "-").replace(".", "-").split("-") if p]
    digits = "".join(parts) if len(parts) == 1 else "".join(p.zfill(2) for p in parts)
    if len(digits) == 4:
        digits = f"{today.year}{digits}"
    try:
        if len(digits) != 8:
            raise ValueError(digits)
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError as error:
        raise DomainError(code, field=field, value=text) from error


_TIME = re.compile(r"([01]?\d|2[0-3])[:：]?([0-5]\d)")


def read_moment(field: str, text: str, today: date) -> datetime:
    """Return the clinic time of ``2026-11-23 09:30``, ``1123 0930`` or ``明天 9:30``, or refuse (``form.moment``)."""
    day, _, at = text.strip().replace("T", " ").partition(" ")
    found = _TIME.fullmatch(at.strip())
    if found is None:
        raise DomainError("form.moment", field=field, value=text)
    at_time = time(int(found[1]), int(found[2]))
    return datetime.combine(read_day(field, day, today, "form.moment"), at_time, CLINIC_TIME)
