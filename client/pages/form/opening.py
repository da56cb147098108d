"""A form as it is begun: from a draft of this workstation, from what is left on a phone, or from what is known."""

from dataclasses import dataclass, replace
from pathlib import Path

from client.pages.form.choosing import Choice
from client.pages.form.keeping import Recovered, begin, recover
from client.pages.form.known import known_factors
from client.pages.form.subject import Subject
from client.station import Context
from client.stations.front_desk.drafts import Drafts
from domain.kernel.errors import DomainError, KnownError
from forms.prefill import apply_prefills, prefill_from
from forms.questionnaire_reader import load_form
from forms.questionnaire_writer import write_form
from forms.session import FormSession


@dataclass(frozen=True, slots=True)
class Begun:
    """A form that is open; `problem` says what could not be gone on with."""

    choice: Choice
    recovered: Recovered
    problem: KnownError | None


def read_begun(
    context: Context, folder: Path, drafts: Drafts | None, subject: Subject, choice: Choice
) -> Begun:
    """Read the form, its draft, and what is known; off the UI thread.

    Raises:
        DomainError: ``form.other_task`` if another version was given out or is left on the phone, or what reading
            the form raises.
    """
    clock = context.desk.clock
    form = load_form(folder / f"{choice.form}.json")
    wanted = choice.task.version if choice.task is not None else subject.left_version
    if wanted and wanted != form.version:
        raise DomainError("form.other_task", given=wanted, version=form.version)
    choice = replace(choice, title=form.title)
    if subject.left is not None:
        session = FormSession.restore(form, subject.left, clock=clock)
        return Begun(choice, Recovered(session, write_form(form)), None)
    problem: KnownError | None = None
    try:
        kept = drafts.load(subject.patient_id, choice.form) if drafts is not None else None
        if kept is not None:
            return Begun(choice, recover(form, kept, clock), None)
    except DomainError as error:
        problem = error
        if drafts is not None:
            drafts.set_aside(subject.patient_id, choice.form)
    fresh = begin(form, clock)
    known = known_factors(context, subject.patient_id, clock())
    apply_prefills(fresh.session, prefill_from(form, known))
    return Begun(choice, fresh, problem)
