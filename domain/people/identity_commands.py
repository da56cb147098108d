"""Settling a doubt about who somebody is: what is right is written, and the results that waited are judged for it."""

import dataclasses
from datetime import date

from domain.checkup.arrivals import LetGo, Service, arrived, visit_by
from domain.checkup.intake import Person
from domain.checkup.judging_again import give_to, judge_again
from domain.checkup.records import Observation, Visit
from domain.checkup.workflow import visit_life
from domain.kernel.clock import clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.duties import end_duties
from domain.people.identity_editing import NewIdentity, change_identity
from domain.people.identity_records import IdentityCheck
from domain.people.records import Patient, Sex
from domain.people.workflow import identity_checking


@dataclasses.dataclass(frozen=True, slots=True)
class Verified:
    """Whose the results are, how many count now, and how many signed reports stay as they were."""

    patient_id: Id
    visit_id: Id
    results: int
    issued_reports: int


@command("people.verify", "核实身份", permission="people.verify")
class VerifyIdentity:
    """Say who a person is after looking at the document itself; the results that waited are judged again."""

    check_id: Id = ask("身份核实", kind=Kind.HIDDEN)
    visit_number: str = ask("结果所属体检号", kind=Kind.SCAN, max_length=40)
    sex: Sex = ask("性别", kind=Kind.CHOICE)
    birth_date: date = ask("出生日期", kind=Kind.DATE)
    basis: str = ask("核实依据", kind=Kind.NOTE)
    id_number: str | None = ask("证件号码", default=None, max_length=40)
    difference_confirmed: bool = ask("确认与证件号码不一致", default=False)


@handles(VerifyIdentity)
def verify_identity(order: VerifyIdentity, work: UnitOfWork) -> Verified:
    """Settle a check.

    Raises:
        DomainError: ``identity_check.wrong_state`` when somebody settled it before; ``people.visit_unknown`` (field
            ``visit_number``) when the results are said to be of a visit that is not there; what `change_identity`
            refuses.
    """
    check = work.require(IdentityCheck, order.check_id, "check_id")
    work.move(identity_checking, check, "verify")
    visit = _visit(order, check, work)
    patient = work.require(Patient, visit.patient_id)
    check.patient_id, check.visit_id = patient.id, visit.id
    check.settled_by, check.basis = work.actor.staff_id, order.basis
    end_duties(work, order.basis, check_id=check.id)
    before = Person(patient.id, patient.sex, patient.birth_date)
    new = NewIdentity(sex=order.sex, birth_date=order.birth_date, id_number=order.id_number)
    change_identity(work, patient, new, reason=order.basis, difference_confirmed=order.difference_confirmed)
    after = Person(patient.id, patient.sex, patient.birth_date)
    let_go: list[Observation] = []
    again = judge_again(work, before, after, check.id, let_go)
    given = give_to(work, check.id, visit, after, let_go)
    _tell(work, check, visit, let_go)
    return Verified(patient.id, visit.id, again.results + given, again.issued_reports)


def _tell(work: UnitOfWork, check: IdentityCheck, visit: Visit, let_go: list[Observation]) -> None:
    """Tell whom results concern of those that count now, as if they came in now: orders, codes nobody knows."""
    for system in dict.fromkeys(row.system for row in let_go):
        mine = [row for row in let_go if row.system == system]
        arrived(work, LetGo(system, (Service(placer_number=check.visit_number),)), visit, mine)


def _visit(order: VerifyIdentity, check: IdentityCheck, work: UnitOfWork) -> Visit:
    """Return the visit the results are of: one that is there, or the one the message named first."""
    number = order.visit_number.strip()
    visit = visit_by(work, number)  # the number of an order leads to its visit
    if visit is not None:
        return visit
    patient = work.get(Patient, check.patient_id)
    if number != check.visit_number or patient is None:
        raise DomainError("people.visit_unknown", field="visit_number", number=number)
    visit = Visit(
        org_id=patient.org_id, number=number, patient_id=patient.id, visit_date=clinic(check.found_at).date()
    )
    work.start(visit_life, visit)
    return work.add(visit)
