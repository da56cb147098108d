"""Rechecks that wait or are booked, by what runs out first, and those that came to an end."""

from sqlalchemy import select

from domain.kernel.worklists import Query, worklist
from domain.people.records import Patient
from domain.recheck.commands import AcceptRecheck, BookRecheck, DoneElsewhere, RefuseRecheck
from domain.recheck.records import RecheckAdvice

VIEW = "recheck.view"


@worklist("recheck.open", "待再检", permission=VIEW, record=RecheckAdvice, order="due_at")
def waiting() -> Query:
    """What is to be checked again; without an owner nobody took it up yet."""
    r = RecheckAdvice
    return (
        select(
            Patient.name, Patient.number.label("patient_number"), r.title, r.because, r.unverified, r.from_on,
            r.due_on, r.state, r.booked_on, r.owner_name, r.due_at,
        )
        .join(Patient, Patient.id == r.patient_id)
        .where(r.due_at.is_not(None))
    )  # fmt: skip


waiting.offers(AcceptRecheck, BookRecheck, DoneElsewhere, RefuseRecheck)


@worklist("recheck.ended", "再检结局", permission=VIEW, record=RecheckAdvice, order="-proposed_at")
def ended() -> Query:
    """What became of rechecks, the latest proposed first."""
    r = RecheckAdvice
    return (
        select(
            Patient.name, Patient.number.label("patient_number"), r.title, r.because, r.due_on, r.state, r.outcome,
            r.state_since, r.proposed_at,
        )
        .join(Patient, Patient.id == r.patient_id)
        .where(r.due_at.is_(None))
    )  # fmt: skip
