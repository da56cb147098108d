"""Reading FHIR R4 Questionnaire JSON into our values; every element that cannot be used is named."""

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from domain.kernel.content import ContentError
from domain.kernel.errors import DomainError
from forms.enablement import loop
from forms.fhir_elements import (
    HIDDEN,
    MAX_DECIMAL_PLACES,
    MAX_VALUE,
    MIN_LENGTH,
    MIN_VALUE,
    UNIT,
    Reading,
    choice_value,
    extension,
    full_date,
    number,
)
from forms.questionnaire import Answer, Coding, EnableWhen, Item, ItemType, Questionnaire, Unit
from forms.questionnaire_options import read_options

_OPERATORS = ("exists", "=", "!=", ">", "<", ">=", "<=")
_ORDERED = (ItemType.INTEGER, ItemType.DECIMAL, ItemType.DATE)
_ELEMENTS = frozenset({"linkId", "definition", "code", "prefix", "text", "type", "initial", "item"}) | {
    *("enableWhen", "enableBehavior", "required", "repeats", "readOnly", "maxLength"),
    *("answerValueSet", "answerOption", "extension", "modifierExtension", "id"),
}
_DEEPEST = 30


def load_forms(folder: Path) -> dict[str, Questionnaire]:
    """Return every form in `folder` by its file stem.

    Raises:
        ContentError: Every mistake of every file, each with its element.
    """
    found: dict[str, Questionnaire] = {}
    problems: list[str] = []
    for path in sorted(folder.glob("*.json")):
        try:
            form = found[path.stem] = load_form(path)
        except DomainError as error:
            problems += [f"{path.name}: {problem}" for problem in error.facts["problems"]]
        else:
            missing = [key for key in ("url", "version", "title") if not getattr(form, key)]
            problems += [f"{path.name}: {key}: missing" for key in missing]
    if problems:
        raise ContentError(problems)
    return found


def load_form(path: Path) -> Questionnaire:
    """Read one file; see `parse_form`."""
    try:
        resource = json.loads(path.read_text("utf-8-sig"), parse_float=Decimal)
    except ValueError as error:
        raise _refusal([f"{path.name}: not JSON: {error}"]) from error
    return parse_form(resource)


def parse_form(resource: Any) -> Questionnaire:
    """Return the form.

    Args:
        resource: Questionnaire as JSON reads it, best with floats read as `Decimal`.

    Raises:
        DomainError: ``form.not_supported``; fact `problems` names every element that cannot be honoured,
            `field` is the first of them (``item[2].enableWhen[0].operator``).
    """
    reading = Reading()
    if not isinstance(resource, dict) or resource.get("resourceType") != "Questionnaire":
        raise _refusal(["resourceType: not a Questionnaire"])
    reading.extensions(resource, "")
    reading.value_sets = {
        f"#{entry.get('id')}": entry for entry in reading.objects(resource, "contained", "Questionnaire")
    }
    _survey(resource, reading)
    items = _items(resource, reading, "", 0)
    text = {
        key: reading.words(resource, key, "Questionnaire") for key in ("url", "version", "title", "status")
    }
    form = Questionnaire(**text, items=items)
    if not reading.problems and (circle := loop(form)):
        reading.refuse("enableWhen", f"questions depend on each other: {' > '.join(circle)}")
    if reading.problems:
        raise _refusal(reading.problems)
    return form


def _refusal(problems: list[str]) -> DomainError:
    first = problems[0].split(": ")[0]
    return DomainError(
        "form.not_supported", first, element=first, count=len(problems), problems=tuple(problems)
    )


def _survey(resource: dict[str, Any], reading: Reading) -> None:
    """Learn every question's type first: a condition may look at a question further down."""
    for raw in _raw_items(resource, 0):
        kind = raw.get("type")
        if isinstance(kind, str) and kind in set(ItemType):
            reading.kinds.setdefault(str(raw.get("linkId")), ItemType(kind))


def _raw_items(raw: dict[str, Any], depth: int) -> Iterator[dict[str, Any]]:
    listed = raw.get("item")
    for entry in listed if isinstance(listed, list) and depth < _DEEPEST else []:
        if isinstance(entry, dict):
            yield entry
            yield from _raw_items(entry, depth + 1)


def _items(parent: dict[str, Any], reading: Reading, path: str, depth: int) -> tuple[Item, ...]:
    if depth >= _DEEPEST:
        reading.refuse(f"{path}item", f"nested more than {_DEEPEST} deep")
        return ()
    listed = reading.objects(parent, "item", path.rstrip("."))
    found = [_item(raw, reading, f"{path}item[{index}]", depth) for index, raw in enumerate(listed)]
    return tuple(item for item in found if item is not None)


def _item(raw: dict[str, Any], reading: Reading, path: str, depth: int) -> Item | None:
    for name in sorted(raw.keys() - _ELEMENTS):
        # An underscore twin only carries extensions of a plain element (translations, rendering).
        if name.removeprefix("_") not in _ELEMENTS:
            reading.refuse(f"{path}.{name}", "not an element of an R4 item")
    reading.extensions(raw, path)
    items = _items(raw, reading, f"{path}.", depth + 1)
    if not isinstance(raw.get("type"), str) or raw["type"] not in set(ItemType):
        reading.refuse(f"{path}.type", f"not supported: {raw.get('type')!r}")
        return None
    kind = ItemType(raw["type"])
    item = Item(
        link_id=_link_id(raw, reading, path),
        type=kind,
        text=reading.words(raw, "text", path),
        prefix=reading.words(raw, "prefix", path),
        codes=_codes(raw, reading, path),
        required=reading.flag(raw, "required", path),
        repeats=reading.flag(raw, "repeats", path),
        read_only=reading.flag(raw, "readOnly", path),
        hidden=extension(raw, HIDDEN) is True,
        options=read_options(raw, kind, reading, path),
        enable_when=_conditions(raw, reading, path),
        enable_all=raw.get("enableBehavior") != "any",
        min_value=_bound(raw, MIN_VALUE, kind, reading, path),
        max_value=_bound(raw, MAX_VALUE, kind, reading, path),
        min_length=reading.whole(extension(raw, MIN_LENGTH), f"{path}.extension(minLength)"),
        max_length=reading.whole(raw.get("maxLength"), f"{path}.maxLength"),
        max_decimal_places=reading.whole(
            extension(raw, MAX_DECIMAL_PLACES), f"{path}.extension(maxDecimalPlaces)"
        ),
        unit=_unit(raw, reading, path),
        initial=_initial(raw, kind, reading, path),
        items=items,
    )
    _check_structure(item, reading, path)
    return item


def _link_id(raw: dict[str, Any], reading: Reading, path: str) -> str:
    link_id = reading.words(raw, "linkId", path)
    if not link_id:
        reading.refuse(f"{path}.linkId", "missing")
    elif link_id in reading.seen:
        reading.refuse(f"{path}.linkId", f"twice: {link_id!r} (que-2)")
    reading.seen.add(link_id)
    return link_id


def _check_structure(item: Item, reading: Reading, path: str) -> None:
    """Refuse shapes that R4 forbids or that one answer per question cannot hold."""
    if item.type is ItemType.DISPLAY and (item.items or item.required or item.repeats):
        reading.refuse(f"{path}.type", "a display only shows text (que-1, que-6)")
    if item.type is ItemType.GROUP and item.repeats:
        reading.refuse(f"{path}.repeats", "repeating groups are not supported")
    nested = any(child.type is not ItemType.DISPLAY for child in item.items)
    if item.type.is_question and item.repeats and nested:
        reading.refuse(f"{path}.item", "questions below a repeating question are not supported")


def _codes(raw: dict[str, Any], reading: Reading, path: str) -> tuple[Coding, ...]:
    listed = enumerate(reading.objects(raw, "code", path))
    found = [reading.coding(code, f"{path}.code[{index}]") for index, code in listed]
    return tuple(code for code in found if code is not None)


def _unit(raw: dict[str, Any], reading: Reading, path: str) -> Unit | None:
    value = extension(raw, UNIT)
    coding = reading.coding(value, f"{path}.extension(questionnaire-unit)") if value is not None else None
    return Unit(coding.code, coding.display or coding.code) if coding is not None else None


def _bound(
    raw: dict[str, Any], url: str, kind: ItemType, reading: Reading, path: str
) -> Decimal | date | None:
    value = extension(raw, url)
    if value is None:
        return None
    if kind is ItemType.DATE and isinstance(value, str) and (day := full_date(value)):
        return day
    limit = number(value, whole=False) if kind in (ItemType.INTEGER, ItemType.DECIMAL) else None
    if limit is None:
        reading.refuse(f"{path}.extension({url.rpartition('/')[2]})", f"does not fit {kind}: {value!r}")
        return None
    return Decimal(limit)


def _initial(raw: dict[str, Any], kind: ItemType, reading: Reading, path: str) -> tuple[Answer, ...]:
    found = []
    for index, entry in enumerate(reading.objects(raw, "initial", path)):
        value = choice_value(entry, "value", kind)
        if value is None:
            reading.refuse(f"{path}.initial[{index}]", f"does not fit {kind}")
        else:
            found.append(value)
    return tuple(found)


def _conditions(raw: dict[str, Any], reading: Reading, path: str) -> tuple[EnableWhen, ...]:
    listed = reading.objects(raw, "enableWhen", path)
    behaviour = raw.get("enableBehavior")
    if behaviour not in (None, "all", "any") or (len(listed) > 1 and behaviour is None):
        reading.refuse(f"{path}.enableBehavior", "all or any, needed with more than one enableWhen (que-12)")
    found = [_condition(entry, reading, f"{path}.enableWhen[{index}]") for index, entry in enumerate(listed)]
    return tuple(condition for condition in found if condition is not None)


def _condition(raw: dict[str, Any], reading: Reading, path: str) -> EnableWhen | None:
    question, operator = raw.get("question"), raw.get("operator")
    kind = reading.kinds.get(question) if isinstance(question, str) else None
    if kind is None or not kind.is_question:
        reading.refuse(f"{path}.question", f"no such question: {question!r}")
    elif operator not in _OPERATORS:
        reading.refuse(f"{path}.operator", f"not supported: {operator!r}")
    elif operator[0] in "<>" and kind not in _ORDERED:
        reading.refuse(f"{path}.operator", f"{operator} has no order to compare {kind} by")
    else:
        answer = choice_value(raw, "answer", ItemType.BOOLEAN if operator == "exists" else kind)
        if answer is not None:
            return EnableWhen(str(question), str(operator), answer)
        reading.refuse(f"{path}.answer[x]", f"does not fit {operator} on {kind}")
    return None
