"""What is to be done next about a marked value, worked out from how grave it is and how it goes on.

The days are suggestions of this product, like those of `domain.tracking.workflow`; a physician may always say others.
"""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from domain.followup.content import FOLLOWUP
from domain.followup.task_commands import AddTask, add_task
from domain.kernel.clock import CLINIC_TIME, clinic
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.tracking.progress_records import NextStep, PositiveCourse
from domain.tracking.records import AbnormalTracking, TrackingGrade, TrackingStep

HIGH, IMPORTANT = TrackingGrade.HIGH, TrackingGrade.IMPORTANT
NEXT: Mapping[tuple[TrackingGrade, PositiveCourse], tuple[NextStep, int]] = {
    (HIGH, PositiveCourse.WAITING): (NextStep.RECHECK, 7),
    (HIGH, PositiveCourse.WORSE): (NextStep.READ_AND_REFER, 1),
    (HIGH, PositiveCourse.UNKNOWN): (NextStep.READ, 3),
    (HIGH, PositiveCourse.STEADY): (NextStep.RECHECK, 14),
    (HIGH, PositiveCourse.BETTER): (NextStep.RECHECK, 30),
    (HIGH, PositiveCourse.RECOVERED): (NextStep.CONFIRM, 30),
    (IMPORTANT, PositiveCourse.WAITING): (NextStep.RECHECK, 30),
    (IMPORTANT, PositiveCourse.WORSE): (NextStep.READ_AND_REFER, 3),
    (IMPORTANT, PositiveCourse.UNKNOWN): (NextStep.READ, 7),
    (IMPORTANT, PositiveCourse.STEADY): (NextStep.RECHECK, 60),
    (IMPORTANT, PositiveCourse.BETTER): (NextStep.RECHECK, 90),
    (IMPORTANT, PositiveCourse.RECOVERED): (NextStep.CONFIRM, 90),
}
"""What follows and within how many days of the newest result, by grade and course."""
MORNING = time(9)


def next_step(grade: TrackingGrade, course: PositiveCourse, last_on: date) -> tuple[NextStep, date]:
    """Return what is to be done next, and by which day."""
    step, days = NEXT[grade, course]
    return step, last_on + timedelta(days=days)


def bring_forward(work: UnitOfWork, tracking: AbnormalTracking, label: str, said: str, day: date) -> None:
    """Let the follow-up of a value that got worse be due earlier, never later; who was not told yet is told first."""
    day = max(day, clinic(work.now).date())
    if tracking.state != "follow" or (tracking.follow_on is not None and tracking.follow_on <= day):
        return
    tracking.follow_on = day
    tracking.due_at = datetime.combine(day + timedelta(days=1), time(), CLINIC_TIME)
    work.add(
        TrackingStep(
            org_id=tracking.org_id, tracking_id=tracking.id, patient_id=tracking.patient_id, kind="moved_up",
            at=work.now, staff_id=work.actor.staff_id, staff_name=work.actor.name,
            note=f"{label}：{said}；随访提前到 {day.isoformat()}",
        )
    )  # fmt: skip


def give_task(work: UnitOfWork, patient_id: Id, label: str, said: str, day: date) -> Id | None:
    """Give somebody the contact about a value that got worse; None where there is no follow-up content."""
    if FOLLOWUP not in work.content:
        return None
    at = datetime.combine(day, MORNING, CLINIC_TIME)
    if at <= work.now:
        at = datetime.combine(clinic(work.now).date() + timedelta(days=1), MORNING, CLINIC_TIME)
    order = AddTask(
        patient_id=patient_id, title=f"阳性指标加重随访：{label}"[:255], planned_at=at, urgent=True,
        content=f"{said}\n请医生判读，按指征转诊\n询问症状、用药与就诊情况",
    )  # fmt: skip
    made: Id = add_task(order, work)
    return made
