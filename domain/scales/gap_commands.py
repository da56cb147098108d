"""Noting what is missing in a form that is being filled in at a desk."""

from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient
from domain.scales.gaps import note_gaps


@command("form.note_gaps", "登记问卷漏项", permission="form.answer")
class NoteGaps:
    """A page was turned, or the form could not be handed in: so much is missing or wrong by now."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)
    task_id: Id | None = ask("待填问卷", kind=Kind.HIDDEN, default=None)
    form: str = ask("问卷", kind=Kind.HIDDEN, max_length=120)
    form_version: str = ask("问卷版本", kind=Kind.HIDDEN, max_length=40)
    gaps: int = ask("漏项或有误题数", kind=Kind.HIDDEN, low=0, high=100000)
    source: str = ask("填写方式", kind=Kind.HIDDEN, max_length=40)


@handles(NoteGaps)
def note_gaps_of_form(order: NoteGaps, work: UnitOfWork) -> bool:
    """Tell whether it was news."""
    patient = work.require(Patient, order.patient_id, "patient_id")
    return note_gaps(work, patient, order.form, order.form_version, order.gaps, order.source, order.task_id)
