"""What an item says, read from and written into its FHIR JSON; what is not ours beside it stays as it is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from forms.fhir_elements import (
    CALCULATED,
    CONSTRAINT,
    EXCLUSIVE,
    HIDDEN,
    INITIAL_EXPRESSION,
    ITEM_CONTROL,
    MAX_DECIMAL_PLACES,
    MAX_OCCURS,
    MAX_VALUE,
    MIN_VALUE,
    SCORES,
    SIGNATURE_REQUIRED,
    UNIT,
    extension,
    extensions,
    parts,
)

CONTROLS = "http://hl7.org/fhir/questionnaire-item-control"
UCUM = "http://unitsofmeasure.org"
FACTOR = "urn:aftercheck:factor"
SYSTEM = "urn:aftercheck:own"
Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OptionLine:
    """One option as it is edited; `score` is what it counts, as typed (empty for nothing)."""

    code: str
    text: str
    score: str = ""
    exclusive: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """The answer of an earlier question compared; `value` is a code, ``true``, ``false`` or a number."""

    question: str
    operator: str
    value: str


@dataclass(frozen=True, slots=True)
class Check:
    """A rule that must be true of the answers: its expression, what is said, and whether it only warns."""

    expression: str
    human: str
    warning: bool = False


def put(item: Item, key: str, value: Any) -> dict[str, Any]:
    """Return the item with an element; None, an empty text or False takes it out."""
    rest = {name: one for name, one in item.items() if name != key}
    return rest if value in (None, "", False, []) else {**rest, key: value}


def put_extension(item: Item, url: str, entries: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the item with these extensions of a url in place of those it had."""
    others = [one for one in item.get("extension") or [] if one.get("url") != url]
    return put(item, "extension", [*others, *({"url": url, **entry} for entry in entries)])


def flag(item: Item, url: str) -> bool:
    """Tell whether an extension is there and not false."""
    return bool(extensions(dict(item), url)) and extension(dict(item), url) is not False


def put_hidden(item: Item, hidden: bool) -> dict[str, Any]:
    """Return the item shown or hidden."""
    return put_extension(item, HIDDEN, [{"valueBoolean": True}] if hidden else [])


def put_signature(item: Item, wanted: bool) -> dict[str, Any]:
    """Return the item with or without a signature asked for."""
    coding = {"system": "urn:iso-astm:E1762-95:2013", "code": "1.2.840.10065.1.12.1.1"}
    return put_extension(
        item, SIGNATURE_REQUIRED, [{"valueCodeableConcept": {"coding": [coding]}}] if wanted else []
    )


def control(item: Item) -> str:
    """Return the code of the item control, empty for none."""
    found = extension(dict(item), ITEM_CONTROL)
    coding = (found or {}).get("coding") if isinstance(found, Mapping) else None
    return str(coding[0].get("code", "")) if isinstance(coding, list) and coding else ""


def put_control(item: Item, code: str) -> dict[str, Any]:
    """Return the item with another control."""
    made = [{"valueCodeableConcept": {"coding": [{"system": CONTROLS, "code": code}]}}] if code else []
    return put_extension(item, ITEM_CONTROL, made)


def unit(item: Item) -> tuple[str, str]:
    """Return UCUM code and shown text of the unit."""
    found = extension(dict(item), UNIT)
    told = found if isinstance(found, Mapping) else {}
    return str(told.get("code", "")), str(told.get("display", ""))


def put_unit(item: Item, code: str, display: str) -> dict[str, Any]:
    """Return the item with another unit."""
    coding = {"system": UCUM, "code": code or display, "display": display or code}
    return put_extension(item, UNIT, [{"valueCoding": coding}] if code or display else [])


def limit(item: Item, url: str) -> str:
    """Return a bound as typed."""
    found = extension(dict(item), url)
    return "" if found is None else str(found)


def put_limit(item: Item, url: str, text: str) -> dict[str, Any]:
    """Return the item with another bound; what is no number is kept as typed, and told as a mistake."""
    whole = item.get("type") == "integer"
    key = "valueDate" if item.get("type") == "date" else "valueInteger" if whole else "valueDecimal"
    value = text.strip() if key == "valueDate" else number(text)
    return put_extension(item, url, [{key: value}] if text.strip() else [])


def put_count(item: Item, url: str, text: str) -> dict[str, Any]:
    """Return the item with another count (decimal places, instances)."""
    return put_extension(item, url, [{"valueInteger": number(text)}] if text.strip() else [])


def number(text: str) -> int | float | str:
    """Return typed digits as a number, anything else as it was typed."""
    text = text.strip()
    try:
        return int(text)
    except ValueError:
        try:
            return float(text)
        except ValueError:
            return text


def options(item: Item) -> list[OptionLine]:
    """Return the options of a choice."""
    return [_option(one) for one in item.get("answerOption") or []]


def _option(raw: Mapping[str, Any]) -> OptionLine:
    value = next((v for k, v in raw.items() if k.startswith("value")), "")
    told = value if isinstance(value, Mapping) else {"code": str(value), "display": str(value)}
    score = next((s for url in SCORES if (s := extension(dict(raw), url)) is not None), "")
    return OptionLine(
        str(told.get("code", "")),
        str(told.get("display", "")),
        str(score),
        extension(dict(raw), EXCLUSIVE) is True,
    )


def put_options(item: Item, lines: Iterable[OptionLine]) -> dict[str, Any]:
    """Return the item with other options; what an option of the same code said beside that stays."""
    before = {_option(one).code: one for one in item.get("answerOption") or []}
    return put(item, "answerOption", [_raw_option(line, before.get(line.code, {})) for line in lines])


def _raw_option(line: OptionLine, raw: Mapping[str, Any]) -> dict[str, Any]:
    old = raw.get("valueCoding")
    coding = {
        **(old if isinstance(old, Mapping) else {"system": SYSTEM}), "code": line.code, "display": line.text,
    }  # fmt: skip
    for url in SCORES:  # what it counts is told at the option alone
        coding = put_extension(coding, url, [])
    made = {**{key: one for key, one in raw.items() if not key.startswith("value")}, "valueCoding": coding}
    score = number(line.score) if line.score.strip() else None
    for url in SCORES[1:]:
        made = put_extension(made, url, [])
    made = put_extension(made, SCORES[0], [] if score is None else [{"valueDecimal": score}])
    return put_extension(made, EXCLUSIVE, [{"valueBoolean": True}] if line.exclusive else [])


def conditions(item: Item) -> list[Condition]:
    """Return the conditions under which an item is asked."""
    return [_condition(one) for one in item.get("enableWhen") or []]


def _condition(raw: Mapping[str, Any]) -> Condition:
    value = next((v for k, v in raw.items() if k.startswith("answer")), "")
    if isinstance(value, Mapping):
        value = value.get("code", value.get("value", ""))
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return Condition(str(raw.get("question", "")), str(raw.get("operator", "")), text)


def put_conditions(
    item: Item, lines: Iterable[Condition], asked: Mapping[str, Item], *, all_of: bool = True
) -> dict[str, Any]:
    """Return the item with other conditions.

    Args:
        item: The item.
        lines: Its conditions.
        asked: The questions they may look at, by link id: the type of the answer is theirs.
        all_of: Whether all must hold, or any.
    """
    listed = [_raw_condition(line, asked.get(line.question, {})) for line in lines]
    made = put(item, "enableWhen", listed)
    return put(made, "enableBehavior", ("all" if all_of else "any") if len(listed) > 1 else None)


def _raw_condition(line: Condition, asked: Item) -> dict[str, Any]:
    made: dict[str, Any] = {"question": line.question, "operator": line.operator}
    kind = asked.get("type")
    if line.operator == "exists" or kind == "boolean":
        return {**made, "answerBoolean": line.value != "false"}
    if kind in ("choice", "open-choice"):
        system = next(
            (_system(one) for one in asked.get("answerOption") or [] if _option(one).code == line.value),
            SYSTEM,
        )
        return {**made, "answerCoding": {"system": system, "code": line.value}}
    if kind in ("integer", "decimal"):
        return {**made, "answerInteger" if kind == "integer" else "answerDecimal": number(line.value)}
    return {**made, "answerDate" if kind == "date" else "answerString": line.value}


def _system(option: Mapping[str, Any]) -> str:
    coding = option.get("valueCoding")
    return str(coding.get("system", SYSTEM)) if isinstance(coding, Mapping) else SYSTEM


def expression(item: Item, url: str) -> str:
    """Return the text of an expression, empty for none."""
    found = extension(dict(item), url)
    return str(found.get("expression", "")) if isinstance(found, Mapping) else ""


def put_expression(item: Item, url: str, text: str) -> dict[str, Any]:
    """Return the item with another expression; a name it had stays."""
    found = extension(dict(item), url)
    named = {"name": found["name"]} if isinstance(found, Mapping) and found.get("name") else {}
    told = {**named, "language": "text/fhirpath", "expression": text.strip()}
    return put_extension(item, url, [{"valueExpression": told}] if text.strip() else [])


def checks(item: Item) -> list[Check]:
    """Return the rules of an item or of the questionnaire."""
    found = [parts(entry) for entry in extensions(dict(item), CONSTRAINT)]
    return [
        Check(_text(one.get("expression")), str(one.get("human") or ""), one.get("severity") == "warning")
        for one in found
    ]


def _text(told: Any) -> str:
    return str(told.get("expression", "")) if isinstance(told, Mapping) else str(told or "")


def put_checks(item: Item, lines: Iterable[Check]) -> dict[str, Any]:
    """Return the item with other rules."""
    made = [
        {
            "extension": [
                {"url": "key", "valueId": f"check-{n}"},
                {"url": "severity", "valueCode": "warning" if line.warning else "error"},
                {"url": "expression", "valueString": line.expression},
                {"url": "human", "valueString": line.human},
            ]
        }
        for n, line in enumerate(lines, 1)
    ]
    return put_extension(item, CONSTRAINT, made)


def factor(item: Item) -> str:
    """Return the factor an item asks for, empty for none."""
    return next((str(one.get("code")) for one in item.get("code") or [] if one.get("system") == FACTOR), "")


def put_factor(item: Item, code: str) -> dict[str, Any]:
    """Return the item asking for another factor; what others ask of the same, it need not be asked twice."""
    others = [one for one in item.get("code") or [] if one.get("system") != FACTOR]
    own = [{"system": FACTOR, "code": code, "display": str(item.get("text", ""))}] if code else []
    return put(item, "code", [*others, *own])


__all__ = [
    "CALCULATED", "HIDDEN", "INITIAL_EXPRESSION", "MAX_DECIMAL_PLACES", "MAX_OCCURS", "MAX_VALUE", "MIN_VALUE",
    "SIGNATURE_REQUIRED",
]  # fmt: skip
