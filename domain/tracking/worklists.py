"""Abnormal results that wait for somebody, those that came to an end, every step, and how many were told in time."""

from sqlalchemy import select

from domain.kernel.worklists import Query, worklist
from domain.people.records import Organization, Patient
from domain.tracking.commands import FollowUp, NotReached, ReferTracking, RefuseTracking, TellClient
from domain.tracking.progress_records import PositiveProgress
from domain.tracking.records import AbnormalTracking, TrackingRate, TrackingStep

VIEW = "tracking.view"


@worklist("tracking.open", "异常结果追踪", permission=VIEW, record=AbnormalTracking, order="due_at")
def waiting() -> Query:
    """Results somebody has to be told of or followed up for, by what runs out first."""
    t = AbnormalTracking
    return (
        select(
            t.grade, Patient.name, Patient.number.label("patient_number"), t.sentence, t.state, t.due_at, t.tries,
            t.found_at, t.told_at, t.follow_on,
        )
        .join(Patient, Patient.id == t.patient_id)
        .where(t.due_at.is_not(None))
    )  # fmt: skip


waiting.offers(TellClient, FollowUp, NotReached, ReferTracking, RefuseTracking)


@worklist("tracking.ended", "异常结果结局", permission=VIEW, record=AbnormalTracking, order="-found_at")
def ended() -> Query:
    """What became of results, the latest found first."""
    t = AbnormalTracking
    return (
        select(
            t.grade, Patient.name, Patient.number.label("patient_number"), t.sentence, t.state, t.outcome, t.note,
            t.told_at, t.told_way, t.known_by, t.followed_at, t.found_at,
        )
        .join(Patient, Patient.id == t.patient_id)
        .where(t.due_at.is_(None))
    )  # fmt: skip


@worklist("tracking.progress", "重大阳性指标进展", permission=VIEW, record=PositiveProgress, order="-last_at")
def progress() -> Query:
    """The register: each marked value with what it is by now, the newest result first."""
    p = PositiveProgress
    return select(
        Patient.name, Patient.number.label("patient_number"), p.grade, p.label, p.marked, p.marked_at, p.last,
        p.last_at, p.flag, p.course, p.change, p.needed, p.rechecks, p.next_step, p.next_on,
        p.follow_on,
    ).join(Patient, Patient.id == p.patient_id)  # fmt: skip


@worklist("tracking.steps", "异常结果追踪记录", permission=VIEW, record=TrackingStep, order="-at")
def steps() -> Query:
    """Everything that was done, the latest first."""
    s = TrackingStep
    return select(Patient.name, s.kind, s.at, s.staff_name, s.way, s.note, AbnormalTracking.sentence).join(
        Patient, Patient.id == s.patient_id
    ).join(AbnormalTracking, AbnormalTracking.id == s.tracking_id)  # fmt: skip


@worklist("tracking.rates", "通知率与随访率", permission=VIEW, record=TrackingRate, order="-month")
def rates() -> Query:
    """By organisation, grade and month, the latest first."""
    r = TrackingRate
    return (
        select(
            r.month, Organization.name.label("branch"), r.grade, r.total, r.told, r.in_time, r.told_rate, r.waiting,
            r.to_follow, r.followed, r.followed_rate, r.refused, r.referred, r.counted_at,
        )
        .select_from(r)
        .outerjoin(Organization, Organization.id == r.org_id)
    )  # fmt: skip
