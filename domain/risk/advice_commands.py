"""Advice on factors at high risk: proposed as they appear, and whenever somebody asks for it."""

from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient
from domain.risk.advising import propose


@command("risk.advise_several", "为高风险因素推送干预建议", permission="risk.assess", place="internal")
class AdviseSeveral:
    """Clients whose factors may be new, for whoever follows the log."""

    patient_ids: list[Id] = ask("客户", kind=Kind.HIDDEN)


@handles(AdviseSeveral)
def advise_several(order: AdviseSeveral, work: UnitOfWork) -> int:
    """Return for how many something was proposed."""
    patients = [work.get(Patient, one) for one in order.patient_ids]
    return sum(propose(work, one) is not None for one in patients if one is not None)


@command("risk.advise", "推送干预建议", permission="risk.handle")
class AdviseOnFactors:
    """The advice on all factors at high risk that nobody has dealt with, once more."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)


@handles(AdviseOnFactors)
def advise_on_factors(order: AdviseOnFactors, work: UnitOfWork) -> Id:
    """Return the id of what is proposed.

    Raises:
        DomainError: ``risk.nothing_to_advise``.
    """
    patient = work.require(Patient, order.patient_id, "patient_id")
    made = propose(work, patient, by=work.actor.staff_id)
    if made is None:
        raise DomainError("risk.nothing_to_advise", field="patient_id")
    return made.id
