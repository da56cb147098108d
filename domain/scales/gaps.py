"""What a form lacks while it is being filled in: noted when a page is turned, gone when the form is handed in.

Whoever fills it in is told on the page at once. The record is for those who are told later: the alert of a form that
stays incomplete.
"""

from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient
from domain.scales.records import FormGap


def note_gaps(
    work: UnitOfWork, patient: Patient, form: str, version: str, gaps: int, source: str, task_id: Id | None = None
) -> bool:  # fmt: skip
    """Keep how much is missing; tells whether that is news. Of a form without gaps nothing is written first."""
    own = gap_id(patient.id, form)
    kept = work.get(FormGap, own)
    if kept is None and not gaps:
        return False
    if kept is not None and (kept.gaps, kept.form_version, kept.task_id) == (gaps, version, task_id):
        return False
    if kept is None:
        kept = work.add(
            FormGap(
                id=own, org_id=patient.org_id, patient_id=patient.id, form=form, form_version=version,
                task_id=task_id, source=source, gaps=gaps, since=work.now, noted_at=work.now,
            )
        )  # fmt: skip
        return True
    if gaps and not kept.gaps:
        kept.since = work.now
    kept.form_version, kept.task_id, kept.source = version, task_id, source
    kept.gaps, kept.noted_at = gaps, work.now
    return True


def settle_gaps(work: UnitOfWork, patient_id: Id, form: str) -> None:
    """The form is over: handed in, lost or taken back."""
    kept = work.get(FormGap, gap_id(patient_id, form))
    if kept is not None and kept.gaps:
        kept.gaps, kept.noted_at = 0, work.now


def gap_id(patient_id: Id, form: str) -> Id:
    """Return the id of what is missing in a person's form: the same wherever it is filled in."""
    return stable_id("form_gap", patient_id, form)
