"""A draft with the exact form it was filled in with, so that it can be moved when a newer version has come."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from forms.moving import MoveReport, move_draft
from forms.questionnaire import Questionnaire
from forms.questionnaire_reader import parse_form
from forms.questionnaire_writer import write_form
from forms.session import FormSession


@dataclass(frozen=True, slots=True)
class Recovered:
    """A form that is begun or gone on with.

    `form` is its JSON, written once; `moved` says what became of a draft of another version, `given` is that version.
    """

    session: FormSession
    form: dict[str, Any]
    moved: MoveReport | None = None
    given: str = ""


def to_keep(recovered: Recovered, now: datetime) -> dict[str, Any]:
    """Return what is kept of a form that is being filled in."""
    return {"form": recovered.form, "response": recovered.session.draft(now)}


def begin(form: Questionnaire, clock: Callable[[], datetime]) -> Recovered:
    """Begin a form."""
    return Recovered(FormSession(form, clock=clock), write_form(form))


def recover(form: Questionnaire, kept: dict[str, Any], clock: Callable[[], datetime]) -> Recovered:
    """Go on with what was kept, in the version that is valid now.

    Raises:
        DomainError: What was kept does not fit its own form.
    """
    before = parse_form(kept["form"])
    if before.canonical == form.canonical:
        return Recovered(FormSession.restore(form, kept["response"], clock=clock), write_form(form))
    moved = move_draft(before, form, kept["response"])
    session = FormSession.restore(form, moved.response, clock=clock)
    return Recovered(session, write_form(form), moved, before.version)
