"""A filled-in form as FHIR R4 QuestionnaireResponse: written, and read back as a draft.

Decimals stay `Decimal` in the tree, since FHIR counts 5.60 as more precise than 5.6; `to_json` writes them as
the digits they are.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec

from domain.kernel.errors import DomainError
from forms.fhir_elements import choice_value
from forms.questionnaire import Answer, Coding, Item, Questionnaire

_encoder = msgspec.json.Encoder(decimal_format="number")
_decoder = msgspec.json.Decoder(float_hook=Decimal)

Answers = Mapping[str, Sequence[Answer]]


def build_response(
    form: Questionnaire, answers: Answers, status: str, authored: datetime, shown: Callable[[Item], bool]
) -> dict[str, Any]:
    """Return the QuestionnaireResponse of the items that are `shown`; `authored` is aware."""
    return {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": form.canonical,
        "status": status,
        "authored": authored.isoformat(timespec="seconds"),
        "item": _written(form.items, answers, shown),
    }


def to_json(response: dict[str, Any]) -> bytes:
    """Return the response as UTF-8 JSON, decimals with the digits they were given."""
    return _encoder.encode(response)


def from_json(text: bytes) -> dict[str, Any]:
    """Read what `to_json` wrote.

    Raises:
        DomainError: ``form.draft_unreadable``.
    """
    try:
        found = _decoder.decode(text)
    except msgspec.DecodeError as error:
        raise DomainError("form.draft_unreadable") from error
    return _object(found)


def read_answers(form: Questionnaire, response: Any) -> dict[str, list[Answer]]:
    """Return the answers of a stored response by link id.

    Raises:
        DomainError: ``form.other_version`` (filled in with another form or version), ``form.unknown_item`` or
            ``form.draft_unreadable``.
    """
    given = _object(response).get("questionnaire")
    if given != form.canonical:
        raise DomainError("form.other_version", title=form.title, wanted=form.canonical, given=given)
    items = {item.link_id: item for item in form.walk()}
    found: dict[str, list[Answer]] = {}
    _collect(response, items, found)
    return found


def _written(items: Sequence[Item], answers: Answers, shown: Callable[[Item], bool]) -> list[dict[str, Any]]:
    written = []
    for item in items:
        if not shown(item):
            continue
        below = _written(item.items, answers, shown)
        entry: dict[str, Any] = {"linkId": item.link_id}
        if item.text:
            entry["text"] = item.text
        given: list[dict[str, Any]] = [_value(answer) for answer in answers.get(item.link_id, ())]
        if not item.type.is_question:
            if below:
                written.append({**entry, "item": below})
            continue
        if below:
            # FHIR puts items below a question into its answer, which may then have no value of its own.
            given = [{**(given[0] if given else {}), "item": below}, *given[1:]]
        if given:
            written.append({**entry, "answer": given})
    return written


def _value(answer: Answer) -> dict[str, Any]:
    if isinstance(answer, Coding):
        parts = {"system": answer.system, "code": answer.code, "display": answer.display}
        return {"valueCoding": {key: value for key, value in parts.items() if value}}
    if isinstance(answer, bool):
        return {"valueBoolean": answer}
    if isinstance(answer, int):
        return {"valueInteger": answer}
    if isinstance(answer, Decimal):
        return {"valueDecimal": answer}
    return {"valueDate": answer.isoformat()} if isinstance(answer, date) else {"valueString": answer}


def _collect(parent: dict[str, Any], items: dict[str, Item], found: dict[str, list[Answer]]) -> None:
    for entry in _objects(parent, "item"):
        link_id = entry.get("linkId")
        if link_id not in items:
            raise DomainError("form.unknown_item", "linkId", link_id=link_id)
        for given in _objects(entry, "answer"):
            _collect(given, items, found)
            plain = {key: value for key, value in given.items() if key.startswith("value")}
            if plain:
                found.setdefault(link_id, []).append(_read(items[link_id], plain))
        _collect(entry, items, found)


def _read(item: Item, plain: dict[str, Any]) -> Answer:
    value = choice_value(plain, "value", item.type)
    if value is None:
        raise DomainError("form.draft_unreadable", item.link_id)
    return value


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise DomainError("form.draft_unreadable")
    return value


def _objects(parent: dict[str, Any], name: str) -> list[dict[str, Any]]:
    listed = parent.get(name, [])
    if not isinstance(listed, list):
        raise DomainError("form.draft_unreadable", name)
    return [_object(entry) for entry in listed]
