"""Deciding what a partner proposes of a client's identity, after looking at the document itself."""

from domain.checkup.intake import Person
from domain.checkup.judging_again import judge_again
from domain.interop.joining_commands import link
from domain.interop.one_person import records_of, who_stays
from domain.interop.person_commands import remember
from domain.interop.person_records import ExternalNumber, PersonProposal, Proposal
from domain.interop.workflow import proposal_life
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.identity_editing import NewIdentity, change_identity
from domain.people.records import Patient, Sex

PERMISSION = "people.verify"


@command("interface.confirm_proposal", "确认变更", permission=PERMISSION)
class ConfirmProposal:
    """Take over what a partner says: the identity, or that two records are one person."""

    person_proposal_id: Id = ask("资料变更待办", kind=Kind.HIDDEN)
    basis: str = ask("核对依据（证件、本人）", kind=Kind.NOTE)
    difference_confirmed: bool = ask("确认与证件号码不一致", default=False)


@handles(ConfirmProposal)
def confirm(order: ConfirmProposal, work: UnitOfWork) -> int:
    """Carry it out; returns how many results are judged otherwise now.

    A merge joins nothing that was recorded: the two records lead to each other, and what the partner sends under
    the number that was given up belongs to the client who stays.

    Raises:
        DomainError: ``person_proposal.nobody`` where the client is not known here; those of `change_identity`.
    """
    proposal = work.require(PersonProposal, order.person_proposal_id, "person_proposal_id")
    work.move(proposal_life, proposal, "confirm")
    patient = work.get(Patient, proposal.patient_id)
    if patient is None:
        raise DomainError("person_proposal.nobody", field="person_proposal_id")
    _decided(work, proposal, order.basis)
    if proposal.kind is Proposal.MERGE:
        _join(work, proposal, patient, order.basis)
        return 0
    before = Person(patient.id, patient.sex, patient.birth_date)
    new = NewIdentity(
        sex=proposal.said_sex if proposal.said_sex is not Sex.UNKNOWN else None,
        birth_date=proposal.said_birth_date, id_number=proposal.said_id_number,
    )  # fmt: skip
    change_identity(work, patient, new, reason=order.basis, difference_confirmed=order.difference_confirmed)
    if proposal.said_name and proposal.said_name != patient.name:
        patient.name = proposal.said_name
    remember(work, proposal.system, proposal.own_number, patient)
    work.note["system"] = proposal.system
    after = Person(patient.id, patient.sex, patient.birth_date)
    return judge_again(work, before, after).results if before != after else 0


@command("interface.refuse_proposal", "驳回变更", permission=PERMISSION)
class RefuseProposal:
    """Leave the record as it is, and say why."""

    person_proposal_id: Id = ask("资料变更待办", kind=Kind.HIDDEN)
    basis: str = ask("驳回原因", kind=Kind.NOTE)


@handles(RefuseProposal)
def refuse(order: RefuseProposal, work: UnitOfWork) -> None:
    """Write it down; nothing else changes."""
    proposal = work.require(PersonProposal, order.person_proposal_id, "person_proposal_id")
    work.move(proposal_life, proposal, "refuse")
    _decided(work, proposal, order.basis)


def _decided(work: UnitOfWork, proposal: PersonProposal, basis: str) -> None:
    proposal.decided_by, proposal.decided_name, proposal.basis = work.actor.staff_id, work.actor.name, basis


def _join(work: UnitOfWork, proposal: PersonProposal, stays: Patient, basis: str) -> None:
    remember(work, proposal.system, proposal.own_number, stays)
    known = work.find(
        ExternalNumber, system=proposal.system, value=proposal.prior_number, org_id=proposal.org_id
    )
    if known is not None:
        known.patient_id = stays.id
    else:
        remember(work, proposal.system, proposal.prior_number, stays)
    other = work.get(Patient, proposal.other_id)
    if other is not None and other.id not in records_of(work.connection, stays.id):
        head, given_up = (who_stays(work.connection, one.id) for one in (stays, other))
        link(work, work.require(Patient, head), work.require(Patient, given_up), basis)
