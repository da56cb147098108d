"""From a device's reading or a typed line to values that can be confirmed: pure, no Qt, no store."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from client.formatting import age_on
from client.stations.front_desk.encounter import BODY, PRESSURE, Encounter, Value
from devices.readings import Kind, ReadingSet
from domain.catalog.content import Catalog
from domain.catalog.units import shown_unit
from domain.checkup.intake import GENDER, parse_number
from domain.checkup.judge import judge
from domain.checkup.result_commands import Measured
from domain.kernel.errors import DomainError

ITEMS = {
    Kind.SYSTOLIC: "sbp",
    Kind.DIASTOLIC: "dbp",
    Kind.HEART_RATE: "pulse",
    Kind.BODY_WEIGHT: "weight",
    Kind.BODY_HEIGHT: "height",
    Kind.BMI: "bmi",
}
UNITS = {"sbp": "mm[Hg]", "dbp": "mm[Hg]", "pulse": "/min", "height": "cm", "weight": "kg", "bmi": "kg/m2"}
GROUPS = {"pressure": PRESSURE, "body": BODY}
REQUIRED = {"pressure": ("sbp", "dbp"), "body": ("height", "weight")}
TYPED = {"pressure": PRESSURE, "body": ("height", "weight")}
"""What is typed by hand; the body mass index is worked out."""


@dataclass(frozen=True, slots=True)
class PendingValue:
    """One value that waits to be confirmed, judged already so that what is striking strikes now."""

    item: str
    label: str
    text: str
    unit: str
    flag: str
    range_text: str
    important: str
    last: Value | None


@dataclass(frozen=True, slots=True)
class Pending:
    """A whole set: a blood pressure, or weight and height; kept together or not at all."""

    group: str
    values: tuple[PendingValue, ...]
    measured: tuple[Measured, ...]
    device: str | None = None
    raw: bytes | None = None
    at: datetime | None = None
    flags: frozenset[str] = frozenset()


def measured_of(readings: ReadingSet) -> tuple[Measured, ...]:
    """Return the values of a measurement that the desk keeps (a mean pressure it does not)."""
    found = [
        Measured(item=ITEMS[r.kind], value=float(r.value), unit=r.unit)
        for r in readings.readings
        if r.kind in ITEMS
    ]
    return with_bmi(tuple(found), None)


def group_of(measured: tuple[Measured, ...]) -> str:
    """Return ``pressure`` or ``body``."""
    return "pressure" if any(m.item in PRESSURE for m in measured) else "body"


def with_bmi(measured: tuple[Measured, ...], encounter: Encounter | None) -> tuple[Measured, ...]:
    """Add the body mass index (kg/m2, one decimal) where weight and height are known; a device's own stays."""
    numbers = {m.item: m.value for m in measured}
    if "bmi" in numbers or not numbers.keys() & {"weight", "height"}:
        return measured
    for item in ("weight", "height"):
        known = encounter.value(item) if encounter else None
        if item not in numbers and known is not None and known.number is not None:
            numbers[item] = known.number
    if not numbers.get("weight") or not numbers.get("height"):
        return measured
    bmi = round(numbers["weight"] / (numbers["height"] / 100) ** 2, 1)
    return (*measured, Measured(item="bmi", value=bmi, unit=UNITS["bmi"]))


def typed(group: str, texts: Mapping[str, str], labels: Mapping[str, str]) -> tuple[Measured, ...]:
    """Return the values of typed texts; an empty one is left out.

    Raises:
        DomainError: ``input.type`` or ``input.missing`` with the item as field: the first of each set is needed.
    """
    found = []
    for item in TYPED[group]:
        text = texts.get(item, "").strip()
        if not text:
            continue
        number = parse_number(text)
        if number is None:
            raise DomainError("input.type", field=item, label=labels[item], value=text[:40])
        found.append(Measured(item=item, value=number, unit=UNITS[item]))
    given = {m.item for m in found}
    missing = [item for item in REQUIRED[group] if item not in given]
    if (group == "pressure" and missing) or not found:
        raise DomainError("input.missing", field=missing[0], label=labels[missing[0]])
    return tuple(found)


def previewed(
    measured: tuple[Measured, ...], encounter: Encounter, catalog: Catalog, today: date
) -> tuple[PendingValue, ...]:
    """Return the values as they are shown before they are confirmed.

    Raises:
        DomainError: ``checkup.value_implausible`` with the item as field.
    """
    age = age_on(encounter.birth_date, today) if encounter.birth_date else None
    shown = []
    for one in measured:
        item = catalog.observation(one.item)
        number = catalog.units.convert(item, one.value, one.unit)
        found = judge(item, number, GENDER.get(encounter.sex), age)
        last = encounter.last_values.get(one.item)
        shown.append(
            PendingValue(
                one.item, item.name, f"{number:.{item.decimals}f}", shown_unit(item.ucum),
                found.flag or "", found.range_text, found.important or "", last,
            )
        )  # fmt: skip
    return tuple(shown)
