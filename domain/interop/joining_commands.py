"""Making two records one person, and taking that back: a person looks at the document, nothing is moved."""

from sqlalchemy import func, select

from domain.interop.one_person import in_force, records_of, who_stays
from domain.interop.person_records import SamePerson, SamePersonEnded
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient

PERMISSION = "people.verify"


@command("people.join", "合并档案", permission=PERMISSION)
class JoinRecords:
    """Say that another record is the same person's; this one stays, the other leads here."""

    patient_id: Id = ask("保留档案", kind=Kind.HIDDEN)
    other_number: str = ask("并入的档案号", kind=Kind.SCAN, max_length=40)
    basis: str = ask("核对依据（证件、本人）", kind=Kind.NOTE)
    difference_confirmed: bool = ask("性别或出生日期不同，仍确认是同一人", default=False)


@handles(JoinRecords)
def join_records(order: JoinRecords, work: UnitOfWork) -> Id:
    """Return the id of the link.

    Raises:
        DomainError: ``people.no_other`` (``other_number``) for a number nobody has here; ``people.other_site`` for a
            record of another organisation; ``people.already_one``; ``people.differs`` (``difference_confirmed``).
    """
    stays = work.require(Patient, order.patient_id, "patient_id")
    other = work.find(Patient, number=order.other_number.strip())
    if other is None:
        raise DomainError("people.no_other", field="other_number", number=order.other_number)
    if other.org_id != stays.org_id:
        raise DomainError("people.other_site", field="other_number", number=other.number)
    if other.id in records_of(work.connection, stays.id):
        raise DomainError("people.already_one", field="other_number", number=other.number)
    if not order.difference_confirmed and not _alike(stays, other):
        raise DomainError("people.differs", field="difference_confirmed", number=other.number)
    head = work.require(Patient, who_stays(work.connection, stays.id))
    given_up = work.require(Patient, who_stays(work.connection, other.id))
    return link(work, head, given_up, order.basis)


@command("people.separate", "解除合并", permission=PERMISSION)
class SeparateRecords:
    """Take back that two records are one person; each has again what was recorded for it."""

    same_person_id: Id = ask("同一人关联", kind=Kind.HIDDEN)
    reason: str = ask("解除原因", kind=Kind.NOTE)


@handles(SeparateRecords)
def separate_records(order: SeparateRecords, work: UnitOfWork) -> Id:
    """Return the id of what ends the link; said at two places it is one. Raises ``people.separated``."""
    one = work.require(SamePerson, order.same_person_id, "same_person_id")
    own = stable_id("same_person_ended", one.id)
    if work.get(SamePersonEnded, own) is not None:
        raise DomainError("people.separated", field="same_person_id", number=one.other_number)
    ended = SamePersonEnded(
        id=own, org_id=one.org_id, link_id=one.id, patient_id=one.patient_id, other_id=one.other_id,
        reason=order.reason, ended_by=work.actor.staff_id, ended_name=work.actor.name, ended_at=work.now,
    )  # fmt: skip
    return work.add(ended).id


def link(work: UnitOfWork, stays: Patient, other: Patient, basis: str) -> Id:
    """Make two records lead to each other; said at two places it is one link, said again after its end a new one."""
    s = SamePerson.__table__.c
    same = (s.patient_id == stays.id, s.other_id == other.id)
    standing = work.connection.execute(select(s.id).where(*same, in_force())).scalar()
    if standing is not None:
        known: Id = standing
        return known
    earlier = work.connection.execute(select(func.count()).select_from(SamePerson).where(*same)).scalar_one()
    again = (earlier,) if earlier else ()
    made = SamePerson(
        id=stable_id("same_person", stays.id, other.id, *again), org_id=stays.org_id, patient_id=stays.id,
        other_id=other.id, other_number=other.number, basis=basis, confirmed_by=work.actor.staff_id,
        confirmed_name=work.actor.name, confirmed_at=work.now,
    )  # fmt: skip
    return work.add(made).id


def _alike(one: Patient, other: Patient) -> bool:
    """Tell whether nothing that both say of sex and birth contradicts."""
    sexes = {str(one.sex), str(other.sex)} - {"0", "9"}
    births = {one.birth_date, other.birth_date} - {None}
    return len(sexes) < 2 and len(births) < 2
