"""Whose identity is to be checked: begun by a registration, a list or a message, ended by what proves it."""

from sqlalchemy import select

from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.comparing import Light, Verdict
from domain.people.roster_records import DutySource, IdentityDuty
from domain.people.workflow import identity_duty_life


def begin_duty(
    work: UnitOfWork, source: DutySource, name: str, org_id: Id, *, patient_id: Id | None = None,
    entry_id: Id | None = None, check_id: Id | None = None, verdict: Verdict | None = None,
) -> IdentityDuty:  # fmt: skip
    """Say that somebody is to be checked; `verdict` is what was found so far."""
    duty = IdentityDuty(
        org_id=org_id, source=source, patient_id=patient_id, entry_id=entry_id, check_id=check_id, said_name=name,
        light=None if verdict is None else verdict.light, reasons=None if verdict is None else list(verdict.reasons),
    )  # fmt: skip
    work.start(identity_duty_life, duty)
    return work.add(duty)


def note_verdict(work: UnitOfWork, verdict: Verdict, **of: Id) -> None:
    """Put what was found into the duties that wait `of` a client or a line; green ends them."""
    for duty in waiting(work, **of):
        duty.light, duty.reasons = verdict.light, list(verdict.reasons)
        if verdict.light is Light.GREEN:
            work.move(identity_duty_life, duty, "check")


def end_duties(work: UnitOfWork, basis: str, **of: Id) -> None:
    """End the duties that wait `of` something, on a person's word."""
    for duty in waiting(work, **of):
        duty.basis = basis
        work.move(identity_duty_life, duty, "check")


def waiting(work: UnitOfWork, **of: Id) -> list[IdentityDuty]:
    """Return the duties that wait of a client (`patient_id`), a line (`entry_id`) or a doubt (`check_id`)."""
    named = [IdentityDuty.__table__.c[name] == value for name, value in of.items()]
    return list(work.list(select(IdentityDuty).where(*named, IdentityDuty.state == identity_duty_life.first)))
