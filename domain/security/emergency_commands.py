"""Breaking the glass: half an hour with one client's record, told at once and reviewed by somebody else."""

import dataclasses
from datetime import datetime, timedelta

from sqlalchemy import Connection, or_, select

from domain.kernel.authority import Actor, Role
from domain.kernel.clients import Way, way_to_client
from domain.kernel.columns import Sensitivity
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.record import Record, record_classes
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient
from domain.people.scans import spellings
from domain.security.emergency_records import Emergency, EmergencyAccess
from domain.security.records import SecurityFinding, Suspicion
from domain.security.workflow import finding_life

LASTS = timedelta(minutes=30)
SHORTEST = 10
WORDS = {
    Emergency.LIFE: "危及生命", Emergency.ADVERSE: "不良反应或过敏", Emergency.CRITICAL: "危急值处理",
    Emergency.ABSENT: "负责人不在岗", Emergency.OTHER: "其他",
}  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class Opened:
    """The client and until when."""

    patient_id: Id
    until: datetime


@command("security.emergency_look", "紧急查看", permission="security.emergency")
class LookInEmergency:
    """Read one client's record now, although it is not one's own or says more than one may see."""

    number: str = ask("客户的证件号、档案号或会员卡号（完整号码）", kind=Kind.SCAN, max_length=40)
    kind: Emergency = ask("紧急情形", kind=Kind.CHOICE)
    reason: str = ask("原因（至少 10 个字）", kind=Kind.NOTE)


@handles(LookInEmergency)
def look_in_emergency(order: LookInEmergency, work: UnitOfWork) -> Opened:
    """Return the client; the access and the finding that somebody else must conclude are one transaction.

    Raises:
        DomainError: ``emergency.short`` (``reason``); ``tie.nobody`` or ``tie.several`` (``number``).
    """
    if work.actor.staff_id is None:
        raise DomainError("tie.not_staff")
    if len(order.reason.strip()) < SHORTEST:
        raise DomainError("emergency.short", field="reason")
    forms = spellings(order.number)
    same = or_(Patient.id_number.in_(forms), Patient.number.in_(forms), Patient.card_no.in_(forms))
    found = work.list(select(Patient).where(same).limit(2))
    if len(found) != 1:
        raise DomainError("tie.several" if found else "tie.nobody", field="number")
    patient, until = found[0], work.now + LASTS
    access = work.add(
        EmergencyAccess(
            org_id=patient.org_id, patient_id=patient.id, staff_id=work.actor.staff_id, staff_name=work.actor.name,
            kind=order.kind, reason=order.reason.strip(), since=work.now, until=until,
        )
    )  # fmt: skip
    finding = SecurityFinding(
        id=access.id, org_id=patient.org_id, kind=Suspicion.EMERGENCY_LOOK, staff_id=work.actor.staff_id,
        staff_name=work.actor.name, count=1, since=work.now, until=until,
        detail=f"紧急查看客户 {patient.number}（{WORDS[order.kind]}）：{order.reason.strip()}"[:1000],
    )  # fmt: skip
    work.start(finding_life, finding)
    work.add(finding)
    return Opened(patient.id, until)


def in_emergency(connection: Connection, actor: Actor, record: type[Record], record_id: Id) -> Actor:
    """Return who reads a record: the actor, or during an emergency the same person who may read this client alone.

    Only reading: the rights are those to look, so that no command goes through.
    """
    if actor.staff_id is None:
        return actor
    client = client_of(connection, record, record_id)
    if client is None:
        return actor
    c = EmergencyAccess.__table__.c
    mine = (c.staff_id == actor.staff_id, c.until > actor.clock(), c.patient_id == client)
    if connection.execute(select(c.id).where(*mine).limit(1)).first() is None:
        return actor
    looks = [f"{area}.view" for area in ("people", "checkup", "report", "critical", "risk", "care")]
    rights = Role(actor.rights.label, actor.rights.reach, "sensitive", looks)
    return dataclasses.replace(
        actor, rights=rights, clearance=Sensitivity.SENSITIVE, own_clients=False, only_client=client
    )


def client_of(connection: Connection, record: type[Record], record_id: Id) -> Id | None:
    """Return the client a record is about, by its references."""
    here: type[Record] | None = record
    found: Id | None = record_id
    way: Way | None = way_to_client(record)
    while way is not None and here is not None and found is not None:
        c = here.__table__.c
        found = connection.execute(select(c[way.column]).where(c.id == found)).scalar()
        if way.parent is None:
            return found
        here = record_classes()[way.parent]
        way = way_to_client(here)
    return None
