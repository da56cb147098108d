"""What is shown to somebody who is bound: whose pages these are, and what there is of each client."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, select

from domain.care.records import CareItem, CareOutcome, CarePlan
from domain.care.schedules import Course, schedule_of
from domain.catalog.units import shown_unit
from domain.checkup.records import Report
from domain.interop.one_person import is_theirs, of_person
from domain.kernel.authority import Actor, system_actor
from domain.kernel.clock import clinic
from domain.kernel.columns import Sensitivity
from domain.kernel.disputes import told_of
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.messaging.records import OutboxMessage
from domain.messaging.templates import by_grade
from domain.people.records import Patient
from domain.portal.records import PortalBinding, Relation
from domain.risk.records import RiskAssessment
from domain.scales.records import FormTask
from forms.care_plan import when_said
from server.centre import Centre
from server.portal.sessions import Visitor

MOST_SHOWN = 30
_GONE = ("accepted", "delivered", "read", "unknown")
"""States of messages that the client has, or may have."""


@dataclass(frozen=True, slots=True)
class Member:
    """A client somebody may look at."""

    binding_id: Id
    patient_id: Id
    org_id: Id
    name: str
    birth_date: date | None
    relation: Relation


@dataclass(frozen=True, slots=True)
class Waiting:
    """A questionnaire that waits."""

    task_id: Id
    form: str
    due_at: datetime | None
    begun: bool


@dataclass(frozen=True, slots=True)
class Told:
    """A message the client was sent."""

    message_id: Id
    title: str
    at: datetime
    read: bool
    important: bool


@dataclass(frozen=True, slots=True)
class Overview:
    """What there is of one client."""

    assessed_at: datetime | None
    reports: tuple[tuple[Id, str, datetime], ...]
    forms: tuple[Waiting, ...]
    messages: tuple[Told, ...]
    plan: str


@dataclass(frozen=True, slots=True)
class Doing:
    """One thing of the plan: when, how much, and whether it is noted for today."""

    item_id: Id
    label: str
    kind: str
    when: str
    due: datetime | None
    unit: str | None = None
    """Of the value a client types; None for what is ticked."""
    disputed: str = ""
    """Values that two places say differently, both of them, until somebody has chosen."""


def actor_of(centre: Centre, member: Member) -> Actor:
    """Return who acts in the name of whoever is bound."""
    return system_actor(member.org_id, centre.identity.device_id, "客户本人（微信）")


def members(centre: Centre, visitor: Visitor) -> list[Member]:
    """Return whom somebody may look at now; one that was taken back is not among them."""
    b = PortalBinding
    query = (
        select(b.id, b.patient_id, Patient.org_id, Patient.name, Patient.birth_date, b.relation)
        .join(Patient, Patient.id == b.patient_id)
        .where(b.openid == visitor.openid, b.account == visitor.account, b.unbound_at.is_(None))
        .order_by(b.bound_at)
    )
    with centre.store.read() as connection:
        return [Member(*row) for row in connection.execute(query)]


def member(centre: Centre, visitor: Visitor, binding: str) -> Member:
    """Return one of them, the first if none is named. Raises ``portal.not_bound``."""
    found = members(centre, visitor)
    chosen = (
        next((one for one in found if one.binding_id.hex == binding), None)
        if binding
        else next(iter(found), None)
    )
    if chosen is None:
        raise DomainError("portal.not_bound")
    return chosen


def overview(centre: Centre, of: Member) -> Overview:
    """Return what there is of a client."""
    with centre.store.read() as connection:
        assessed = connection.execute(
            select(RiskAssessment.assessed_at)
            .where(of_person(connection, RiskAssessment.patient_id, of.patient_id))
            .order_by(RiskAssessment.assessed_at.desc())
            .limit(1)
        ).scalar()
        plan = connection.execute(
            select(CarePlan.name)
            .where(of_person(connection, CarePlan.patient_id, of.patient_id), CarePlan.state == "running")
            .limit(1)
        ).scalar()
        return Overview(
            assessed, _reports(connection, of), _forms(connection, of), _messages(connection, of), plan or ""
        )


def _reports(connection: Connection, of: Member) -> tuple[tuple[Id, str, datetime], ...]:
    query = (
        select(Report.id, Report.number, Report.issued_at)
        .where(
            of_person(connection, Report.patient_id, of.patient_id),
            Report.state == "issued",
            Report.document_sha256.is_not(None),
        )
        .order_by(Report.issued_at.desc())
        .limit(MOST_SHOWN)
    )
    return tuple((row.id, row.number, row.issued_at) for row in connection.execute(query))


def _forms(connection: Connection, of: Member) -> tuple[Waiting, ...]:
    query = (
        select(FormTask.id, FormTask.form, FormTask.due_at, FormTask.begun_at)
        .where(of_person(connection, FormTask.patient_id, of.patient_id), FormTask.state == "issued")
        .order_by(FormTask.issued_at)
        .limit(MOST_SHOWN)
    )
    return tuple(Waiting(r.id, r.form, r.due_at, r.begun_at is not None) for r in connection.execute(query))


def _messages(connection: Connection, of: Member) -> tuple[Told, ...]:
    m = OutboxMessage
    query = (
        select(m.id, m.title, m.queued_at, m.read_at, m.important)
        .where(
            of_person(connection, m.patient_id, of.patient_id),
            m.state.in_(_GONE),
            m.template != "reply",
            m.repeats_id.is_(None),
        )
        .order_by(m.queued_at.desc())
        .limit(MOST_SHOWN)
    )
    return tuple(
        Told(r.id, r.title, r.queued_at, r.read_at is not None, r.important)
        for r in connection.execute(query)
    )


def report_file(centre: Centre, of: Member, report_id: Id) -> tuple[str, bytes]:
    """Return number and bytes of a signed report. Raises ``portal.no_file``: another client's, or not here yet."""
    query = select(Report.number, Report.document_sha256, Report.patient_id, Report.state).where(
        Report.id == report_id
    )
    with centre.store.read() as connection:
        row = connection.execute(query).first()
        theirs = row is not None and is_theirs(connection, row.patient_id, of.patient_id)
    if row is None or not theirs or row.state != "issued" or not row.document_sha256:
        raise DomainError("portal.no_file")
    if not centre.blobs.has(row.document_sha256):
        raise DomainError("portal.no_file")
    return row.number, b"".join(centre.blobs.read(row.document_sha256))


def message(centre: Centre, of: Member, message_id: Id) -> dict[str, Any]:
    """Return title, text and sources of a message. Raises ``portal.no_message`` for another client's."""
    m = OutboxMessage.__table__.c
    query = select(m.title, m.body, m.text, m.sources, m.patient_id, m.state).where(m.id == message_id)
    with centre.store.read() as connection:
        row = connection.execute(query).first()
        theirs = row is not None and is_theirs(connection, row.patient_id, of.patient_id)
    if row is None or not theirs or row.state not in _GONE:
        raise DomainError("portal.no_message")
    return {"title": row.title, "text": row.body or row.text, "sources": by_grade(row.sources or [])}


def doings(centre: Centre, of: Member) -> list[Doing]:
    """Return what a client is to do by the plans that run, with the occasion that may be noted now."""
    now = centre.clock()
    with centre.store.read() as connection:
        query = (
            select(CareItem.__table__)
            .where(of_person(connection, CareItem.patient_id, of.patient_id), CareItem.state == "running")
            .order_by(CareItem.from_on, CareItem.id)
            .limit(100)
        )
        rows = connection.execute(query).all()
        disputed = told_of(connection, Sensitivity.SENSITIVE, "care_item", [row.id for row in rows])
    found = []
    for row in rows:
        course = Course(schedule_of(row.schedule), row.from_on, row.to_on)
        occasion = course.at(now)
        today = occasion is not None and clinic(occasion.begins_at).date() <= clinic(now).date()
        found.append(
            Doing(
                row.id, row.label, centre.texts.say(f"choice.care_kind.{row.kind}"), when_said(row.schedule),
                occasion.begins_at if occasion is not None and today else None,
                _unit(centre, row.watched), disputed.get(row.id, ""),
            )
        )  # fmt: skip
    return found


def _unit(centre: Centre, watched: str | None) -> str | None:
    catalog = centre.dispatcher.content["catalog"]
    if watched is None or watched not in catalog.observations:
        return None
    return shown_unit(catalog.observation(watched).ucum) or ""


OUTCOMES = {"done": CareOutcome.DONE, "missed": CareOutcome.MISSED}
