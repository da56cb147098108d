"""Disease registers: who waits to be entered, who is managed and when they are looked at, and all that happened."""

from sqlalchemy import select

from domain.followup.register_commands import (
    AcceptPlace,
    EnrolTracked,
    EnterRegister,
    ExcludePlace,
    LeavePlace,
    MovePlace,
    ReviewPlace,
)
from domain.followup.register_records import RegisterMember, RegisterStep
from domain.followup.register_rule_commands import TryRegister, WriteRegister
from domain.followup.worklists import contents
from domain.kernel.worklists import Query, worklist
from domain.people.records import Patient
from domain.people.worklists import clients
from domain.tracking.worklists import waiting as tracked

VIEW = "register.view"


@worklist("register.waiting", "专病队列待纳入", permission=VIEW, record=RegisterMember, order="due_at")
def waiting() -> Query:
    """Who fits and is not decided on, by what runs out first."""
    m = RegisterMember
    return (
        select(
            m.register_name, Patient.name, Patient.number.label("patient_number"), m.because, m.due_at, m.since,
            m.unverified, m.state,
        )
        .join(Patient, Patient.id == m.patient_id)
        .where(m.state == "candidate", m.due_at.is_not(None))
    )  # fmt: skip


waiting.offers(AcceptPlace, ExcludePlace)


@worklist("register.members", "专病队列在管客户", permission=VIEW, record=RegisterMember, order="due_at")
def members() -> Query:
    """Who is managed, by whose next look is due first; `fits` tells whether the rule still does."""
    m = RegisterMember
    return (
        select(
            m.register_name, Patient.name, Patient.number.label("patient_number"), m.because, m.due_at, m.fits,
            m.reviewed_at, m.entered_at, m.by_hand, m.unverified, m.state,
        )
        .join(Patient, Patient.id == m.patient_id)
        .where(m.state == "enrolled", m.due_at.is_not(None))
    )  # fmt: skip


members.offers(ReviewPlace, MovePlace, LeavePlace)


@worklist("register.over", "专病队列已排除与出队", permission=VIEW, record=RegisterMember, order="-since")
def over() -> Query:
    """Who was excluded, fits no more or left, and why."""
    m = RegisterMember
    return (
        select(
            m.register_name, Patient.name, Patient.number.label("patient_number"), m.state, m.reason, m.fits,
            m.entered_at, m.state_since, m.since,
        )
        .join(Patient, Patient.id == m.patient_id)
        .where(m.due_at.is_(None))
    )  # fmt: skip


over.offers(AcceptPlace)


@worklist("register.steps", "专病队列记录", permission=VIEW, record=RegisterStep, order="-at")
def steps() -> Query:
    """Everything that happened, the latest first."""
    s = RegisterStep
    return select(s.register_name, Patient.name, s.act, s.because, s.note, s.staff_name, s.at).join(
        Patient, Patient.id == s.patient_id
    )  # fmt: skip


tracked.offers(EnrolTracked)
contents.offers(WriteRegister, TryRegister)
clients.offers(EnterRegister)
