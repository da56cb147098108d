"""Referrals that are proposed, under way and over, every step, what came of them, and where clients are sent."""

from sqlalchemy import select

from domain.followup.register_worklists import members
from domain.kernel.worklists import Query, worklist
from domain.people.records import Organization, Patient
from domain.people.worklists import clients
from domain.referrals.commands import (
    BookReferral,
    CloseReferral,
    ConfirmReferral,
    DropReferral,
    NoteSeen,
    OpenReferral,
    RedirectReferral,
    ReferResult,
    RefuseReferral,
)
from domain.referrals.member_commands import ReferMember
from domain.referrals.records import Referral, ReferralEffect, ReferralStep, ReferralTarget
from domain.referrals.target_commands import SetTarget
from domain.tracking.worklists import waiting as tracked

VIEW = "referral.view"


@worklist("referral.proposed", "建议转诊", permission=VIEW, record=Referral, order="due_at")
def proposed() -> Query:
    """What the indications propose, by what runs out first, with the department that fits best."""
    r = Referral
    return (
        select(
            r.urgent, r.due_at, Patient.name, Patient.number.label("patient_number"), r.reason, r.hospital,
            r.department, r.planned_on, r.unverified, r.state,
        )
        .join(Patient, Patient.id == r.patient_id)
        .where(r.state == "proposed", r.due_at.is_not(None))
    )  # fmt: skip


proposed.offers(ConfirmReferral, DropReferral)


@worklist("referral.open", "转诊进度", permission=VIEW, record=Referral, order="due_at")
def under_way() -> Query:
    """What is under way, by what runs out first."""
    r = Referral
    return (
        select(
            r.urgent, r.state, r.due_at, Patient.name, Patient.number.label("patient_number"), r.hospital,
            r.department, r.booked_for, r.booking_no, r.planned_on, r.reason, r.number, r.accepted_at, r.opened_name,
        )
        .join(Patient, Patient.id == r.patient_id)
        .where(r.state.in_(("open", "booked", "seen", "declined")), r.due_at.is_not(None))
    )  # fmt: skip


under_way.offers(BookReferral, NoteSeen, CloseReferral, RedirectReferral, RefuseReferral)


@worklist("referral.over", "转诊结果", permission=VIEW, record=Referral, order="-opened_at")
def over() -> Query:
    """What came of them, the latest opened first."""
    r = Referral
    return (
        select(
            r.number, Patient.name, Patient.number.label("patient_number"), r.hospital, r.department, r.state,
            r.outcome, r.feedback, r.next_step, r.ended_why, r.seen_at, r.closed_at, r.opened_at,
        )
        .join(Patient, Patient.id == r.patient_id)
        .where(r.due_at.is_(None))
    )  # fmt: skip


@worklist("referral.steps", "转诊记录", permission=VIEW, record=ReferralStep, order="-at")
def steps() -> Query:
    """Everything that happened, the latest first."""
    s = ReferralStep
    return (
        select(Referral.number, Patient.name, s.act, s.note, s.staff_name, s.at)
        .join(Patient, Patient.id == s.patient_id)
        .join(Referral, Referral.id == s.referral_id)
    )


@worklist("referral.effects", "转诊效果", permission=VIEW, record=ReferralEffect, order="-month")
def effects() -> Query:
    """By site, month and receiving department, the latest first."""
    e = ReferralEffect
    return (
        select(
            e.month, Organization.name.label("branch"), e.hospital, e.department, e.inside, e.total, e.booked,
            e.booked_in_time, e.seen, e.answered, e.answered_rate, e.confirmed, e.confirmed_rate, e.sent_back,
            e.given_up, e.days_to_visit, e.days_to_answer, e.counted_at,
        )
        .select_from(e)
        .outerjoin(Organization, Organization.id == e.org_id)
    )  # fmt: skip


@worklist("referral.targets", "转诊去向", permission=VIEW, record=ReferralTarget, order="-changed_at")
def targets() -> Query:
    """Where clients are sent, what was changed last first."""
    t = ReferralTarget
    return (
        select(
            t.hospital, t.department, t.topics, Organization.name.label("site"), t.green, t.rank, t.phone, t.how,
            t.active, t.changed_at,
        )
        .select_from(t)
        .outerjoin(Organization, Organization.id == t.site_id)
    )  # fmt: skip


targets.offers(SetTarget)
tracked.offers(ReferResult)
members.offers(ReferMember)
clients.offers(OpenReferral)
