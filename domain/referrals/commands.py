"""Referrals: proposed by indication, opened, booked, seen, answered; given up only with a reason."""

from datetime import date, datetime, timedelta

from sqlalchemy import select

from domain.checkup.records import Observation
from domain.kernel.clock import CLINIC_TIME, clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient
from domain.referrals.giving import (
    end_of_day_of,
    new_referral,
    note_referral,
    pick_target,
    planned,
    point,
    targets_for,
    topics_of,
)
from domain.referrals.indications import REFERRALS, Indication, Indications, Marked, indicated
from domain.referrals.records import Referral, ReferralOutcome
from domain.referrals.workflow import OPEN, referral_life
from domain.tracking.commands import ReferTracking, refer
from domain.tracking.progress_records import PositiveProgress
from domain.tracking.records import AbnormalTracking
from domain.tracking.workflow import tracking_life

HANDLE = "referral.handle"
LEAST_SAID = 2
LONGEST_AHEAD = timedelta(days=366)


@command("referral.propose", "按指征建议转诊", permission=None, place="internal")
class ProposeReferrals:
    """Tracked results that are new or changed: by the rules, which clients should be sent on, and where."""

    tracking_ids: list[Id] = ask("异常结果追踪", kind=Kind.HIDDEN)


@handles(ProposeReferrals)
def propose(order: ProposeReferrals, work: UnitOfWork) -> int:
    """Return how many were proposed; each cause proposes once, and what ended without a referral drops its own."""
    return sum(_propose(work, tracking_id) for tracking_id in order.tracking_ids)


def _propose(work: UnitOfWork, tracking_id: Id) -> bool:
    tracking = work.get(AbnormalTracking, tracking_id)
    if tracking is None:
        return False
    if tracking.due_at is None:
        return _drop_proposals(work, tracking)
    rules: Indications = work.content[REFERRALS]
    item = work.require(Observation, tracking.observation_id).item
    progress = work.find(PositiveProgress, patient_id=tracking.patient_id, item=item)
    rule = indicated(Marked(item, tracking.grade, progress.course if progress else None), rules)
    if rule is None:
        return False
    made_id = stable_id("referral", tracking.id, rule.id)
    work.flush()  # what another result of this transaction proposed counts
    before = _about(work, tracking)
    if work.get(Referral, made_id) is not None or any(one.state in ("proposed", *OPEN) for one in before):
        return False
    best = targets_for(work, [item], urgent=rule.urgent)
    if _joined(work, tracking, rule, best[0].id if best else None):
        return True
    patient = work.require(Patient, tracking.patient_id)
    day = clinic(work.now).date() + timedelta(days=rule.days)
    made = new_referral(
        work,
        patient,
        f"{rule.title}：{tracking.sentence}",
        day,
        urgent=rule.urgent,
        referral_id=made_id,
    )
    made.tracking_id, made.causes, made.indication = tracking.id, [tracking.id.hex], rule.id
    made.unverified = rule.status == "UNVERIFIED"
    if best:
        point(made, best[0])
    work.start(referral_life, made)
    work.add(made)
    note_referral(work, made, "proposed")
    return True


def _about(work: UnitOfWork, tracking: AbnormalTracking) -> list[Referral]:
    """Return the referrals of a client that are about a tracked result, alone or with others."""
    mine = work.list(select(Referral).where(Referral.patient_id == tracking.patient_id))
    return [one for one in mine if tracking.id.hex in one.causes]


def _joined(work: UnitOfWork, tracking: AbnormalTracking, rule: Indication, target_id: Id | None) -> bool:
    """Add a result to what is proposed already for the same client, reason and department: one visit answers both."""
    same = select(Referral).where(
        Referral.patient_id == tracking.patient_id, Referral.state == "proposed",
        Referral.indication == rule.id, Referral.target_id == target_id,
    )  # fmt: skip
    for one in work.list(same.order_by(Referral.id).limit(1)):
        one.causes = [*one.causes, tracking.id.hex]
        one.reason = f"{one.reason}；{tracking.sentence}"[:4000]
        return True
    return False


def _drop_proposals(work: UnitOfWork, tracking: AbnormalTracking) -> bool:
    """Drop what was only proposed for a result that came to its end otherwise."""
    dropped = [
        one for one in _about(work, tracking)
        if one.state == "proposed" and not any(_runs(work, cause) for cause in one.causes)
    ]  # fmt: skip
    for one in dropped:
        _end(work, one, "drop", f"异常结果已有结局：{tracking_life.label_of(tracking.state)}")
    return bool(dropped)


def _runs(work: UnitOfWork, cause: str) -> bool:
    tracking = work.get(AbnormalTracking, Id(hex=cause))
    return tracking is not None and tracking.due_at is not None


@command("referral.confirm", "确认转诊", permission=HANDLE)
class ConfirmReferral:
    """Open what an indication proposed: the department that fits best, or another."""

    referral_id: Id = ask("转诊", kind=Kind.HIDDEN)
    target: str | None = ask("转往医院与科室（不填为推荐去向）", default=None, max_length=160)
    planned_on: date | None = ask("计划完成日期（不填为建议日期）", kind=Kind.DATE, default=None)


@handles(ConfirmReferral)
def confirm(order: ConfirmReferral, work: UnitOfWork) -> str:
    """Return the number.

    Raises:
        DomainError: ``referral.no_target``, ``referral.no_targets`` (``target``); ``referral.day_past``,
            ``referral.day_far`` (``planned_on``); ``referral.wrong_state``.
    """
    referral = work.require(Referral, order.referral_id, "referral_id")
    if order.target or referral.target_id is None:
        point(referral, pick_target(work, order.target, topics_of(work, referral), urgent=referral.urgent))
    if order.planned_on is not None:
        referral.planned_on = planned(work, order.planned_on)
    _open(work, referral, "open")
    return referral.number


@command("referral.open", "开立转诊", permission=HANDLE)
class OpenReferral:
    """Send a client on by somebody's own judgement."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)
    reason: str = ask("转诊原因", kind=Kind.NOTE)
    target: str = ask("转往医院与科室", max_length=160)
    urgent: bool = ask("加急", default=False)
    planned_on: date | None = ask("计划完成日期（不填为 30 天内）", kind=Kind.DATE, default=None)


@handles(OpenReferral)
def open_referral(order: OpenReferral, work: UnitOfWork) -> str:
    """Return the number. Raises as `confirm`; ``referral.no_reason`` (``reason``)."""
    patient = work.require(Patient, order.patient_id, "patient_id")
    made = new_referral(
        work, patient, _reason(order.reason), planned(work, order.planned_on), urgent=order.urgent
    )
    point(made, pick_target(work, order.target, [], urgent=order.urgent))
    work.start(referral_life, made)
    work.add(made)
    _open(work, made, "open")
    return made.number


@command("referral.open_tracked", "开立转诊", permission=HANDLE)
class ReferResult:
    """Send on whose abnormal result is tracked; the tracking goes on until word is back."""

    tracking_id: Id = ask("异常结果追踪", kind=Kind.HIDDEN)
    target: str | None = ask("转往医院与科室（不填为推荐去向）", default=None, max_length=160)
    urgent: bool = ask("加急", default=False)
    planned_on: date | None = ask("计划完成日期（不填为建议日期）", kind=Kind.DATE, default=None)


@handles(ReferResult)
def refer_result(order: ReferResult, work: UnitOfWork) -> str:
    """Return the number; what an indication proposed for this result is taken up.

    Raises:
        DomainError: As `confirm`; ``referral.open_already`` with the number of one that is under way.
    """
    tracking = work.require(AbnormalTracking, order.tracking_id, "tracking_id")
    known = _about(work, tracking)
    running = next((one for one in known if one.state in OPEN), None)
    if running is not None:
        raise DomainError("referral.open_already", field="tracking_id", number=running.number)
    proposed = next((one for one in known if one.state == "proposed"), None)
    item = work.require(Observation, tracking.observation_id).item
    day = planned(work, order.planned_on)
    if proposed is None:
        patient = work.require(Patient, tracking.patient_id)
        proposed = new_referral(work, patient, tracking.sentence, day, urgent=order.urgent)
        proposed.tracking_id, proposed.causes = tracking.id, [tracking.id.hex]
        work.start(referral_life, proposed)
        work.add(proposed)
    elif order.planned_on is not None:
        proposed.planned_on = day
    proposed.urgent = proposed.urgent or order.urgent
    if order.target or proposed.target_id is None:
        point(proposed, pick_target(work, order.target, [item], urgent=proposed.urgent))
    _open(work, proposed, "open")
    return proposed.number


def _open(work: UnitOfWork, referral: Referral, move: str) -> None:
    work.move(referral_life, referral, move)
    referral.opened_at, referral.opened_name = work.now, work.actor.name
    referral.planned_at = datetime.combine(
        referral.planned_on + timedelta(days=1), datetime.min.time(), CLINIC_TIME
    )
    note_referral(work, referral, "opened")


@command("referral.drop", "登记无需转诊", permission=HANDLE)
class DropReferral:
    """What an indication proposed is not needed, and why."""

    referral_id: Id = ask("转诊", kind=Kind.HIDDEN)
    why: str = ask("无需转诊的原因", kind=Kind.NOTE)


@handles(DropReferral)
def drop(order: DropReferral, work: UnitOfWork) -> None:
    """End it. Raises ``referral.no_reason`` (``why``); ``referral.wrong_state``."""
    _end(work, _of(work, order.referral_id), "drop", _reason(order.why, "why"))


@command("referral.book", "登记预约", permission=HANDLE)
class BookReferral:
    """The client has an appointment there; another one takes the place of the first."""

    referral_id: Id = ask("转诊", kind=Kind.HIDDEN)
    booked_for: datetime = ask("就诊时间")
    booking_no: str | None = ask("预约号", default=None, max_length=60)


@handles(BookReferral)
def book(order: BookReferral, work: UnitOfWork) -> None:
    """Keep it. Raises ``referral.time_past``, ``referral.time_far`` (``booked_for``); ``referral.wrong_state``."""
    booked(work, _of(work, order.referral_id), order.booked_for, order.booking_no)


def booked(work: UnitOfWork, referral: Referral, at: datetime, number: str | None) -> None:
    """Note an appointment; raises as `book`."""
    check_time(work, at)
    work.move(referral_life, referral, "book")
    referral.booked_at, referral.booked_for = work.now, at
    referral.booking_no = (number or "").strip() or None
    referral.due_at = end_of_day_of(at)
    note_referral(work, referral, "booked")


def check_time(work: UnitOfWork, at: datetime) -> None:
    """Refuse an appointment in the past or beyond a year."""
    if end_of_day_of(at) <= work.now:
        raise DomainError("referral.time_past", field="booked_for", day=clinic(at).date().isoformat())
    if at > work.now + LONGEST_AHEAD:
        raise DomainError("referral.time_far", field="booked_for", day=clinic(at).date().isoformat())


@command("referral.see", "登记已就诊", permission=HANDLE)
class NoteSeen:
    """The client was there; word is awaited."""

    referral_id: Id = ask("转诊", kind=Kind.HIDDEN)
    note: str | None = ask("说明", kind=Kind.NOTE, default=None)


@handles(NoteSeen)
def see(order: NoteSeen, work: UnitOfWork) -> None:
    """Keep it. Raises ``referral.wrong_state``."""
    seen(work, _of(work, order.referral_id), order.note)


def seen(work: UnitOfWork, referral: Referral, note: str | None = None) -> None:
    """Note that the client was there."""
    work.move(referral_life, referral, "see")
    referral.seen_at = work.now
    note_referral(work, referral, "seen", note)


@command("referral.close", "登记结果反馈", permission=HANDLE)
class CloseReferral:
    """Word is back: what was found or done, and how the client is managed from here on."""

    referral_id: Id = ask("转诊", kind=Kind.HIDDEN)
    outcome: ReferralOutcome = ask("转诊结果", kind=Kind.CHOICE)
    feedback: str = ask("结果反馈", kind=Kind.NOTE)
    next_step: str | None = ask("后续管理建议", kind=Kind.NOTE, default=None)


@handles(CloseReferral)
def close(order: CloseReferral, work: UnitOfWork) -> None:
    """End it, and with it the tracking of its result. Raises ``referral.no_feedback``; ``referral.wrong_state``."""
    referral = _of(work, order.referral_id)
    closed(work, referral, order.outcome, order.feedback, order.next_step)


def closed(
    work: UnitOfWork, referral: Referral, outcome: ReferralOutcome, feedback: str, next_step: str | None
) -> None:
    """Note what came of it; raises as `close`."""
    if len(feedback.strip()) < LEAST_SAID:
        raise DomainError("referral.no_feedback", field="feedback")
    work.move(referral_life, referral, "close")
    referral.seen_at = referral.seen_at or work.now
    referral.closed_at, referral.outcome = work.now, outcome
    referral.feedback, referral.next_step = feedback.strip(), (next_step or "").strip() or None
    note_referral(work, referral, "closed", referral.feedback)
    said = f"{referral.hospital} {referral.department}：{referral.feedback}"
    for cause in referral.causes:
        tracking = work.get(AbnormalTracking, Id(hex=cause))
        if tracking is not None and tracking_life.allows(tracking.state, "refer"):
            refer(ReferTracking(tracking_id=tracking.id, note=said[:4000]), work)


@command("referral.redirect", "改转去向", permission=HANDLE)
class RedirectReferral:
    """It goes to another department; the time for booking begins anew."""

    referral_id: Id = ask("转诊", kind=Kind.HIDDEN)
    target: str | None = ask("转往医院与科室（不填为推荐去向）", default=None, max_length=160)
    why: str = ask("改转原因", kind=Kind.NOTE)


@handles(RedirectReferral)
def redirect(order: RedirectReferral, work: UnitOfWork) -> str:
    """Return the number. Raises as `confirm`; ``referral.no_reason``; ``referral.same_target`` (``target``)."""
    referral = _of(work, order.referral_id)
    target = pick_target(work, order.target, topics_of(work, referral), urgent=referral.urgent)
    if target.id == referral.target_id:
        raise DomainError(
            "referral.same_target", field="target", name=f"{target.hospital} {target.department}"
        )
    why = _reason(order.why, "why")
    work.move(referral_life, referral, "redirect")
    point(referral, target)
    referral.accepted_at = referral.booked_at = referral.booked_for = referral.booking_no = None
    note_referral(work, referral, "redirected", why)
    return referral.number


@command("referral.refuse", "登记客户放弃", permission=HANDLE)
class RefuseReferral:
    """The client does not go; an abnormal result goes on being tracked."""

    referral_id: Id = ask("转诊", kind=Kind.HIDDEN)
    why: str = ask("放弃原因与风险告知", kind=Kind.NOTE)


@handles(RefuseReferral)
def refuse(order: RefuseReferral, work: UnitOfWork) -> None:
    """End it. Raises ``referral.no_reason`` (``why``); ``referral.wrong_state``."""
    _end(work, _of(work, order.referral_id), "refuse", _reason(order.why, "why"))


def declined(work: UnitOfWork, referral: Referral, why: str) -> None:
    """Note that the receiving side does not take the client."""
    work.move(referral_life, referral, "decline")
    referral.accepted_at = None
    note_referral(work, referral, "declined", why)


def _end(work: UnitOfWork, referral: Referral, move: str, why: str) -> None:
    work.move(referral_life, referral, move)
    referral.ended_why, referral.closed_at = why, work.now
    note_referral(work, referral, "refused" if move == "refuse" else "dropped", why)


def _of(work: UnitOfWork, referral_id: Id) -> Referral:
    return work.require(Referral, referral_id, "referral_id")


def _reason(said: str, field: str = "reason") -> str:
    if len(said.strip()) < LEAST_SAID:
        raise DomainError("referral.no_reason", field=field)
    return said.strip()
