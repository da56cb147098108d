"""Results compared with the time before, and in which order a reviewer reads them. Pure; no Qt, no store."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from domain.catalog.lookup import Catalog
from domain.catalog.units import shown_unit
from domain.checkup.intake import GENDER, Person
from domain.checkup.judge import fitting_ranges
from domain.linting.words import names_of

WORSE = {"LL": -2, "L": -1, "N": 0, "": 0, "H": 1, "A": 1, "HH": 2, "AA": 2}
OTHER = "other"
"""Group of what the catalogue does not know."""


@dataclass(frozen=True, slots=True)
class Point:
    """One earlier or present value of an item."""

    day: date
    value: float


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One result with what it was before.

    `flag` is of HL7 table 0078. `shift` tells how it moved between the two visits: ``risen`` or ``fallen`` out of
    its interval or further, ``back`` into it, else empty. `low` and `high` bound the reference interval as far as
    there is one. `change` is the difference to the value before, signed, in the result's unit.
    `names` are what a report may call the item, its label first.
    """

    item: str
    label: str
    group: str
    value: str
    unit: str
    flag: str
    range_text: str
    low: float | None = None
    high: float | None = None
    number: float | None = None
    previous: str = ""
    previous_flag: str = ""
    previous_day: date | None = None
    change: str = ""
    shift: str = ""
    important_class: str = ""
    critical: bool = False
    unverified: bool = False
    corrected: bool = False
    names: tuple[str, ...] = ()
    points: tuple[Point, ...] = ()

    @property
    def abnormal(self) -> bool:
        return self.flag not in {"", "N"}


def result_row(row: Any, before: Sequence[Any], catalog: Catalog, person: Person) -> ResultRow:
    """Return one result with its history.

    Args:
        row: The standing observation.
        before: Standing observations of the same item at earlier visits, oldest first.
        catalog: For group, decimals and interval.
        person: For the interval that fits sex and age on the day of the result.
    """
    definition = catalog.observations.get(row.item)
    low, high = _bounds(definition, row, person)
    last = before[-1] if before else None
    points = [Point(r.effective_at.date(), r.value_number) for r in before if r.value_number is not None]
    if row.value_number is not None:
        points.append(Point(row.effective_at.date(), row.value_number))
    return ResultRow(
        item=row.item,
        label=row.label,
        group=catalog.groups[definition.group if definition else OTHER],
        value=row.value_text,
        unit=shown_unit(row.ucum),
        flag=row.flag or "",
        range_text=row.range_text or "",
        low=low,
        high=high,
        number=row.value_number,
        previous=last.value_text if last else "",
        previous_flag=(last.flag or "") if last else "",
        previous_day=last.effective_at.date() if last else None,
        change=_change(row, last, definition.decimals if definition else 2),
        shift=_shift(row.flag or "", (last.flag or "") if last else None),
        important_class=row.important_class or "",
        critical=bool(row.critical_level),
        unverified=bool(row.unverified),
        corrected=row.status == "C",
        names=names_of(row.label, definition.local_codes if definition else ()),
        points=tuple(points),
    )


def in_reading_order(rows: Iterable[ResultRow], catalog: Catalog) -> tuple[ResultRow, ...]:
    """Return the results as they are read: what changed or is abnormal first, the rest by group.

    In front stand critical and class A results, then what is newly abnormal, what was abnormal before, and what
    has come back; within each the further outside its interval, the earlier.
    """
    group = {label: number for number, label in enumerate(catalog.groups.values())}
    place = {key: number for number, key in enumerate(catalog.observations)}

    def order(row: ResultRow) -> tuple[Any, ...]:
        return (*_weight(row), group.get(row.group, len(group)), place.get(row.item, len(place)), row.label)

    return tuple(sorted(rows, key=order))


def leads(row: ResultRow) -> bool:
    """Tell whether a result belongs to the part that is read first."""
    return row.abnormal or bool(row.shift)


def _weight(row: ResultRow) -> tuple[float, ...]:
    if not leads(row):
        return (9, 0)
    severity = -abs(WORSE.get(row.flag, 1))
    if row.critical or row.important_class == "A":
        return (0, severity)
    if row.important_class == "B":
        return (1, severity)
    if row.abnormal:
        return (2 if row.shift in {"risen", "fallen"} else 3, severity)
    return (4, severity)


def _shift(flag: str, before: str | None) -> str:
    if before is None:
        return ""
    now, then = WORSE.get(flag, 0), WORSE.get(before, 0)
    if now == then:
        return ""
    if now == 0:
        return "back"
    return "risen" if now > then else "fallen"


def _change(row: Any, last: Any, decimals: int) -> str:
    if last is None or row.value_number is None or last.value_number is None or row.ucum != last.ucum:
        return ""
    return f"{row.value_number - last.value_number:+.{decimals}f}"


def _bounds(definition: Any, row: Any, person: Person) -> tuple[float | None, float | None]:
    if definition is None or row.value_number is None:
        return None, None
    ranges = fitting_ranges(definition, GENDER.get(person.sex), person.age_on(row.effective_at.date()))
    if len(ranges) != 1:
        return None, None
    one = ranges[0]
    return (one.low if one.low is not None else one.above, one.upper)
