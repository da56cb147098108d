"""Openings in an emergency, each with what somebody else found out about it."""

from sqlalchemy import select

from domain.kernel.worklists import Query, worklist
from domain.people.records import Patient
from domain.people.worklists import clients
from domain.security.emergency_commands import LookInEmergency
from domain.security.emergency_records import EmergencyAccess
from domain.security.records import SecurityFinding

clients.offers(LookInEmergency)


@worklist(
    "security.emergencies", "紧急查看记录", permission="security.view", record=EmergencyAccess, order="-since"
)
def emergencies() -> Query:
    """Who opened whose record, why, and whether it was right, the latest first; the review is among the findings."""
    e, f = EmergencyAccess, SecurityFinding
    return (
        select(
            e.since, e.staff_name, e.kind, e.reason, Patient.number, e.until, f.state, f.conclusion, f.explanation,
            f.concluded_name,
        )
        .outerjoin(f, f.id == e.id)
        .outerjoin(Patient, Patient.id == e.patient_id)
    )  # fmt: skip
