"""The permitted answers of a choice: listed with the question, or in a value set the form brings along."""

from decimal import Decimal
from typing import Any

from forms.fhir_elements import EXCLUSIVE, SCORES, Reading, as_coding, choice_value, extension, number
from forms.questionnaire import ItemType, Option

_CHOICES = (ItemType.CHOICE, ItemType.OPEN_CHOICE)


def read_options(raw: dict[str, Any], kind: ItemType, reading: Reading, path: str) -> tuple[Option, ...]:
    """Return the options of an item; a value set elsewhere is refused: a branch may be offline."""
    for element in ("answerOption", "answerValueSet"):
        if element in raw and kind not in _CHOICES:
            reading.refuse(f"{path}.{element}", f"not for {kind}")
            return ()
    if "answerOption" in raw and "answerValueSet" in raw:
        reading.refuse(f"{path}.answerValueSet", "stands beside answerOption (que-4)")
    if "answerValueSet" in raw:
        return _from_value_set(raw["answerValueSet"], reading, f"{path}.answerValueSet")
    if kind is ItemType.CHOICE and not raw.get("answerOption"):
        reading.refuse(f"{path}.answerOption", "a choice without answers")
    listed = enumerate(reading.objects(raw, "answerOption", path))
    found = [_option(entry, kind, reading, f"{path}.answerOption[{index}]") for index, entry in listed]
    return tuple(option for option in found if option is not None)


def _option(raw: dict[str, Any], kind: ItemType, reading: Reading, path: str) -> Option | None:
    reading.extensions(raw, path)
    value = choice_value(raw, "value", kind)
    if value is None:
        reading.refuse(f"{path}.value[x]", "one Coding, text, integer or full date is needed")
        return None
    coded = raw.get("valueCoding")
    score = _score(raw, reading, path)
    if score is None and isinstance(coded, dict):
        score = _score(coded, reading, f"{path}.valueCoding")
    initial = reading.flag(raw, "initialSelected", path)
    return Option(value, score, initial, extension(raw, EXCLUSIVE) is True)


def _score(raw: dict[str, Any], reading: Reading, path: str) -> Decimal | None:
    value = next((found for url in SCORES if (found := extension(raw, url)) is not None), None)
    if value is None:
        return None
    score = number(value, whole=False)
    if score is None:
        reading.refuse(f"{path}.extension(ordinalValue)", f"not a number: {value!r}")
    return Decimal(score) if score is not None else None


def _from_value_set(reference: Any, reading: Reading, path: str) -> tuple[Option, ...]:
    value_set = reading.value_sets.get(reference) if isinstance(reference, str) else None
    if value_set is None or value_set.get("resourceType") != "ValueSet":
        reading.refuse(path, f"only a contained ValueSet is supported: {reference!r}")
        return ()
    found = _concepts(value_set, reading, path)
    if not found:
        reading.refuse(path, f"no codes listed in the contained ValueSet {reference!r}")
    return tuple(found)


def _concepts(value_set: dict[str, Any], reading: Reading, path: str) -> list[Option]:
    expansion, compose = value_set.get("expansion"), value_set.get("compose")
    if isinstance(expansion, dict):
        return _coded(reading.objects(expansion, "contains", path), "", reading, path)
    found: list[Option] = []
    if isinstance(compose, dict):
        if "exclude" in compose:
            reading.refuse(path, "ValueSet.compose.exclude is not supported")
        for include in reading.objects(compose, "include", path):
            if include.keys() & {"filter", "valueSet"}:
                reading.refuse(path, "ValueSet.compose.include by filter or reference is not supported")
            system = str(include.get("system", ""))
            found += _coded(reading.objects(include, "concept", path), system, reading, path)
    return found


def _coded(listed: list[dict[str, Any]], system: str, reading: Reading, path: str) -> list[Option]:
    """Read concepts of one level; an expansion's nested or abstract entries are refused."""
    found = []
    for entry in listed:
        coding = as_coding({"system": system, **entry})
        if coding is None or "contains" in entry or entry.get("abstract") is True:
            reading.refuse(path, "a ValueSet entry that is not one plain code")
        else:
            found.append(Option(coding, _score(entry, reading, path)))
    return found
