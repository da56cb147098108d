"""What is asked now, from a form and its session: pure, so that the order of questions is tested without a screen."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from forms.questionnaire import Coding, Item, ItemType, Questionnaire
from forms.session import FormSession


@dataclass(frozen=True, slots=True)
class Choice:
    """One option with its number key."""

    key: int
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked now; `kind` is ``choice``, ``choices`` (several), ``open`` (several and text) or ``text``.

    `notes` are sentences of guidance that the answers brought up here or just before.
    """

    link_id: str
    group: str
    text: str
    kind: str
    required: bool
    choices: tuple[Choice, ...]
    answer: str
    unit: str
    notes: tuple[str, ...]
    number: int
    total: int


def asked_items(form: Questionnaire, session: FormSession) -> list[Item]:
    """Return the questions that are asked now, in order."""
    return [
        i for i in form.walk()
        if i.type.is_question and not i.hidden and not i.read_only and session.is_enabled(i.link_id)
    ]  # fmt: skip


def options_of(item: Item, say: Callable[[str], str]) -> list[tuple[str, Any]]:
    """Return label and value of each option; a yes-or-no question has two."""
    if item.type is ItemType.BOOLEAN:
        return [(say("front_desk.form.yes"), True), (say("front_desk.form.no"), False)]
    return [(option.label, option.value) for option in item.options]


def question_at(
    at: int, form: Questionnaire, session: FormSession, say: Callable[[str], str]
) -> Question | None:
    """Return the question at a place among those asked now; None behind the last."""
    asked = asked_items(form, session)
    if at >= len(asked):
        return None
    item = asked[at]
    answers = session.answers(item.link_id)
    options = options_of(item, say)
    choices = tuple(
        Choice(n, label, any(same(value, a) for a in answers)) for n, (label, value) in enumerate(options, 1)
    )
    free = [text_of(a) for a in answers if not any(same(value, a) for _, value in options)]
    return Question(
        item.link_id, _group(form, item), item.text, _kind(item, options), item.required, choices, "，".join(free),
        item.unit.display if item.unit else "", _notes(form, session, asked, at), at + 1, len(asked),
    )  # fmt: skip


def toggled(item: Item, given: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
    """Return the answers with one option switched; one that stands alone (以上都没有) drives out the others."""
    if any(same(value, a) for a in given):
        return tuple(a for a in given if not same(value, a))
    alone = [o.value for o in item.options if o.exclusive]
    if any(same(value, a) for a in alone):
        return (value,)
    return (*(a for a in given if not any(same(a, o) for o in alone)), value)


def with_text(item: Item, given: tuple[Any, ...], text: str) -> tuple[Any, ...]:
    """Return the answers of an open choice with its free text replaced."""
    chosen = tuple(a for a in given if any(same(a, o.value) for o in item.options))
    return (*chosen, text.strip()) if text.strip() else chosen


def same(one: Any, other: Any) -> bool:
    """Tell whether two answers are the same (1 is not yes)."""
    if isinstance(one, Coding) and isinstance(other, Coding):
        return one.same(other)
    return type(one) is type(other) and bool(one == other)


def text_of(answer: Any) -> str:
    """Return an answer as a person reads it."""
    return (answer.display or answer.code) if isinstance(answer, Coding) else str(answer)


def _kind(item: Item, options: list[tuple[str, Any]]) -> str:
    if item.type is ItemType.OPEN_CHOICE:
        return "open"
    if not options:
        return "text"
    return "choices" if item.repeats else "choice"


def _group(form: Questionnaire, item: Item) -> str:
    groups = [i for i in form.items if i.type is ItemType.GROUP]
    return next((g.text for g in groups if any(i.link_id == item.link_id for i in g.walk())), "")


def _notes(form: Questionnaire, session: FormSession, asked: list[Item], at: int) -> tuple[str, ...]:
    """Return the enabled display items between the question before and the one after."""
    items = [i.link_id for i in form.walk()]
    begin = items.index(asked[at - 1].link_id) if at else 0
    end = items.index(asked[at + 1].link_id) if at + 1 < len(asked) else len(items)
    between = list(form.walk())[begin:end]
    return tuple(i.text for i in between if i.type is ItemType.DISPLAY and session.is_enabled(i.link_id))
