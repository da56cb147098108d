"""The smaller parts of an item: codes, units, bounds, initial values, and what stands in extensions."""

from datetime import date
from decimal import Decimal
from typing import Any

from forms.fhir_elements import (
    ITEM_CONTROL,
    MAX_SIZE,
    UNIT_OPTION,
    Reading,
    at_extension,
    extension,
    extensions,
)
from forms.fhir_values import choice_value, number, read_value
from forms.questionnaire import (
    Answer,
    Coding,
    Expression,
    ItemType,
    Quantity,
    Temporal,
    Unit,
)
from forms.questionnaire_rules import (
    checked,
)

_TIMES = (ItemType.DATE, ItemType.DATE_TIME, ItemType.TIME)
_NUMBERS = (ItemType.INTEGER, ItemType.DECIMAL, ItemType.QUANTITY)
_MEGABYTE = 1_000_000


def codes_of(raw: dict[str, Any], reading: Reading, path: str) -> tuple[Coding, ...]:
    """Return the codes of an item."""
    listed = enumerate(reading.objects(raw, "code", path))
    found = [reading.coding(code, f"{path}.code[{index}]") for index, code in listed]
    return tuple(code for code in found if code is not None)


def control_of(raw: dict[str, Any]) -> str:
    """Return the code of itemControl; how a question is shown changes nothing of what it means."""
    value = extension(raw, ITEM_CONTROL)
    coded = value.get("coding") if isinstance(value, dict) else None
    listed = coded if isinstance(coded, list) else []
    codes = [str(entry.get("code", "")) for entry in listed if isinstance(entry, dict)]
    return codes[0] if codes else str(value.get("text", "")) if isinstance(value, dict) else ""


def size_of(raw: dict[str, Any], reading: Reading, path: str) -> int | None:
    """Return maxSize in bytes; FHIR says megabytes."""
    value = extension(raw, MAX_SIZE)
    if value is None:
        return None
    size = number(value, whole=False)
    if size is None or size < 0:
        reading.refuse(at_extension(path, MAX_SIZE), f"not a size: {value!r}")
        return None
    return int(Decimal(size) * _MEGABYTE)


def texts_of(raw: dict[str, Any], url: str) -> tuple[str, ...]:
    """Return the texts of all extensions `url`."""
    found = [extension({"extension": [entry]}, url) for entry in extensions(raw, url)]
    return tuple(str(value) for value in found if value)


def lenient_expression(raw: dict[str, Any], url: str, reading: Reading, path: str) -> Expression | None:
    """Read an expression that only fills in or offers: a query to a server is kept and gives nothing here."""
    value = extension(raw, url)
    return None if value is None else checked(value, reading, at_extension(path, url), lenient=True)


def unit_of(value: Any, reading: Reading, path: str) -> Unit | None:
    """Return a Coding as a unit."""
    coding = reading.coding(value, path) if value is not None else None
    return None if coding is None else Unit(coding.code, coding.display or coding.code, coding.system)


def unit_options_of(raw: dict[str, Any], reading: Reading, path: str) -> tuple[Unit, ...]:
    """Return the units a quantity may be given in."""
    values = [extension({"extension": [entry]}, UNIT_OPTION) for entry in extensions(raw, UNIT_OPTION)]
    where = at_extension(path, UNIT_OPTION) if values else ""
    found = [unit_of(value, reading, where) for value in values]
    return tuple(unit for unit in found if unit is not None)


def bound_of(
    raw: dict[str, Any], url: str, kind: ItemType, reading: Reading, path: str
) -> Decimal | date | Temporal | None:
    """Return minValue or maxValue as the item counts."""
    entry = next(iter(extensions(raw, url)), None)
    key = next((key for key in entry or {} if key.startswith("value")), "")
    if entry is None or not key:
        return None
    value = read_value(key.removeprefix("value"), entry[key])
    if kind in _TIMES and isinstance(value, date | Temporal):
        return value
    limit = value if kind in _NUMBERS and isinstance(value, int | Decimal) else None
    if kind is ItemType.QUANTITY and isinstance(value, Quantity):
        limit = value.value
    if limit is None or isinstance(limit, bool):
        reading.refuse(at_extension(path, url), f"does not fit {kind}: {entry[key]!r}")
        return None
    return Decimal(limit)


def initial_of(raw: dict[str, Any], kind: ItemType, reading: Reading, path: str) -> tuple[Answer, ...]:
    """Return the values an item begins with."""
    found = []
    for index, entry in enumerate(reading.objects(raw, "initial", path)):
        value = choice_value(entry, "value", kind)
        if value is None:
            reading.refuse(f"{path}.initial[{index}]", f"does not fit {kind}")
        else:
            found.append(value)
    return tuple(found)


def count_of(raw: dict[str, Any], url: str, reading: Reading, path: str) -> int | None:
    """Return a count that stands in an extension."""
    value = extension(raw, url)
    return None if value is None else reading.whole(value, at_extension(path, url))
