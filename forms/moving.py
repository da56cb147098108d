"""A draft moved to a newer version of its form: what was kept, what was dropped, what to look at again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from forms.answers import label
from forms.carrying import Carried, carry
from forms.nodes import Place
from forms.questionnaire import Answer, Item, Questionnaire
from forms.session import FormSession
from forms.values import shown


@dataclass(frozen=True)
class Kept:
    """An answer that stands in the new version as it did."""

    place: Place
    text: str


@dataclass(frozen=True)
class Dropped:
    """An answer that the new version does not take, with its words, so that it can be told and typed elsewhere."""

    place: Place
    text: str
    answer: str
    reason: str
    answers: tuple[Answer, ...] = ()


@dataclass(frozen=True)
class Changed:
    """An answer that was kept although its question has changed: what of it (``text``, ``options``, ``limits`` …)."""

    place: Place
    old_text: str
    new_text: str
    what: tuple[str, ...]


@dataclass(frozen=True)
class MoveReport:
    """What moving a draft did.

    Attributes:
        response: The draft for the new version.
        new_required: Required answers that are missing now and that the old version did not ask for.
    """

    response: dict[str, Any]
    kept: tuple[Kept, ...]
    dropped: tuple[Dropped, ...]
    changed: tuple[Changed, ...]
    new_required: tuple[tuple[Place, str], ...]


def move_draft(
    old_form: Questionnaire,
    new_form: Questionnaire,
    response: dict[str, Any],
    authored: datetime | None = None,
) -> MoveReport:
    """Return a draft of `old_form` as one of `new_form`; the draft itself is left as it is.

    A question is the same if its link id is, else if it alone has the same code.

    Raises:
        DomainError: As `FormSession.restore`, if the draft is not one of `old_form`.
    """
    old = FormSession.restore(old_form, response)
    new = FormSession(new_form)
    items = {item.link_id: item for item in new_form.walk()}
    by_code = _by_code(new_form)

    def target_of(item: Item) -> str | None:
        if item.link_id in items:
            return item.link_id
        return next((by_code[code] for code in _codes(item) if code in by_code), None)

    moved = list(carry(old, new, target_of))
    kept, changed = [], []
    for one in moved:
        if one.target is None:
            continue
        item = items[one.target.link_id]
        what = differences(one.item, item)
        if what:
            changed.append(Changed(one.target, label(one.item), label(item), what))
        else:
            kept.append(Kept(one.target, label(item)))
    asked_before = {item.link_id for item in old_form.walk() if item.required}
    came_from = {one.target.link_id: one.item for one in moved if one.target is not None}
    new_required = tuple(
        (place, label(items[place.link_id]))
        for place in new.missing_places()
        if place.link_id not in asked_before and place.link_id not in came_from
    )
    when = authored or datetime.fromisoformat(str(response["authored"]))
    draft = {**{key: value for key, value in response.items() if key not in _REWRITTEN}, **new.draft(when)}
    dropped = tuple(_dropped(one) for one in moved if one.target is None)
    return MoveReport(draft, tuple(kept), dropped, tuple(changed), new_required)


_REWRITTEN = frozenset({"questionnaire", "status", "authored", "item"})


def differences(old: Item, new: Item) -> tuple[str, ...]:
    """Return what of a question changed in a way that may change its answer."""
    compared = {
        "text": (old.text, new.text),
        "type": (old.type, new.type),
        "options": ([option.value for option in old.options], [option.value for option in new.options]),
        "unit": (old.unit, new.unit),
        "limits": ((old.min_value, old.max_value), (new.min_value, new.max_value)),
        "repeats": (old.repeats, new.repeats),
    }
    return tuple(what for what, (before, after) in compared.items() if before != after)


def _dropped(one: Carried) -> Dropped:
    return Dropped(one.place, label(one.item), "、".join(map(shown, one.answers)), one.reason, one.answers)


def _codes(item: Item) -> list[tuple[str, str]]:
    return [(code.system, code.code) for code in item.codes if code.code and item.type.is_question]


def _by_code(form: Questionnaire) -> dict[tuple[str, str], str]:
    """Return the link id of each code that stands at one question alone."""
    found: dict[tuple[str, str], list[str]] = {}
    for item in form.walk():
        for code in _codes(item):
            found.setdefault(code, []).append(item.link_id)
    return {code: links[0] for code, links in found.items() if len(links) == 1}
