"""A composite begun from instruments at hand: one draft, its parts beside it, and what is asked only once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from forms.composite import compose
from forms.handing_in import plain
from forms.questionnaire import Questionnaire
from forms.questionnaire_writer import write_form


@dataclass(frozen=True)
class Composed:
    """A composite as a draft.

    Attributes:
        resource: FHIR JSON.
        parts: What `domain.designs.commands.CreateDesign.parts` takes.
        shared: Questions asked once for several instruments, with the titles of those.
        questions: How many are asked.
        saved: How many fewer than if each instrument were filled in alone.
    """

    resource: dict[str, Any]
    parts: dict[str, Any]
    shared: tuple[tuple[str, tuple[str, ...]], ...]
    questions: int
    saved: int


def composed(forms: Mapping[str, Questionnaire], title: str) -> Composed:
    """Return the composite of some forms in their order.

    Args:
        forms: By name; at least two.
        title: Of the composite.

    Raises:
        DomainError: ``form.cannot_compose``.
    """
    made = compose(list(forms.values()), title=title)
    titles = {form.canonical: form.title for form in forms.values()}
    questions = [item for item in made.walk() if item.type.is_question]
    shared = tuple(
        (item.text, tuple(titles.get(other.partition("#")[0], "") for other in item.stands_for))
        for item in questions
        if len(item.stands_for) > 1
    )
    alone = sum(1 for form in forms.values() for item in form.walk() if item.type.is_question)
    parts = [
        {"form": name, "form_version": form.version, "questionnaire": plain(write_form(form))}
        for name, form in forms.items()
    ]
    return Composed(plain(write_form(made)), {"forms": parts}, shared, len(questions), alone - len(questions))
