"""What may be filled in for a client: given out first, then begun here, then what suits, each with its reason."""

from dataclasses import dataclass
from pathlib import Path

from client.pages.form.subject import Subject, Task, orgs_for, read_patient, waiting_tasks
from client.station import Context
from client.stations.front_desk.drafts import Drafts
from domain.designs.reading import learn_titles, version_of
from domain.kernel.clock import clinic
from domain.scales.suggest_commands import proposals
from forms.shelf import listed


@dataclass(frozen=True, slots=True)
class Choice:
    """One form; `why` is ``given``, ``begun``, ``proposed`` or ``other``."""

    form: str
    title: str
    why: str
    reason: str
    task: Task | None = None
    version: str = ""
    """The version of a sheet that is typed in; empty for the one in force."""


def read_choices(context: Context, subject: Subject, folder: Path, drafts: Drafts | None) -> list[Choice]:
    """Return every form once, and each that was given out or begun; off the UI thread.

    What is out of use meanwhile is still there for whom it was given or who began it.
    """
    dispatcher = context.desk.dispatcher
    with dispatcher.store.read() as connection:
        tasks = waiting_tasks(connection, context, subject.patient_id)
        patient = read_patient(connection, context, subject.patient_id)
        proposed = proposals(connection, dispatcher.content, patient, context.desk.clock())
        orgs = orgs_for(connection, context, subject.patient_id)
        known = listed(connection, folder, orgs)
        learn_titles(connection, context.desk.texts)
        given = {
            task.id for task in tasks
            if task.form in known or version_of(connection, task.form, task.version, orgs) is not None
        }  # fmt: skip
    begun = drafts.begun(subject.patient_id) if drafts is not None else frozenset()

    def choice(form: str, why: str, reason: str = "", task: Task | None = None) -> Choice:
        title = known[form].title if form in known else ""
        return Choice(form, title or context.formatter.name(form, "words:form"), why, reason, task)

    found = [choice(task.form, "given", _given(context, task), task) for task in tasks if task.id in given]
    done = {one.form for one in found}
    found += [choice(form, "begun") for form in sorted(begun - done)]
    done |= begun
    suits = [one for one in proposed if one.form in known and one.form not in done]
    found += [choice(one.form, "proposed", "；".join(one.reasons)) for one in suits]
    done |= {one.form for one in suits}
    return [*found, *(choice(form, "other") for form in known if form not in done)]


def _given(context: Context, task: Task) -> str:
    due = "" if task.due_at is None else context.say("form_page.due", at=f"{clinic(task.due_at):%m-%d %H:%M}")
    return "  ".join(one for one in (task.purpose, due) if one)
