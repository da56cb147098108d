"""Comparing a person with the record, at the desk: local checks first, each kept."""

import dataclasses
from datetime import date

from domain.kernel.clock import clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.comparing import Light, judge
from domain.people.duties import note_verdict
from domain.people.identity import Identity
from domain.people.light_records import IdentityLight
from domain.people.records import Patient


@dataclasses.dataclass(frozen=True, slots=True)
class Compared:
    """The light with its reasons, as codes of ``word.identity_reason``."""

    light: Light
    reasons: tuple[str, ...]
    compared: tuple[str, ...]


@command("people.check", "身份核查", permission="people.check")
class CheckIdentity:
    """Compare what a document says with the client's record; nothing is changed but the note of the check."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)
    name: str = ask("证件姓名", max_length=60)
    id_number: str | None = ask("证件号码", default=None, max_length=40)
    birth_date: date | None = ask("出生日期", kind=Kind.DATE, default=None)


@handles(CheckIdentity)
def check_identity(order: CheckIdentity, work: UnitOfWork) -> Compared:
    """Return the light; a red one is kept like a green one."""
    patient = work.require(Patient, order.patient_id, "patient_id")
    said = Identity(name=order.name, birth_date=order.birth_date, id_number=order.id_number)
    known = Identity(
        name=patient.name, sex=patient.sex, birth_date=patient.birth_date, id_number=patient.id_number
    )
    verdict = judge(said, known, clinic(work.now).date())
    work.add(
        IdentityLight(
            org_id=patient.org_id, patient_id=patient.id, light=verdict.light, reasons=list(verdict.reasons),
            compared=list(verdict.compared), said_name=order.name, said_id_number=order.id_number,
            checked_at=work.now, staff_id=work.actor.staff_id, staff_name=work.actor.name,
        )
    )  # fmt: skip
    note_verdict(work, verdict, patient_id=patient.id)
    return Compared(verdict.light, verdict.reasons, verdict.compared)
