"""A stored questionnaire as rows a person reads: question and answer, headings between. Pure.

A response is a FHIR R4 QuestionnaireResponse, which carries the questions' texts; one that only maps link ids to
values is read with the texts of the installed form.
"""

import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import resources
from client.stations.review.case import AnswerRow
from domain.kernel.content import ContentError
from forms.questionnaire import Coding, Questionnaire
from forms.questionnaire_reader import load_forms

Say = Callable[..., str]


def answer_rows(responses: Iterable[Any], say: Say) -> tuple[AnswerRow, ...]:
    """Return the answers of stored responses, oldest first."""
    rows: list[AnswerRow] = []
    for response in responses:
        answers = response.answers if isinstance(response.answers, dict) else {}
        if "item" in answers:
            rows += _of_items(answers["item"], response.form, say)
        else:
            rows += _of_mapping(answers, response, say)
    return tuple(rows)


def _of_items(items: Any, form: str, say: Say) -> Iterator[AnswerRow]:
    for item in items:
        question = str(item.get("text") or item.get("linkId", ""))
        given = item.get("answer") or []
        if given or "item" in item:
            yield AnswerRow(question, "、".join(_said(next(iter(_values(a)), ""), say) for a in given), form)
        yield from _of_items(item.get("item") or [], form, say)
        for answer in given:
            yield from _of_items(answer.get("item") or [], form, say)


def _values(answer: dict[str, Any]) -> Iterator[Any]:
    return (value for name, value in answer.items() if name.startswith("value"))


def _of_mapping(answers: dict[str, Any], response: Any, say: Say) -> Iterator[AnswerRow]:
    form = _form(response.form, response.form_version)
    items = {item.link_id: item for item in form.walk()} if form else {}
    for link_id, value in answers.items():
        item = items.get(link_id)
        options = {o.value.code: o.label for o in item.options if isinstance(o.value, Coding)} if item else {}
        values = value if isinstance(value, list) else [value]
        said = "、".join(options.get(str(v), _said(v, say)) for v in values)
        yield AnswerRow(item.text if item and item.text else link_id, said, response.form)


def _said(value: Any, say: Say) -> str:
    if isinstance(value, bool):
        return say("review.yes" if value else "review.no")
    if isinstance(value, dict):
        return str(value.get("display") or value.get("code") or value.get("value", ""))
    return "" if value is None else str(value)


@functools.cache
def _form(name: str, version: str) -> Questionnaire | None:
    try:
        found = load_forms(resources.folder("forms"))
    except ContentError:
        return None
    return next(
        (f for stem, f in found.items() if name in {stem, f.url, f.canonical} and f.version == version), None
    )
