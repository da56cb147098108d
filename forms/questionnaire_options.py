"""The permitted answers of a choice: listed with the question, or in a value set the form brings along."""

from decimal import Decimal
from typing import Any

from forms.fhir_elements import EXCLUSIVE, SCORES, Reading, at_extension, extension
from forms.fhir_values import as_coding, choice_value, number
from forms.questionnaire import ItemType, Option, Source

_CHOICES = (ItemType.CHOICE, ItemType.OPEN_CHOICE)
# Simple questions may list what is usually answered, as long as the answers are of their own type (R4 que-5).
_WITH_OPTIONS = (*_CHOICES, ItemType.INTEGER, ItemType.DATE, ItemType.TIME, ItemType.STRING, ItemType.TEXT)


def read_options(raw: dict[str, Any], kind: ItemType, reading: Reading, path: str) -> tuple[Option, ...]:
    """Return the options of an item; of a value set that is not at hand none: the question is then open."""
    allowed = {"answerOption": _WITH_OPTIONS, "answerValueSet": _CHOICES}
    for element, kinds in allowed.items():
        if element in raw and kind not in kinds:
            reading.refuse(f"{path}.{element}", f"not for {kind}")
            return ()
    if "answerOption" in raw and "answerValueSet" in raw:
        reading.refuse(f"{path}.answerValueSet", "stands beside answerOption (que-4)")
    if "answerValueSet" in raw:
        return _from_value_set(raw["answerValueSet"], reading, f"{path}.answerValueSet")
    listed = enumerate(reading.objects(raw, "answerOption", path))
    found = [_option(entry, kind, reading, f"{path}.answerOption[{index}]") for index, entry in listed]
    return tuple(option for option in found if option is not None)


def _option(raw: dict[str, Any], kind: ItemType, reading: Reading, path: str) -> Option | None:
    reading.extensions(raw, path)
    value = choice_value(raw, "value", kind)
    if value is None:
        reading.refuse(f"{path}.value[x]", "one Coding, text, integer, date or time is needed")
        return None
    coded = raw.get("valueCoding")
    score = _score(raw, reading, path)
    if score is None and isinstance(coded, dict):
        score = _score(coded, reading, f"{path}.valueCoding")
    initial = reading.flag(raw, "initialSelected", path)
    option = Option(value, score, initial, extension(raw, EXCLUSIVE) is True)
    return Option(value, score, initial, option.exclusive, Source(raw, option))


def _score(raw: dict[str, Any], reading: Reading, path: str) -> Decimal | None:
    url, value = next(
        ((url, found) for url in SCORES if (found := extension(raw, url)) is not None), ("", None)
    )
    if value is None:
        return None
    score = number(value, whole=False)
    if score is None:
        reading.refuse(at_extension(path, url), f"not a number: {value!r}")
    return Decimal(score) if score is not None else None


def _from_value_set(reference: Any, reading: Reading, path: str) -> tuple[Option, ...]:
    if not isinstance(reference, str) or not reference:
        reading.refuse(path, f"not a reference: {reference!r}")
        return ()
    value_set = reading.value_sets.get(reference)
    if value_set is None and reference.startswith("#"):
        reading.refuse(path, f"no such contained ValueSet: {reference!r}")
        return ()
    if value_set is None:
        return ()
    found = _concepts(value_set, reading, path)
    return tuple(found or ())


def _concepts(value_set: dict[str, Any], reading: Reading, path: str) -> list[Option] | None:
    """Return the codes listed; None if they would have to be worked out by a terminology server."""
    expansion, compose = value_set.get("expansion"), value_set.get("compose")
    if isinstance(expansion, dict):
        return _coded(reading.objects(expansion, "contains", path), "", reading, path)
    found: list[Option] = []
    if isinstance(compose, dict):
        if "exclude" in compose:
            return None
        for include in reading.objects(compose, "include", path):
            if include.keys() & {"filter", "valueSet"} or not include.get("concept"):
                return None
            system = str(include.get("system", ""))
            found += _coded(reading.objects(include, "concept", path), system, reading, path)
    return found


def _coded(listed: list[dict[str, Any]], system: str, reading: Reading, path: str) -> list[Option]:
    """Read concepts; of an expansion's tree the entries that may be chosen, in their order."""
    found = []
    for entry in listed:
        coding = as_coding({"system": system, **entry})
        if entry.get("abstract") is not True:
            if coding is None or not coding.code:
                reading.refuse(path, "a ValueSet entry without a code")
            else:
                found.append(Option(coding, _score(entry, reading, path)))
        found += _coded(reading.objects(entry, "contains", path), system, reading, path)
    return found
