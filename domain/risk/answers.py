"""Answers of questionnaires as factors: which items of a form ask for one, and what a response says of it."""

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from domain.risk.factors import SYSTEM, Given

Links = Mapping[str, Mapping[str, str]]
"""Factor codes by form and linkId."""


def factor_links(folder: Path) -> dict[str, dict[str, str]]:
    """Return the factor that each item of the questionnaires of a folder asks for, by form (file) and linkId."""
    found = {}
    for path in sorted(folder.glob("*.json")):
        questionnaire = msgspec.json.decode(path.read_bytes())
        if links := dict(links_of(questionnaire)):
            found[path.stem] = links
    return found


def links_of(questionnaire: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield linkId and factor code of the items that ask for one."""
    for item in _items(questionnaire):
        for code in item.get("code") or ():
            if code.get("system") == SYSTEM and code.get("code"):
                yield str(item.get("linkId")), str(code["code"])


def given_of_response(
    response: Mapping[str, Any], links: Mapping[str, str], source: str, at: date | None
) -> list[Given]:
    """Return what a response (FHIR R4 QuestionnaireResponse, or plain answers by linkId) says of factors."""
    found = []
    for link, value, unit in _answers(response):
        if link in links and value is not None:
            found.append(Given(code=links[link], value=value, unit=unit, source=source, at=at))
    return found


def _items(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for item in node.get("item") or ():
        if isinstance(item, Mapping):
            yield item
            yield from _items(item)
            for answer in item.get("answer") or ():
                if isinstance(answer, Mapping):
                    yield from _items(answer)


def _answers(response: Mapping[str, Any]) -> Iterator[tuple[str, Any, str]]:
    if "item" not in response:
        for link, value in response.items():
            yield link, value, ""
        return
    for item in _items(response):
        answers: list[Any] = item.get("answer") or []
        if len(answers) == 1 and isinstance(answers[0], Mapping):  # of several no single value follows
            value, unit = _value(answers[0])
            yield str(item.get("linkId")), value, unit


def _value(answer: Mapping[str, Any]) -> tuple[Any, str]:
    for name in ("valueBoolean", "valueDecimal", "valueInteger", "valueString"):
        if name in answer:
            return answer[name], ""
    if isinstance(coding := answer.get("valueCoding"), Mapping):
        return coding.get("code"), ""
    if isinstance(quantity := answer.get("valueQuantity"), Mapping):
        return quantity.get("value"), str(quantity.get("code") or quantity.get("unit") or "")
    return None, ""
