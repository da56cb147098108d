"""Reading the elements of FHIR JSON: extensions, value[x], Coding; mistakes are gathered with path."""

from datetime import date
from decimal import Decimal
from typing import Any

from forms.questionnaire import Answer, Coding, ItemType

_HL7 = "http://hl7.org/fhir/StructureDefinition/"
_SDC = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-"
HIDDEN = _HL7 + "questionnaire-hidden"
UNIT = _HL7 + "questionnaire-unit"
MIN_VALUE = _HL7 + "minValue"
MAX_VALUE = _HL7 + "maxValue"
MIN_LENGTH = _HL7 + "minLength"
MAX_DECIMAL_PLACES = _HL7 + "maxDecimalPlaces"
SCORES = (_HL7 + "ordinalValue", _HL7 + "itemWeight")
EXCLUSIVE = _HL7 + "questionnaire-optionExclusive"

# Extensions that change which questions are asked or which answers are right. To pass over one would make
# another form of it; all others only dress the page, prefill it or serve extraction, and are passed over.
_CHANGES_MEANING = frozenset(
    [_HL7 + name for name in ("questionnaire-constraint", "targetConstraint", "regex")]
    + [_HL7 + name for name in ("questionnaire-minOccurs", "questionnaire-maxOccurs")]
    + [
        _SDC + name
        for name in (
            "enableWhenExpression",
            "calculatedExpression",
            "answerExpression",
            "answerOptionsToggleExpression",
            "candidateExpression",
            "subQuestionnaire",
        )
    ]
)
_KINDS_OF_VALUE = {
    ItemType.BOOLEAN: ("Boolean",),
    ItemType.INTEGER: ("Integer",),
    ItemType.DECIMAL: ("Decimal", "Integer"),
    ItemType.STRING: ("String",),
    ItemType.TEXT: ("String",),
    ItemType.DATE: ("Date",),
    ItemType.CHOICE: ("Coding", "String", "Integer", "Date"),
    ItemType.OPEN_CHOICE: ("Coding", "String", "Integer", "Date"),
}


class Reading:
    """One form being read: the mistakes found so far, and what its questions are."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.kinds: dict[str, ItemType] = {}
        self.seen: set[str] = set()
        self.value_sets: dict[str, Any] = {}

    def refuse(self, path: str, reason: str) -> None:
        """Note an element that cannot be used."""
        self.problems.append(f"{path}: {reason}")

    def objects(self, raw: dict[str, Any], name: str, path: str) -> list[dict[str, Any]]:
        """Return the objects listed under `name`; anything else there is a mistake."""
        listed = raw.get(name, [])
        if isinstance(listed, list) and all(isinstance(entry, dict) for entry in listed):
            return listed
        self.refuse(f"{path}.{name}", "not a list of objects")
        return []

    def flag(self, raw: dict[str, Any], name: str, path: str) -> bool:
        """Return a true-or-false element, absent as false."""
        value = raw.get(name, False)
        if not isinstance(value, bool):
            self.refuse(f"{path}.{name}", f"not a boolean: {value!r}")
        return value is True

    def words(self, raw: dict[str, Any], name: str, path: str) -> str:
        """Return a text element, absent as empty."""
        value = raw.get(name, "")
        if not isinstance(value, str):
            self.refuse(f"{path}.{name}", f"not a text: {value!r}")
            return ""
        return value

    def whole(self, value: Any, path: str) -> int | None:
        """Return a count that may be absent."""
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        self.refuse(path, f"not a count: {value!r}")
        return None

    def extensions(self, raw: dict[str, Any], path: str) -> None:
        """Refuse extensions that change the meaning of what they stand on."""
        if "modifierExtension" in raw:
            self.refuse(f"{path}.modifierExtension".lstrip("."), "not supported")
        for entry in self.objects(raw, "extension", path):
            url = str(entry.get("url"))
            if url in _CHANGES_MEANING:
                self.refuse(f"{path}.extension({url.rpartition('/')[2]})".lstrip("."), "not supported")

    def coding(self, raw: Any, path: str) -> Coding | None:
        """Read a Coding that has a code."""
        found = as_coding(raw)
        if found is None:
            self.refuse(path, "a Coding with a code is needed")
        return found


def extension(raw: dict[str, Any], url: str) -> Any:
    """Return the value of the first extension `url`, or None."""
    for entry in raw.get("extension", []) if isinstance(raw.get("extension"), list) else []:
        if isinstance(entry, dict) and entry.get("url") == url:
            return next((value for key, value in entry.items() if key.startswith("value")), None)
    return None


def as_coding(raw: Any) -> Coding | None:
    """Return a FHIR Coding as ours, or None if it has no code."""
    if not isinstance(raw, dict) or not isinstance(raw.get("code"), str) or not raw["code"]:
        return None
    return Coding(raw["code"], str(raw.get("system", "")), str(raw.get("display", "")))


def choice_value(raw: dict[str, Any], stem: str, kind: ItemType) -> Answer | None:
    """Return ``stem[x]`` (value or answer) of an element if it is there once and fits `kind`."""
    found = [(key.removeprefix(stem), value) for key, value in raw.items() if key.startswith(stem)]
    if len(found) != 1 or found[0][0] not in _KINDS_OF_VALUE.get(kind, ()):
        return None
    value = _typed(*found[0])
    return Decimal(value) if kind is ItemType.DECIMAL and isinstance(value, int) else value


def _typed(type_name: str, raw: Any) -> Answer | None:
    if type_name == "Coding":
        return as_coding(raw)
    if type_name == "Boolean":
        return raw if isinstance(raw, bool) else None
    if type_name in ("Integer", "Decimal"):
        return number(raw, whole=type_name == "Integer")
    if not isinstance(raw, str) or not raw:
        return None
    return full_date(raw) if type_name == "Date" else raw


def number(raw: Any, *, whole: bool) -> int | Decimal | None:
    """Return a JSON number as int or `Decimal`; a float only by its shortest decimal form."""
    if isinstance(raw, bool) or not isinstance(raw, int | Decimal | float):
        return None
    if whole:
        return raw if isinstance(raw, int) else None
    value = Decimal(str(raw))
    return value if value.is_finite() else None


def full_date(raw: str) -> date | None:
    """Return a day; FHIR's partial dates (2026-11) are not answers here."""
    try:
        found = date.fromisoformat(raw)
    except ValueError:
        return None
    return found if found.isoformat() == raw else None
