"""Bringing the index of health records in step with what is kept of a client."""

from typing import Any

from sqlalchemy import ColumnElement, and_, func, select

from domain.archive.records import HealthArchive
from domain.checkup.records import Observation, Report, ResultStatus, Visit
from domain.conversations.records import Conversation, ConversationMessage
from domain.interop.one_person import of_person
from domain.interop.person_records import HospitalVisit
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient, Sex
from domain.reception.records import Appointment
from domain.tags.records import ClientTag

CAME = ("arrived", "ended", "recorded")
"""Appointments at which the client was there."""
WAITS = (ResultStatus.PENDING_CHECK, ResultStatus.IDENTITY)


@command("people.index_archives", "更新健康档案", permission=None, place="internal")
class IndexArchives:
    """Count anew what the records of some clients hold; the centre's reader is the only caller."""

    patient_ids: list[Id] = ask("客户", kind=Kind.HIDDEN)


@handles(IndexArchives)
def index(order: IndexArchives, work: UnitOfWork) -> int:
    """Return how many records changed; a client who was erased is passed over."""
    return sum(_index(work, one) for one in order.patient_ids)


def _index(work: UnitOfWork, patient_id: Id) -> bool:
    patient = work.get(Patient, patient_id)
    if patient is None:
        return False
    facts = _held(work, patient_id)
    facts["missing"] = "、".join(_missing(patient, facts)) or None
    one = stable_id("health_archive", patient_id)
    row = work.get(HealthArchive, one)
    if row is None:
        work.add(
            HealthArchive(id=one, org_id=patient.org_id, patient_id=patient_id, updated_at=work.now, **facts)
        )
        return True
    differing = {name: value for name, value in facts.items() if getattr(row, name) != value}
    for name, value in differing.items():
        setattr(row, name, value)
    if differing:
        row.updated_at = work.now
    return bool(differing)


def _held(work: UnitOfWork, patient_id: Id) -> dict[str, Any]:
    results, coded = _results(work, patient_id)
    o_visits = _count(
        work, Visit.id, Visit.visit_date, of_person(work.connection, Visit.patient_id, patient_id)
    )
    hospital = _count(
        work,
        HospitalVisit.id,
        HospitalVisit.started_at,
        of_person(work.connection, HospitalVisit.patient_id, patient_id),
    )
    kept = and_(of_person(work.connection, Appointment.patient_id, patient_id), Appointment.state.in_(CAME))
    receptions = _count(work, Appointment.id, Appointment.starts_at, kept)
    issued = and_(of_person(work.connection, Report.patient_id, patient_id), Report.state == "issued")
    reports = _count(work, Report.id, Report.issued_at, issued)
    m, c = ConversationMessage.__table__.c, Conversation.__table__.c
    said = work.connection.execute(
        select(func.count(m.id), func.max(m.at))
        .select_from(Conversation.__table__.join(ConversationMessage.__table__, m.conversation_id == c.id))
        .where(of_person(work.connection, c.patient_id, patient_id), m.direction != "note")
    ).one()
    tagged = and_(of_person(work.connection, ClientTag.patient_id, patient_id), ClientTag.off_at.is_(None))
    tags = _count(work, ClientTag.id, ClientTag.since, tagged)
    return {
        "results": results, "coded": coded, "coded_percent": round(100 * coded / results, 1) if results else None,
        "visits": o_visits[0], "last_visit": o_visits[1], "reports": reports[0], "hospital": hospital[0],
        "last_hospital": hospital[1], "receptions": receptions[0], "last_reception": receptions[1],
        "talks": said[0], "last_talk": said[1], "tags": tags[0],
    }  # fmt: skip


def _count(work: UnitOfWork, counted: Any, latest: Any, where: ColumnElement[bool]) -> tuple[int, Any]:
    row = work.connection.execute(select(func.count(counted), func.max(latest)).where(where)).one()
    return int(row[0]), row[1]


def _results(work: UnitOfWork, patient_id: Id) -> tuple[int, int]:
    """Return how many results stand, and how many of them bear a LOINC code and, where they are numbers, a unit."""
    o = Observation.__table__.c
    rows = work.connection.execute(
        select(o.id, o.amends, o.loinc, o.ucum, o.value_number, o.status).where(
            of_person(work.connection, o.patient_id, patient_id)
        )
    ).all()
    amended = {row.amends for row in rows if row.amends is not None}
    standing = [row for row in rows if row.id not in amended]
    coded = [
        row
        for row in standing
        if row.status not in WAITS and row.loinc and (row.value_number is None or row.ucum is not None)
    ]
    return len(standing), len(coded)


def _missing(patient: Patient, held: dict[str, Any]) -> list[str]:
    found = []
    if patient.sex in {Sex.UNKNOWN, Sex.UNSTATED}:
        found.append("性别")
    if patient.birth_date is None:
        found.append("出生日期")
    if not patient.id_number:
        found.append("证件号码")
    if not patient.phone:
        found.append("联系电话")
    if held["results"] > held["coded"]:
        found.append(f"{held['results'] - held['coded']} 项结果未编码")
    return found
