"""A form being filled in: answers, what is asked now, what is missing or wrong, score, and the response."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from domain.kernel.errors import DomainError
from forms.answers import Problem, answers_of, label, problems_of
from forms.enablement import Enablement, same
from forms.questionnaire import Answer, Item, ItemType, Questionnaire
from forms.response import build_response, read_answers


@dataclass(frozen=True)
class Progress:
    """Answered of all questions asked now; hidden and read-only ones are not counted."""

    answered: int
    total: int


@dataclass(frozen=True)
class Changes:
    """What an answer did to the page: items that appeared and items that went."""

    enabled: frozenset[str]
    disabled: frozenset[str]


class FormSession:
    """One person's answers to one version of a form.

    Answers of the right kind are always kept, also out of bounds or below an item that is disabled just now,
    so that nothing typed is lost; `problems` tells what keeps the form from being finished.
    """

    def __init__(self, form: Questionnaire) -> None:
        self.form = form
        self._items = {item.link_id: item for item in form.walk()}
        self._answers: dict[str, tuple[Answer, ...]] = {}
        for item in self._items.values():
            preset = item.initial or tuple(option.value for option in item.options if option.initial)
            if item.type.is_question and preset:
                self._answers[item.link_id] = answers_of(item, preset)
        self._enablement = Enablement(form)
        self._enabled = self._enablement.evaluate(self._answers)

    @classmethod
    def restore(cls, form: Questionnaire, response: dict[str, Any]) -> "FormSession":
        """Go on with a draft or open a stored response.

        Raises:
            DomainError: ``form.other_version`` if it was filled in with another version; also
                ``form.unknown_item``, ``form.not_an_option`` or ``form.draft_unreadable``.
        """
        session = cls(form)
        found = read_answers(form, response)
        session._answers = {
            link_id: answers_of(session._question(link_id), given) for link_id, given in found.items()
        }
        session._enabled = session._enablement.evaluate(session._answers)
        return session

    def set_answer(self, link_id: str, *values: Any) -> Changes:
        """Set all answers of a question; none clears it.

        Args:
            link_id: A question of the form.
            values: Typed answers, or texts as typed by a person; a choice also by its code.

        Raises:
            DomainError: Nothing is changed; `field` is the link id. ``form.unknown_item``,
                ``form.not_a_question``, ``form.read_only``, ``form.wrong_kind``, ``form.not_an_option``,
                ``form.single_answer``.
        """
        item = self._question(link_id)
        if item.read_only:
            raise DomainError("form.read_only", link_id, label=label(item))
        answers = answers_of(item, values)
        if answers:
            self._answers[link_id] = answers
        else:
            self._answers.pop(link_id, None)
        turned, _ = self._enablement.update(self._enabled, self._answers, link_id)
        on = frozenset(turned_id for turned_id in turned if self._enabled[turned_id])
        return Changes(on, frozenset(turned) - on)

    def answers(self, link_id: str) -> tuple[Answer, ...]:
        """Return what was answered, whether the question is enabled now or not."""
        return self._answers.get(link_id, ())

    def is_enabled(self, link_id: str) -> bool:
        """Tell whether the item is asked now."""
        return self._enabled[link_id]

    def progress(self) -> Progress:
        """Return how far the form is."""
        asked = [item for item in self._asked() if not item.read_only]
        return Progress(sum(item.link_id in self._answers for item in asked), len(asked))

    def missing(self) -> tuple[str, ...]:
        """Return the required items that have no answer, in the order of the page."""
        return tuple(
            item.link_id
            for item in self._items.values()
            if item.required and self._visible(item) and not self._answered(item)
        )

    def problems(self) -> list[Problem]:
        """Return everything that keeps the form from being finished, in the order of the page."""
        missing = set(self.missing())
        found: list[Problem] = []
        for item in self._items.values():
            if item.link_id in missing:
                found.append(Problem(item.link_id, "form.required", {"label": label(item)}))
            elif item.type.is_question and self._enabled[item.link_id]:
                found += problems_of(item, self.answers(item.link_id))
        return found

    def score(self) -> Decimal | None:
        """Return the sum of the ordinal values chosen in enabled items; None if the form has no scores."""
        scored = [item for item in self._items.values() if any(o.score is not None for o in item.options)]
        if not scored:
            return None
        return sum((self._item_score(item) for item in scored if self._enabled[item.link_id]), Decimal(0))

    def response(self, authored: datetime) -> dict[str, Any]:
        """Return the finished QuestionnaireResponse, enabled items only.

        Raises:
            DomainError: ``form.incomplete``; `field` is the first item at fault, fact `problems` lists all.
        """
        problems = self.problems()
        if problems:
            raise DomainError(
                "form.incomplete", problems[0].link_id, count=len(problems), problems=tuple(problems)
            )
        return build_response(
            self.form, self._answers, "completed", authored, lambda item: self._enabled[item.link_id]
        )

    def draft(self, authored: datetime) -> dict[str, Any]:
        """Return everything typed so far, also below disabled items, as a response ``in-progress``."""
        return build_response(self.form, self._answers, "in-progress", authored, lambda item: True)

    def _question(self, link_id: str) -> Item:
        item = self._items.get(link_id)
        if item is None:
            raise DomainError("form.unknown_item", link_id, link_id=link_id)
        if not item.type.is_question:
            raise DomainError("form.not_a_question", link_id, label=label(item))
        return item

    def _visible(self, item: Item) -> bool:
        return self._enabled[item.link_id] and not item.hidden

    def _asked(self) -> list[Item]:
        return [item for item in self._items.values() if item.type.is_question and self._visible(item)]

    def _answered(self, item: Item) -> bool:
        if item.type is not ItemType.GROUP:
            return item.link_id in self._answers
        return any(below.link_id in self._answers for below in item.walk() if self._enabled[below.link_id])

    def _item_score(self, item: Item) -> Decimal:
        given = self.answers(item.link_id)
        chosen = (option for option in item.options if any(same(option.value, answer) for answer in given))
        return sum((option.score or Decimal(0) for option in chosen), Decimal(0))
