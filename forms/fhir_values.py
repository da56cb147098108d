"""``value[x]`` of FHIR JSON read into our values and written back."""

from dataclasses import fields
from datetime import date
from decimal import Decimal
from typing import Any

from forms.questionnaire import ItemType
from forms.values import Answer, Attachment, Coding, Quantity, Reference, Temporal

KINDS_OF_VALUE = {
    ItemType.BOOLEAN: ("Boolean",),
    ItemType.INTEGER: ("Integer",),
    ItemType.DECIMAL: ("Decimal", "Integer"),
    ItemType.QUANTITY: ("Quantity",),
    ItemType.STRING: ("String",),
    ItemType.TEXT: ("String",),
    ItemType.URL: ("Uri", "Url"),
    ItemType.DATE: ("Date",),
    ItemType.DATE_TIME: ("DateTime", "Date"),
    ItemType.TIME: ("Time",),
    ItemType.ATTACHMENT: ("Attachment",),
    ItemType.REFERENCE: ("Reference",),
    ItemType.CHOICE: ("Coding", "String", "Integer", "Date", "Time", "Reference"),
    ItemType.OPEN_CHOICE: ("Coding", "String", "Integer", "Date", "Time", "Reference"),
}
_COMPLEX: dict[str, type[Quantity | Attachment | Reference]] = {
    "Quantity": Quantity, "Attachment": Attachment, "Reference": Reference}  # fmt: skip
_TEMPORAL = {"Date": "date", "DateTime": "dateTime", "Time": "time"}
_JSON_NAMES = {"content_type": "contentType"}


def choice_value(raw: dict[str, Any], stem: str, kind: ItemType) -> Answer | None:
    """Return ``stem[x]`` (value or answer) of an element if it is there once and fits `kind`."""
    found = [(key.removeprefix(stem), value) for key, value in raw.items() if key.startswith(stem)]
    if len(found) != 1 or found[0][0] not in KINDS_OF_VALUE.get(kind, ()):
        return None
    value = read_value(*found[0])
    return Decimal(value) if kind is ItemType.DECIMAL and isinstance(value, int) else value


def read_value(type_name: str, raw: Any) -> Answer | None:
    """Return the value of one FHIR type, or None if the JSON is none."""
    if type_name == "Coding":
        return as_coding(raw)
    if type_name in _COMPLEX:
        return _complex(_COMPLEX[type_name], raw)
    if type_name == "Boolean":
        return raw if isinstance(raw, bool) else None
    if type_name in ("Integer", "Decimal"):
        return number(raw, whole=type_name == "Integer")
    if not isinstance(raw, str) or not raw:
        return None
    if type_name == "Date" and (day := full_date(raw)):
        return day
    return Temporal.parse(_TEMPORAL[type_name], raw) if type_name in _TEMPORAL else raw


def as_coding(raw: Any) -> Coding | None:
    """Return a FHIR Coding as ours, or None if it has neither code nor display."""
    if not isinstance(raw, dict):
        return None
    code, system, display = (raw.get(key, "") for key in ("code", "system", "display"))
    if not all(isinstance(part, str) for part in (code, system, display)) or not (code or display):
        return None
    return Coding(code, system, display)


def _complex(kind: type[Quantity | Attachment | Reference], raw: Any) -> Answer | None:
    if not isinstance(raw, dict):
        return None
    parts: dict[str, Any] = {}
    for part in fields(kind):
        value = raw.get(_JSON_NAMES.get(part.name, part.name))
        if value is None:
            continue
        if part.name == "value":
            value = number(value, whole=False)
            value = None if value is None else Decimal(value)
        fits = isinstance(value, int | Decimal) if part.name in ("value", "size") else isinstance(value, str)
        if not fits or isinstance(value, bool):
            return None
        parts[part.name] = value
    if kind is Quantity:
        parts.setdefault("value", None)
    return kind(**parts)


def number(raw: Any, *, whole: bool) -> int | Decimal | None:
    """Return a JSON number as int or `Decimal`; a float only by its shortest decimal form."""
    if isinstance(raw, bool) or not isinstance(raw, int | Decimal | float):
        return None
    if whole:
        return raw if isinstance(raw, int) else None
    value = Decimal(str(raw))
    return value if value.is_finite() else None


def full_date(raw: str) -> date | None:
    """Return a whole day; FHIR's partial dates (2026-11) are `Temporal`."""
    try:
        found = date.fromisoformat(raw)
    except ValueError:
        return None
    return found if found.isoformat() == raw else None


def written(answer: Answer, kind: ItemType, stem: str = "value") -> dict[str, Any]:
    """Return an answer as the one-entry object ``{stem[x]: …}`` of a question of `kind`."""
    return {stem + type_of(answer, kind): json_of(answer)}


def type_of(answer: Answer, kind: ItemType) -> str:
    """Return the FHIR type an answer is written as."""
    if isinstance(answer, Coding | Quantity | Attachment | Reference):
        return type(answer).__name__
    if isinstance(answer, bool):
        return "Boolean"
    if isinstance(answer, int | Decimal):
        return "Integer" if isinstance(answer, int) and kind is not ItemType.DECIMAL else "Decimal"
    if isinstance(answer, Temporal):
        return answer.kind[0].upper() + answer.kind[1:]
    if isinstance(answer, date):
        return "DateTime" if kind is ItemType.DATE_TIME else "Date"
    return "Uri" if kind is ItemType.URL else "String"


def json_of(answer: Answer) -> Any:
    """Return the bare JSON of an answer; decimals stay `Decimal`, with the digits they were given."""
    if isinstance(answer, Coding):
        parts = {"system": answer.system, "code": answer.code, "display": answer.display}
        return {key: value for key, value in parts.items() if value}
    if isinstance(answer, Quantity | Attachment | Reference):
        pairs = (
            (_JSON_NAMES.get(part.name, part.name), getattr(answer, part.name)) for part in fields(answer)
        )
        return {name: value for name, value in pairs if value not in ("", None)}
    if isinstance(answer, Temporal):
        return answer.text
    return answer.isoformat() if isinstance(answer, date) else answer
