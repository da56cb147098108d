"""Reading FHIR R4 Questionnaire JSON into our values; every element that cannot be used is named."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from domain.kernel.content import ContentError
from domain.kernel.errors import DomainError
from forms.dependencies import unusable
from forms.fhir_elements import (
    ANSWER_EXPRESSION,
    CALCULATED,
    ENABLE_EXPRESSION,
    ENTRY_FORMAT,
    HIDDEN,
    INITIAL_EXPRESSION,
    LAUNCH_CONTEXT,
    MAX_DECIMAL_PLACES,
    MAX_OCCURS,
    MAX_VALUE,
    MIME_TYPE,
    MIN_LENGTH,
    MIN_OCCURS,
    MIN_VALUE,
    SIGNATURE_REQUIRED,
    SOURCE_QUERIES,
    STANDS_FOR,
    UNIT,
    Reading,
    at_extension,
    extension,
    extensions,
    parts,
)
from forms.fhir_values import choice_value
from forms.questionnaire import (
    EnableWhen,
    Item,
    ItemType,
    Questionnaire,
    Source,
)
from forms.questionnaire_options import read_options
from forms.questionnaire_parts import (
    bound_of,
    codes_of,
    control_of,
    count_of,
    initial_of,
    lenient_expression,
    size_of,
    texts_of,
    unit_of,
    unit_options_of,
)
from forms.questionnaire_rules import (
    read_constraints,
    read_expression,
    read_pattern,
    read_variables,
)

_OPERATORS = ("exists", "=", "!=", ">", "<", ">=", "<=")
_UNORDERED = (ItemType.BOOLEAN, ItemType.ATTACHMENT, ItemType.REFERENCE)
_ELEMENTS = frozenset({"linkId", "definition", "code", "prefix", "text", "type", "initial", "item"}) | {
    *("enableWhen", "enableBehavior", "required", "repeats", "readOnly", "maxLength"),
    *("answerValueSet", "answerOption", "extension", "modifierExtension", "id"),
}
# What earlier and later versions of FHIR say in place of R4's elements: to pass over it would lose a rule.
_OTHER_VERSIONS = re.compile(r"initial[A-Z].*|options?")
_CONSTRAINTS = {"optionsOnly": ItemType.CHOICE, "optionsOrString": ItemType.OPEN_CHOICE}
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
            form = found[path.stem] = load_form(path, strict=True)
        except DomainError as error:
            problems += [f"{path.name}: {problem}" for problem in error.facts["problems"]]
        else:
            missing = [key for key in ("url", "version", "title") if not getattr(form, key)]
            problems += [f"{path.name}: {key}: missing" for key in missing]
    if problems:
        raise ContentError(problems)
    return found


def load_form(path: Path, *, strict: bool = False) -> Questionnaire:
    """Read one file; see `parse_form`."""
    try:
        resource = json.loads(path.read_text("utf-8-sig"), parse_float=Decimal)
    except ValueError as error:
        raise _refusal([f"{path.name}: not JSON: {error}"]) from error
    return parse_form(resource, strict=strict)


def parse_form(resource: Any, *, strict: bool = False) -> Questionnaire:
    """Return the form.

    Args:
        resource: Questionnaire as JSON reads it, best with floats read as `Decimal`.
        strict: As our own forms are read: elements that R4 does not know, choices that offer nothing, variables that
            look at link ids that are not there, and items without a link id are refused too. Other programs' forms
            have all of these; there the first are kept, the second are open, the third are empty, and the last are
            numbered by their place.

    Raises:
        DomainError: ``form.not_supported``, or the code of `_WHY` that says more; fact `problems` names every element
            that cannot be honoured, `field` is the first of them (``item[2].enableWhen[0].operator``).
    """
    reading = Reading(strict=strict)
    if not isinstance(resource, dict) or resource.get("resourceType") != "Questionnaire":
        raise _refusal(["resourceType: not a Questionnaire"])
    reading.extensions(resource, "")
    reading.value_sets = {
        f"#{entry.get('id')}": entry for entry in reading.objects(resource, "contained", "Questionnaire")
    }
    _survey(resource, reading)
    items = _items(resource, reading, "", 0)
    url, version, title, status = (
        reading.words(resource, key, "Questionnaire") for key in ("url", "version", "title", "status")
    )
    named = read_expression(resource, CALCULATED, reading, "Questionnaire")
    form = Questionnaire(
        url,
        version,
        title,
        status,
        items=items,
        variables=read_variables(resource, reading, "Questionnaire"),
        constraints=read_constraints(resource, reading, "Questionnaire"),
        contexts=_contexts(resource, reading),
        signature_required=extension(resource, SIGNATURE_REQUIRED) is not None,
        named=() if named is None else (named,),
    )
    form = replace(form, source=Source(resource, form))
    if not reading.problems:
        for path, reason in unusable(form, strict=strict):
            reading.refuse(path, reason)
    if reading.problems:
        raise _refusal(reading.problems)
    return form


def _contexts(resource: dict[str, Any], reading: Reading) -> tuple[str, ...]:
    """Return the names under which whoever opens the form may hand in records."""
    found = []
    for entry in extensions(resource, LAUNCH_CONTEXT):
        name = parts(entry).get("name")
        found.append(str(name.get("code", "") if isinstance(name, dict) else name or ""))
    for query in extensions(resource, SOURCE_QUERIES):
        reference = extension({"extension": [query]}, SOURCE_QUERIES)
        if isinstance(reference, dict):
            found.append(str(reference.get("reference", "")).lstrip("#"))
    contained = reading.objects(resource, "contained", "Questionnaire")
    found += [str(entry.get("id")) for entry in contained if entry.get("resourceType") == "Bundle"]
    return tuple(name for name in found if name)


_WHY = (
    (re.compile(r"questions depend on each other: (?P<chain>.+)"), "form.waits_for_itself"),
    (re.compile(r"no such question: '(?P<what>.*)'"), "form.no_such_question"),
    (re.compile(r"twice: '(?P<what>.*)'"), "form.link_id_twice"),
    (re.compile(r"(?P<what>.+) \(at (?P<at>\d+)\)$"), "form.bad_expression"),
)
"""What a person can put right by himself has a sentence of its own; the rest is told by its place."""


def _refusal(problems: list[str]) -> DomainError:
    first, _, reason = problems[0].partition(": ")
    facts: dict[str, Any] = {"element": first, "count": len(problems), "problems": tuple(problems)}
    for pattern, code in _WHY:
        if (found := pattern.match(reason)) is not None:
            return DomainError(code, first, **facts, **found.groupdict())
    return DomainError("form.not_supported", first, **facts)


def _survey(resource: dict[str, Any], reading: Reading) -> None:
    """Learn every question's type first: a condition may look at a question further down."""
    for raw in _raw_items(resource, 0):
        if kind := kind_of(raw):
            reading.kinds.setdefault(str(raw.get("linkId")), kind)


def kind_of(raw: dict[str, Any]) -> ItemType | None:
    """Return the type of an item; R5's ``coding`` is a choice, open or not by its answerConstraint."""
    kind, constraint = raw.get("type"), raw.get("answerConstraint")
    if kind == "coding":
        return (
            _CONSTRAINTS.get(constraint, ItemType.CHOICE) if isinstance(constraint, str) else ItemType.CHOICE
        )
    if kind == "choice" and constraint == "optionsOrString":
        return ItemType.OPEN_CHOICE
    return ItemType(kind) if isinstance(kind, str) and kind in set(ItemType) else None


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
        if name.removeprefix("_") not in _ELEMENTS and (reading.strict or _OTHER_VERSIONS.fullmatch(name)):
            reading.refuse(f"{path}.{name}", "not an element of an R4 item")
    reading.extensions(raw, path)
    items = _items(raw, reading, f"{path}.", depth + 1)
    kind = kind_of(raw)
    if kind is None:
        reading.refuse(f"{path}.type", f"not supported: {raw.get('type')!r}")
        return None
    if "answerConstraint" in raw and not (kind.is_choice and raw["answerConstraint"] in _CONSTRAINTS):
        reading.refuse(f"{path}.answerConstraint", "not an element of an R4 item")
    item = Item(
        link_id=_link_id(raw, reading, path),
        type=kind,
        text=reading.words(raw, "text", path),
        prefix=reading.words(raw, "prefix", path),
        codes=codes_of(raw, reading, path),
        required=reading.flag(raw, "required", path),
        repeats=reading.flag(raw, "repeats", path),
        read_only=reading.flag(raw, "readOnly", path),
        hidden=extension(raw, HIDDEN) is True,
        options=read_options(raw, kind, reading, path),
        enable_when=_conditions(raw, reading, path),
        enable_all=raw.get("enableBehavior") != "any",
        min_value=bound_of(raw, MIN_VALUE, kind, reading, path),
        max_value=bound_of(raw, MAX_VALUE, kind, reading, path),
        min_length=count_of(raw, MIN_LENGTH, reading, path),
        max_length=reading.whole(raw.get("maxLength"), f"{path}.maxLength"),
        max_decimal_places=count_of(raw, MAX_DECIMAL_PLACES, reading, path),
        unit=unit_of(extension(raw, UNIT), reading, at_extension(path, UNIT)),
        initial=initial_of(raw, kind, reading, path),
        items=items,
        control=control_of(raw),
        value_set=reading.words(raw, "answerValueSet", path),
        unit_options=unit_options_of(raw, reading, path),
        min_occurs=count_of(raw, MIN_OCCURS, reading, path),
        max_occurs=count_of(raw, MAX_OCCURS, reading, path),
        pattern=read_pattern(raw, reading, path),
        entry_format=str(extension(raw, ENTRY_FORMAT) or ""),
        max_size=size_of(raw, reading, path),
        mime_types=texts_of(raw, MIME_TYPE),
        signature_required=extension(raw, SIGNATURE_REQUIRED) is not None,
        enable_expression=read_expression(raw, ENABLE_EXPRESSION, reading, path),
        calculated=read_expression(raw, CALCULATED, reading, path),
        initial_expression=lenient_expression(raw, INITIAL_EXPRESSION, reading, path),
        answer_expression=lenient_expression(raw, ANSWER_EXPRESSION, reading, path),
        variables=read_variables(raw, reading, path),
        constraints=read_constraints(raw, reading, path),
        stands_for=texts_of(raw, STANDS_FOR),
    )
    _check_structure(item, raw, reading, path)
    return replace(item, source=Source({key: value for key, value in raw.items() if key != "item"}, item))


def _link_id(raw: dict[str, Any], reading: Reading, path: str) -> str:
    link_id = reading.words(raw, "linkId", path)
    if not link_id and "linkId" not in raw and not reading.strict:
        link_id = path
    elif not link_id:
        reading.refuse(f"{path}.linkId", "missing")
    elif link_id in reading.seen:
        reading.refuse(f"{path}.linkId", f"twice: {link_id!r} (que-2)")
    reading.seen.add(link_id)
    return link_id


def _check_structure(item: Item, raw: dict[str, Any], reading: Reading, path: str) -> None:
    """Refuse shapes that R4 forbids, and a choice that offers nothing to choose."""
    displays = all(child.type is ItemType.DISPLAY for child in item.items)
    if item.type is ItemType.DISPLAY and (
        not displays or (reading.strict and (item.required or item.repeats))
    ):
        reading.refuse(f"{path}.type", "a display only shows text (que-1, que-6)")
    offers = item.options or item.answer_expression or "answerValueSet" in raw
    if reading.strict and item.type is ItemType.CHOICE and not offers:
        reading.refuse(f"{path}.answerOption", "a choice without answers")
    if item.max_occurs is not None and (item.min_occurs or 0) > item.max_occurs:
        reading.refuse(at_extension(path, MIN_OCCURS), f"more than maxOccurs: {item.min_occurs}")


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
    elif operator[0] in "<>" and kind in _UNORDERED:
        reading.refuse(f"{path}.operator", f"{operator} has no order to compare {kind} by")
    else:
        answer = choice_value(raw, "answer", ItemType.BOOLEAN if operator == "exists" else kind)
        if answer is not None:
            return EnableWhen(str(question), str(operator), answer)
        reading.refuse(f"{path}.answer[x]", f"does not fit {operator} on {kind}")
    return None
