"""A form as it is begun: from a draft of this workstation, from what is left on a phone, or from what is known."""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from client.pages.form.choosing import Choice
from client.pages.form.keeping import Recovered, begin, recover
from client.pages.form.known import known_factors
from client.pages.form.subject import Subject, orgs_for
from client.station import Context
from client.stations.front_desk.drafts import Drafts
from domain.kernel.errors import DomainError, KnownError
from forms.prefill import apply_prefills, prefill_from
from forms.questionnaire_writer import write_form
from forms.session import FormSession
from forms.shelf import Taken, take


@dataclass(frozen=True, slots=True)
class Begun:
    """A form that is open; `problem` says what could not be gone on with."""

    choice: Choice
    recovered: Recovered
    taken: Taken
    problem: KnownError | None


def read_begun(
    context: Context, folder: Path, drafts: Drafts | None, subject: Subject, choice: Choice
) -> Begun:
    """Read the form, its draft, and what is known; off the UI thread.

    Raises:
        DomainError: ``form.other_task`` if another version was given out or is left on the phone, ``form.not_here``,
            or what reading the form raises.
    """
    clock = context.desk.clock
    wanted = choice.task.version if choice.task is not None else subject.left_version or choice.version
    problem: KnownError | None = None
    kept: dict[str, Any] | None = None
    if subject.left is None and drafts is not None:
        try:
            kept = drafts.load(subject.patient_id, choice.form)
        except DomainError as error:
            problem = error
    taken = _taken(context, folder, subject, choice.form, wanted, kept)
    form = taken.form
    choice = replace(choice, title=form.title)
    if subject.left is not None:
        session = FormSession.restore(form, subject.left, clock=clock)
        return Begun(choice, Recovered(session, write_form(form)), taken, None)
    handed = subject.handed if choice.form == subject.form else None
    try:
        if kept is not None and not (handed is not None and _is_older(kept, subject)):
            return Begun(choice, recover(form, kept, clock), taken, None)
    except DomainError as error:
        problem = error
    if kept is not None and drafts is not None:
        drafts.set_aside(subject.patient_id, choice.form)
    if handed is not None:
        if kept is not None and problem is None:
            problem = DomainError("form.newer_on_phone")
        try:
            session = FormSession.restore(form, handed, clock=clock)
            return Begun(choice, Recovered(session, write_form(form)), taken, problem)
        except DomainError as error:
            problem = error
    fresh = begin(form, clock)
    known = known_factors(context, subject.patient_id, clock())
    apply_prefills(fresh.session, prefill_from(form, known))
    return Begun(choice, fresh, taken, problem)


def _is_older(kept: dict[str, Any], subject: Subject) -> bool:
    """Tell whether the draft of this workstation was made before what was saved for the phone."""
    try:
        authored = datetime.fromisoformat(str(kept["response"]["authored"]))
    except (KeyError, TypeError, ValueError):
        return True
    return subject.handed_at is not None and authored < subject.handed_at


def _taken(
    context: Context, folder: Path, subject: Subject, form: str, version: str, kept: dict[str, Any] | None
) -> Taken:
    """Return the version that was given out, else the one in force; of a form no longer in use that of the draft."""
    with context.desk.store.read() as connection:
        orgs = orgs_for(connection, context, subject.patient_id)
        try:
            return take(connection, folder, form, orgs, version)
        except DomainError as error:
            if version or kept is None or error.code != "form.not_here":
                raise
            return take(connection, folder, form, orgs, str(kept["form"].get("version", "")))
