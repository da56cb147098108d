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
    """A form gone on with; `moved` says what became of a draft of another version, `given` is that version."""

    session: FormSession
    moved: MoveReport | None = None
    given: str = ""


def to_keep(session: FormSession, now: datetime) -> dict[str, Any]:
    """Return what is kept of a form that is being filled in."""
    return {"form": write_form(session.form), "response": session.draft(now)}


def recover(form: Questionnaire, kept: dict[str, Any], clock: Callable[[], datetime]) -> Recovered:
    """Go on with what was kept, in the version that is valid now.

    Raises:
        DomainError: What was kept does not fit its own form.
    """
    before = parse_form(kept["form"])
    if before.canonical == form.canonical:
        return Recovered(FormSession.restore(form, kept["response"], clock=clock))
    moved = move_draft(before, form, kept["response"])
    return Recovered(FormSession.restore(form, moved.response, clock=clock), moved, before.version)
