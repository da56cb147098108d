"""Opening a referral: the department it goes to, what is told of the client, and every step of it."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select

from domain.checkup.records import Observation
from domain.kernel.clock import CLINIC_TIME, clinic
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.numbers import next_number
from domain.people.records import Patient
from domain.referrals.indications import recommended
from domain.referrals.records import Referral, ReferralStep, ReferralTarget
from domain.referrals.workflow import referral_life
from domain.tracking.private_side import add_note
from domain.tracking.records import AbnormalTracking

FURTHEST = timedelta(days=366)
MOST_RESULTS = 60
USUAL_DAYS = 30
NAMED = 8


def targets_for(work: UnitOfWork, topics: Sequence[str], *, urgent: bool) -> list[ReferralTarget]:
    """Return the departments that fit, the best first."""
    found = work.list(select(ReferralTarget).where(ReferralTarget.active))
    return recommended(found, topics, urgent=urgent)


def pick_target(
    work: UnitOfWork, name: str | None, topics: Sequence[str], *, urgent: bool, field: str = "target"
) -> ReferralTarget:
    """Return the department somebody names (hospital and department), or the one that fits best.

    Raises:
        DomainError: ``referral.no_target`` with those that fit; ``referral.no_targets`` where none are kept.
    """
    fitting = targets_for(work, topics, urgent=urgent)
    wanted = "".join((name or "").split())
    everyone = list(work.list(select(ReferralTarget).where(ReferralTarget.active)))
    if not everyone:
        raise DomainError("referral.no_targets", field=field)
    if not wanted and fitting:
        return fitting[0]
    for one in everyone:
        if wanted and wanted in {
            f"{one.hospital}{one.department}", *([one.department] if _only(one, everyone) else [])
        }:  # fmt: skip
            return one
    names = "；".join(f"{one.hospital} {one.department}" for one in (fitting or everyone)[:NAMED])
    raise DomainError("referral.no_target", field=field, names=names)


def _only(one: ReferralTarget, others: Sequence[ReferralTarget]) -> bool:
    """Tell whether a department's name alone says which it is."""
    return sum(other.department == one.department for other in others) == 1


def point(referral: Referral, target: ReferralTarget) -> None:
    """Let a referral go to a department."""
    referral.target_id, referral.site_id = target.id, target.site_id
    referral.hospital, referral.department = target.hospital, target.department


def new_referral(
    work: UnitOfWork, patient: Patient, reason: str, planned_on: date, *, urgent: bool, referral_id: Id | None = None
) -> Referral:  # fmt: skip
    """Return a referral that is not kept yet, with what the receiving side is told."""
    made = Referral(
        org_id=patient.org_id, number=next_number(work, "referral", "Z"), patient_id=patient.id, reason=reason,
        urgent=urgent, causes=[], packet=packet_of(work, patient), opened_at=work.now, opened_name=work.actor.name,
        planned_on=planned_on, planned_at=_end_of(planned_on), unverified=False,
    )  # fmt: skip
    made.id = referral_id or work.new_id()
    return made


def packet_of(work: UnitOfWork, patient: Patient) -> dict[str, Any]:
    """Return what the receiving side is told of a client: who it is, and the results that stand out."""
    o = Observation.__table__.c
    query = (
        select(o.id, o.item, o.label, o.value_text, o.ucum, o.flag, o.range_text, o.effective_at, o.important_class)
        .where(o.patient_id == patient.id, o.effective_at > work.now - timedelta(days=366))
        .order_by(o.effective_at, o.id)
    )  # fmt: skip
    latest = {row.item: row for row in work.connection.execute(query)}
    standing = [row for row in latest.values() if row.important_class or row.flag not in {None, "", "N"}]
    standing.sort(key=lambda row: (row.important_class or "Z", -row.effective_at.timestamp()))
    return {
        "name": patient.name, "sex": str(patient.sex),
        "birth_date": patient.birth_date.isoformat() if patient.birth_date else None,
        "phone": patient.phone, "allergy": patient.allergy,
        "results": [
            {
                "label": row.label, "value": row.value_text, "unit": row.ucum, "flag": row.flag,
                "range": row.range_text, "class": row.important_class,
                "on": clinic(row.effective_at).date().isoformat(),
            }
            for row in standing[:MOST_RESULTS]
        ],
    }  # fmt: skip


def planned(work: UnitOfWork, day: date | None, usual: int = USUAL_DAYS) -> date:
    """Return the day by which word should be back.

    Raises:
        DomainError: ``referral.day_past``, ``referral.day_far`` (``planned_on``).
    """
    today = clinic(work.now).date()
    found = day or today + timedelta(days=usual)
    if found < today:
        raise DomainError("referral.day_past", field="planned_on", day=found.isoformat())
    if found > today + FURTHEST:
        raise DomainError("referral.day_far", field="planned_on", day=found.isoformat())
    return found


def topics_of(work: UnitOfWork, referral: Referral) -> list[str]:
    """Return what a referral is about: the item of its tracked result."""
    tracking = work.get(AbnormalTracking, referral.tracking_id) if referral.tracking_id else None
    return [] if tracking is None else [work.require(Observation, tracking.observation_id).item]


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), CLINIC_TIME)


def end_of_day_of(moment: datetime) -> datetime:
    """Return when the clinic's day of a moment is over."""
    return _end_of(clinic(moment).date())


def note_referral(work: UnitOfWork, referral: Referral, act: str, note: str | None = None) -> None:
    """Keep a step, and tell whoever writes with the client how far it is: never why."""
    work.add(
        ReferralStep(
            org_id=referral.org_id, referral_id=referral.id, patient_id=referral.patient_id, act=act, note=note,
            staff_id=work.actor.staff_id, staff_name=work.actor.name, at=work.now,
        )
    )  # fmt: skip
    if act != "proposed":
        where = f"{referral.hospital} {referral.department}" if referral.hospital else "待定"
        said = f"转诊 {referral.number}（{where}）：{referral_life.label_of(referral.state)}"
        if act == "booked" and referral.booked_for is not None:
            said += f"，{clinic(referral.booked_for):%m-%d %H:%M} 就诊"
        add_note(work, referral.patient_id, referral.org_id, said)
