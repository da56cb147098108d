"""What a message to a partner has to say, read from the records as they stand when it is written."""

from typing import Any

from sqlalchemy import Connection, select

from domain.checkup.records import Report, Visit
from domain.interop.order_records import ServiceRequest
from domain.interop.out_records import Message, OutMessage
from domain.interop.partner_records import Partner
from domain.interop.person_records import ExternalNumber
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.people.records import Organization, Patient
from server.interfaces.outbound.writing import OrderFacts, PartnerFacts, PersonFacts, ReportFacts


def facts_of(connection: Connection, message_id: Id) -> tuple[Message, str, dict[str, Any]]:
    """Return (kind, MSH-10, keyword arguments of `write`) of a queued message.

    Raises:
        DomainError: ``interface.nothing_to_say``: what it is about is not there any more.
    """
    message = _row(connection, OutMessage, message_id)
    partner = _row(connection, Partner, message.partner_id)
    kind = Message(message.kind)
    facts: dict[str, Any] = {
        "partner": _partner(connection, partner),
        "person": _person(connection, message.patient_id, partner.sender),
    }
    if kind is Message.REPORT:
        facts["report"] = _report(connection, message.about_id)
    elif kind is not Message.PERSON:
        facts["order"] = _order(connection, message.about_id)
    return kind, message.control_id, facts


def _partner(connection: Connection, partner: Any) -> PartnerFacts:
    own = _row(connection, Organization, partner.org_id)
    return PartnerFacts(
        application=partner.application, facility=partner.facility, own_facility=own.code, charset=partner.charset,
        version=partner.version, order_form=partner.order_form,
    )  # fmt: skip


def _person(connection: Connection, patient_id: Id, system: str) -> PersonFacts:
    p = _row(connection, Patient, patient_id)
    e = ExternalNumber.__table__
    query = (
        select(e.c.value).where(e.c.patient_id == patient_id, e.c.system == system).order_by(e.c.since.desc())
    )
    return PersonFacts(
        number=p.number, name=p.name, sex=p.sex, birth_date=p.birth_date, id_number=p.id_number, phone=p.phone,
        address=p.address, partner_number=connection.execute(query.limit(1)).scalar(),
    )  # fmt: skip


def _order(connection: Connection, request_id: Id) -> OrderFacts:
    r = _row(connection, ServiceRequest, request_id)
    return OrderFacts(
        number=r.number, visit_number=r.visit_number, code=r.code, name=r.name, ordered_at=r.ordered_at,
        filler_number=r.filler_number or "", remark=r.remark or "",
    )  # fmt: skip


def _report(connection: Connection, report_id: Id) -> ReportFacts:
    r = _row(connection, Report, report_id)
    visit = _row(connection, Visit, r.visit_id)
    if r.issued_at is None:
        raise DomainError("interface.nothing_to_say")
    return ReportFacts(
        number=r.number,
        visit_number=visit.number,
        conclusion=r.conclusion,
        advice=r.advice,
        issued_at=r.issued_at,
    )


def _row(connection: Connection, kind: Any, record_id: Id) -> Any:
    table = kind.__table__
    row = connection.execute(select(table).where(table.c.id == record_id)).one_or_none()
    if row is None:
        raise DomainError("interface.nothing_to_say")
    return row
