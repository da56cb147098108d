"""Writing a form back as FHIR R4 JSON.

What an element was read from is kept beside it (`forms.questionnaire.Source`). Writing lays what the typed values say
now over that JSON: an element that still means what was read stays as it stood there, one that was changed is written
anew, and everything that is not ours (translations, rendering, extraction, tags) stays.
"""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from forms import fhir_elements as fhir
from forms.fhir_values import json_of, type_of, written
from forms.questionnaire import Constraint, Expression, Item, ItemType, Option, Questionnaire, Unit
from forms.values import Coding, Temporal

Element = dict[str, Any]


def write_form(form: Questionnaire) -> Element:
    """Return the form as a Questionnaire; decimals are `Decimal`, as `forms.response.to_json` takes them."""
    return {
        **_over(form, _form_head),
        **({"item": [write_item(item) for item in form.items]} if form.items else {}),
    }


def write_item(item: Item) -> Element:
    """Return an item with all below it."""
    found = _over(item, _item_head)
    if item.options and not item.value_set:
        found["answerOption"] = [_over(option, _option(item.type)) for option in item.options]
    if item.items:
        found["item"] = [write_item(child) for child in item.items]
    return found


def _over(value: Any, head: Callable[[Any], Element]) -> Element:
    """Return what `head` makes of a value, laid over the JSON it was read from."""
    now = head(value)
    if value.source is None:
        return now
    then = head(value.source.read)
    # Children and options are written by themselves.
    found = {key: entry for key, entry in value.source.raw.items() if key not in ("item", "answerOption")}
    for key in [*then, *now]:
        if key != "extension" and then.get(key) != now.get(key):
            found.pop(key, None)
            if key in now:
                found[key] = now[key]
    if extensions := _extensions(found.get("extension", []), then, now):
        found["extension"] = extensions
    else:
        found.pop("extension", None)
    return found


def _extensions(raw: list[Element], then: Element, now: Element) -> list[Element]:
    before, after = _by_url(then), _by_url(now)
    changed = {url for url in before.keys() | after.keys() if before.get(url) != after.get(url)}
    kept = [entry for entry in raw if entry.get("url") not in changed]
    return kept + [entry for entry in now.get("extension", []) if entry["url"] in changed]


def _by_url(element: Element) -> dict[str, list[Element]]:
    found: dict[str, list[Element]] = {}
    for entry in element.get("extension", []):
        found.setdefault(entry["url"], []).append(entry)
    return found


def _form_head(form: Questionnaire) -> Element:
    found: Element = {"resourceType": "Questionnaire"}
    for key in ("url", "version", "title", "status"):
        if value := getattr(form, key):
            found[key] = value
    extensions = [
        *(_expression(fhir.VARIABLE, variable) for variable in form.variables),
        *(_expression(fhir.CALCULATED, named) for named in form.named),
        *(_constraint(fhir.TARGET_CONSTRAINT, constraint) for constraint in form.constraints),
    ]
    if form.signature_required:
        extensions.append(_signature())
    return {**found, "extension": extensions} if extensions else found


def _item_head(item: Item) -> Element:
    found: Element = {"linkId": item.link_id, "type": item.type.value}
    for key, value in (
        ("text", item.text), ("prefix", item.prefix), ("answerValueSet", item.value_set),
        ("required", item.required), ("repeats", item.repeats), ("readOnly", item.read_only),
        ("maxLength", item.max_length), ("code", [json_of(code) for code in item.codes]),
        ("initial", [written(value, item.type) for value in item.initial]),
    ):  # fmt: skip
        if value or (value == 0 and value is not False):
            found[key] = value
    if item.enable_when:
        found["enableWhen"] = [
            {
                "question": one.question,
                "operator": one.operator,
                "answer" + type_of(one.answer, ItemType.STRING): json_of(one.answer),
            }
            for one in item.enable_when
        ]
        if len(item.enable_when) > 1 or not item.enable_all:
            found["enableBehavior"] = "all" if item.enable_all else "any"
    extensions = _item_extensions(item)
    return {**found, "extension": extensions} if extensions else found


def _item_extensions(item: Item) -> list[Element]:
    expressions = (
        (fhir.ENABLE_EXPRESSION, item.enable_expression), (fhir.CALCULATED, item.calculated),
        (fhir.INITIAL_EXPRESSION, item.initial_expression), (fhir.ANSWER_EXPRESSION, item.answer_expression),
    )  # fmt: skip
    counts = (
        (fhir.MIN_LENGTH, item.min_length), (fhir.MAX_DECIMAL_PLACES, item.max_decimal_places),
        (fhir.MIN_OCCURS, item.min_occurs), (fhir.MAX_OCCURS, item.max_occurs),
    )  # fmt: skip
    bounds = ((fhir.MIN_VALUE, item.min_value), (fhir.MAX_VALUE, item.max_value))
    found: list[Element] = [{"url": fhir.HIDDEN, "valueBoolean": True}] if item.hidden else []
    if item.control:
        control = {"system": "http://hl7.org/fhir/questionnaire-item-control", "code": item.control}
        found.append({"url": fhir.ITEM_CONTROL, "valueCodeableConcept": {"coding": [control]}})
    if item.unit is not None:
        found.append({"url": fhir.UNIT, "valueCoding": _unit(item.unit)})
    found += [{"url": fhir.UNIT_OPTION, "valueCoding": _unit(unit)} for unit in item.unit_options]
    found += [_bound(url, value, item.type) for url, value in bounds if value is not None]
    found += [{"url": url, "valueInteger": value} for url, value in counts if value is not None]
    if item.pattern:
        found.append({"url": fhir.REGEX, "valueString": item.pattern})
    if item.entry_format:
        found.append({"url": fhir.ENTRY_FORMAT, "valueString": item.entry_format})
    if item.max_size is not None:
        found.append({"url": fhir.MAX_SIZE, "valueDecimal": Decimal(item.max_size) / 1_000_000})
    found += [{"url": fhir.MIME_TYPE, "valueCode": mime} for mime in item.mime_types]
    found += [{"url": fhir.STANDS_FOR, "valueString": other} for other in item.stands_for]
    if item.signature_required:
        found.append(_signature())
    found += [_expression(url, expression) for url, expression in expressions if expression is not None]
    found += [_expression(fhir.VARIABLE, variable) for variable in item.variables]
    return found + [_constraint(fhir.CONSTRAINT, constraint) for constraint in item.constraints]


def _option(kind: ItemType) -> Callable[[Option], Element]:
    def head(option: Option) -> Element:
        found = written(option.value, kind)
        if option.initial:
            found["initialSelected"] = True
        extensions: list[Element] = []
        if option.score is not None:
            extensions.append({"url": fhir.SCORES[0], "valueDecimal": option.score})
        if option.exclusive:
            extensions.append({"url": fhir.EXCLUSIVE, "valueBoolean": True})
        return {**found, "extension": extensions} if extensions else found

    return head


def _unit(unit: Unit) -> Element:
    return json_of(Coding(unit.code, unit.system, unit.display))  # type: ignore[no-any-return]


def _bound(url: str, value: Decimal | date | Temporal, kind: ItemType) -> Element:
    whole = isinstance(value, Decimal) and kind is ItemType.INTEGER
    return {"url": url, **written(int(value) if whole else value, kind)}  # type: ignore[arg-type]


def _expression(url: str, expression: Expression) -> Element:
    found = {"name": expression.name} if expression.name else {}
    return {
        "url": url,
        "valueExpression": {**found, "language": expression.language, "expression": expression.text},
    }


def _constraint(url: str, constraint: Constraint) -> Element:
    expression = {"language": constraint.expression.language, "expression": constraint.expression.text}
    told: list[Element] = [
        {"url": "key", "valueId": constraint.key},
        {"url": "severity", "valueCode": constraint.severity},
        {"url": "expression", "valueExpression": expression},
        {"url": "human", "valueString": constraint.human},
    ]
    if url == fhir.CONSTRAINT:
        told[2] = {"url": "expression", "valueString": constraint.expression.text}
    return {"url": url, "extension": told}


def _signature() -> Element:
    coding = {"system": "urn:iso-astm:E1762-95:2013", "code": "1.2.840.10065.1.12.1.1"}
    return {"url": fhir.SIGNATURE_REQUIRED, "valueCodeableConcept": {"coding": [coding]}}
