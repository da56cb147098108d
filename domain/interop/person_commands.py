"""What partners say of clients: kept where it is new, proposed where it contradicts, never merged by itself."""

import dataclasses
from datetime import date, datetime

from sqlalchemy import select

from domain.checkup.identity_holding import doubt_about, new_patient, patient_of
from domain.checkup.records import Visit
from domain.checkup.workflow import visit_life
from domain.interop.order_records import ServiceItem, ServiceRequest
from domain.interop.ordering import OPEN, request_number
from domain.interop.partner_records import PartnerRole
from domain.interop.person_records import ExternalNumber, HospitalVisit, PersonProposal, Proposal
from domain.interop.workflow import proposal_life, request_life
from domain.kernel.clock import clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.identity import Identity
from domain.people.records import Patient, Sex

CONTACT = ("phone", "address")
IDENTITY = {"name": "姓名", "sex": "性别", "birth_date": "出生日期", "id_number": "证件号码"}
_SEXES = {Sex.MALE: "男", Sex.FEMALE: "女", Sex.UNKNOWN: "未知", Sex.UNSTATED: "未说明"}


@dataclasses.dataclass(frozen=True, slots=True)
class PersonReceived:
    """The client, and what a person is asked to decide; either may be none. `visit_id` is for the listener."""

    patient_id: Id | None
    proposal_id: Id | None = None
    visit_id: Id | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class HospitalStay:
    """A visit to the hospital that a message tells of; diagnoses as words with their codes."""

    number: str
    kind: str | None = None
    department: str | None = None
    diagnoses: tuple[str, ...] = ()
    started_at: datetime | None = None
    ended_at: datetime | None = None


@command("interface.receive_person", "接收客户资料", permission="interface.receive", place="internal")
class ReceivePerson:
    """A client as a partner has them (ADT): registered or changed there, or two of theirs made one."""

    message_id: str = ask("消息号", max_length=200)
    org_id: Id = ask("机构", kind=Kind.HIDDEN)
    system: str = ask("来源系统", max_length=200)
    patient: Identity = ask("客户", kind=Kind.HIDDEN)
    number: str | None = ask("对方编号", kind=Kind.HIDDEN, default=None, max_length=80)
    prior_number: str | None = ask("被合并编号", kind=Kind.HIDDEN, default=None, max_length=80)
    merge: bool = ask("合并", kind=Kind.HIDDEN, default=False)
    visit_number: str | None = ask("体检号", kind=Kind.HIDDEN, default=None, max_length=40)
    visit_date: date | None = ask("体检日期", kind=Kind.HIDDEN, default=None)
    hospital: HospitalStay | None = ask("就医", kind=Kind.HIDDEN, default=None)


@handles(ReceivePerson)
def receive_person(order: ReceivePerson, work: UnitOfWork) -> PersonReceived:
    """Return the client.

    Contact data of a known client is taken over; a name, sex, birth date or identity number that is otherwise here
    becomes a proposal, and so does every merge.
    """
    work.note["system"] = order.system
    if order.merge:
        return PersonReceived(None, _propose_merge(order, work))
    patient, proposal = _person(order, work)
    visit_id = None
    if patient is not None and order.visit_number:
        visit_id = _visit(work, order.org_id, order.visit_number, order.visit_date, patient).id
    if patient is not None and order.hospital is not None and order.hospital.number:
        _note_stay(work, order, order.hospital, patient)
    return PersonReceived(patient.id if patient else None, proposal, visit_id)


def _note_stay(work: UnitOfWork, order: ReceivePerson, stay: HospitalStay, patient: Patient) -> None:
    """Keep a visit to the hospital, or what is newly known of it; what a message leaves out stays."""
    one = stable_id("hospital_visit", order.system, order.org_id, stay.number)
    known = work.get(HospitalVisit, one)
    if known is None:
        known = work.add(
            HospitalVisit(
                id=one, org_id=order.org_id, patient_id=patient.id, system=order.system, number=stay.number[:60],
                started_at=stay.started_at or work.now, last_told_at=work.now,
            )
        )  # fmt: skip
    known.kind, known.department = stay.kind or known.kind, stay.department or known.department
    known.ended_at, known.last_told_at = stay.ended_at or known.ended_at, work.now
    if stay.diagnoses:
        known.diagnoses = "；".join(stay.diagnoses)[:1000]


def known_as(work: UnitOfWork, system: str, number: str | None, org_id: Id) -> Patient | None:
    """Return the client a partner has under a number."""
    if not number:
        return None
    known = work.find(ExternalNumber, system=system, value=number, org_id=org_id)
    return None if known is None else work.get(Patient, known.patient_id)


def _person(order: ReceivePerson, work: UnitOfWork) -> tuple[Patient | None, Id | None]:
    said = order.patient
    patient = known_as(work, order.system, order.number, order.org_id) or patient_of(said, order.org_id, work)
    doubt = doubt_about(said, patient, work, "外部编号" if order.number else "证件号码")
    if patient is None:
        patient = new_patient(said, order.org_id, doubt, work)
        _remember(work, order, patient)
        return patient, None
    differing = _differing(said, patient)
    if not differing:
        _remember(work, order, patient)
        for name in CONTACT:
            value = getattr(said, name)
            if value and value != getattr(patient, name):
                setattr(patient, name, value)
        return patient, None
    return (None if doubt is not None and doubt.other_person else patient), _propose(
        order, work, Proposal.IDENTITY, patient, None, "；".join(differing)
    )


def _differing(said: Identity, patient: Patient) -> list[str]:
    """Return what a message says otherwise, where it says anything."""
    return [
        f"{label}：{_shown(getattr(patient, name))} → {_shown(getattr(said, name))}"
        for name, label in IDENTITY.items()
        if getattr(said, name) not in (None, "", Sex.UNKNOWN)
        and getattr(said, name) != getattr(patient, name)
    ]


def _propose_merge(order: ReceivePerson, work: UnitOfWork) -> Id:
    stays = known_as(work, order.system, order.number, order.org_id) or patient_of(
        order.patient, order.org_id, work
    )
    given_up = known_as(work, order.system, order.prior_number, order.org_id)
    names = [p.number if p else "本院无此人" for p in (given_up, stays)]
    summary = f"来文要求将编号 {order.prior_number}（{names[0]}）并入 {order.number}（{names[1]}）"
    return _propose(order, work, Proposal.MERGE, stays, given_up, summary)


def _propose(
    order: ReceivePerson,
    work: UnitOfWork,
    kind: Proposal,
    patient: Patient | None,
    other: Patient | None,
    summary: str,
) -> Id:
    """Keep a proposal; the same said again while it waits is one."""
    said = order.patient
    for one in work.list(
        select(PersonProposal).where(
            PersonProposal.system == order.system, PersonProposal.state == "pending",
            PersonProposal.patient_id == (patient.id if patient else None),
        )
    ):  # fmt: skip
        if one.summary == summary[:1000]:
            return one.id
    proposal = PersonProposal(
        org_id=order.org_id, kind=kind, system=order.system, message_id=order.message_id,
        patient_id=patient.id if patient else None, other_id=other.id if other else None,
        other_number=other.number if other else None, own_number=order.number,
        prior_number=order.prior_number, said_name=said.name, said_sex=said.sex, said_birth_date=said.birth_date,
        said_id_number=said.id_number, summary=summary[:1000], found_at=work.now,
    )  # fmt: skip
    work.start(proposal_life, proposal)
    return work.add(proposal).id


def _remember(work: UnitOfWork, order: ReceivePerson, patient: Patient) -> None:
    remember(work, order.system, order.number, patient)


def remember(work: UnitOfWork, system: str, number: str | None, patient: Patient) -> None:
    """Keep under which number a partner has a client; the first to be said stands until a merge is confirmed."""
    if not number:
        return
    one = stable_id("external_number", system, patient.org_id, number)
    if work.get(ExternalNumber, one) is None:
        work.add(
            ExternalNumber(
                id=one,
                org_id=patient.org_id,
                patient_id=patient.id,
                system=system,
                value=number,
                since=work.now,
            )
        )


def _visit(work: UnitOfWork, org_id: Id, number: str, day: date | None, patient: Patient) -> Visit:
    """Return the visit of a number, made where it is new.

    Raises:
        DomainError: ``interface.visit_of_another``: the number is another client's visit.
    """
    visit = work.find(Visit, number=number)
    if visit is None:
        visit = Visit(
            org_id=org_id, number=number, patient_id=patient.id, visit_date=day or clinic(work.now).date()
        )
        work.start(visit_life, visit)
        return work.add(visit)
    if visit.patient_id != patient.id:
        raise DomainError("interface.visit_of_another", field="visit_number", number=number)
    return visit


def _shown(value: object) -> str:
    if isinstance(value, Sex):
        return _SEXES[value]
    return "空" if value is None else str(value)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """One order of a partner; `act` is ORC-1 (NW, XO, CA, DC, OC)."""

    act: str
    number: str
    filler_number: str = ""
    code: str = ""
    name: str = ""
    role: PartnerRole = PartnerRole.LIS


@dataclasses.dataclass(frozen=True, slots=True)
class OrdersReceived:
    """The visit, and how many orders were made, changed and cancelled."""

    visit_id: Id | None
    proposal_id: Id | None
    made: int = 0
    changed: int = 0
    cancelled: int = 0


@command("interface.receive_orders", "接收检查申请", permission="interface.receive", place="internal")
class ReceiveOrders:
    """Orders made in another system (ORM, OML) for a visit; whoever does the items is told by us."""

    person: ReceivePerson = ask("客户", kind=Kind.HIDDEN)
    lines: list[OrderLine] = ask("申请", kind=Kind.HIDDEN)


CANCELS = frozenset({"CA", "DC", "OC", "CR"})


@handles(ReceiveOrders)
def receive_orders(order: ReceiveOrders, work: UnitOfWork) -> OrdersReceived:
    """Return what was kept; where the client is in doubt, nothing but the proposal."""
    found = receive_person(order.person, work)
    if found.patient_id is None or found.visit_id is None:
        return OrdersReceived(None, found.proposal_id)
    work.flush()
    visit = work.require(Visit, found.visit_id)
    counts = {"made": 0, "changed": 0, "cancelled": 0}
    roles = {item.code: item.role for item in work.list(select(ServiceItem))}
    for line in order.lines:
        known = work.find(
            ServiceRequest, placer=order.person.system, placer_number=line.number, visit_id=visit.id
        )
        if line.act in CANCELS:
            if known is not None and known.state in OPEN:
                known.cancel_reason, known.revision = "开单系统撤销", known.revision + 1
                work.move(request_life, known, "cancel")
                counts["cancelled"] += 1
        elif known is not None:
            if known.state in OPEN and (known.code, known.name) != (line.code, line.name or line.code):
                known.code, known.name, known.revision = line.code, line.name or line.code, known.revision + 1
                counts["changed"] += 1
        else:
            request = ServiceRequest(
                org_id=visit.org_id, number=request_number(work), visit_id=visit.id, patient_id=visit.patient_id,
                visit_number=visit.number, code=line.code[:40], name=(line.name or line.code)[:120],
                role=roles.get(line.code, line.role),
                placer=order.person.system, placer_number=line.number, filler_number=line.filler_number or None,
                ordered_at=work.now,
            )  # fmt: skip
            work.start(request_life, request)
            work.add(request)
            counts["made"] += 1
    return OrdersReceived(visit.id, found.proposal_id, **counts)
