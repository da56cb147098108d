"""Tasks of remote review, what each expert has, and where every report of a branch is."""

from sqlalchemy import select

from domain.checkup.entitlement_records import ReviewDoubt
from domain.checkup.records import Report
from domain.kernel.worklists import Query, worklist
from domain.people.records import Organization, Patient
from domain.reviewing.commands import AcceptReview, AssignWaitingReviews, DeclineReview, HandOverReview
from domain.reviewing.entitlement_commands import ConfirmReview, RedoReview
from domain.reviewing.records import Reviewer, ReviewTask, ReviewTaskEvent
from domain.reviewing.roster_commands import BeAway, SetReviewer
from domain.reviewing.workflow import OPEN


@worklist("review.tasks", "总检任务", permission="report.view", record=ReviewTask, order="due_at")
def tasks() -> Query:
    """Tasks that are not done, by what runs out first: who has them and why."""
    return (
        select(
            ReviewTask.urgency, ReviewTask.number, Patient.name, Organization.name.label("branch"), ReviewTask.level,
            ReviewTask.owner_name, ReviewTask.assigned_why, ReviewTask.state, ReviewTask.due_at, ReviewTask.topics,
            ReviewTask.made_at,
        )
        .join(Patient, Patient.id == ReviewTask.patient_id)
        .join(Organization, Organization.id == ReviewTask.org_id)
        .where(ReviewTask.state.in_(OPEN), ReviewTask.due_at.is_not(None))
    )  # fmt: skip


tasks.offers(AcceptReview, DeclineReview, HandOverReview, AssignWaitingReviews)


@worklist("review.done", "已完成总检任务", permission="report.view", record=ReviewTask, order="-done_at")
def done() -> Query:
    """What was done, the latest first."""
    return (
        select(
            ReviewTask.done_at, ReviewTask.number, Patient.name, Organization.name.label("branch"), ReviewTask.level,
            ReviewTask.owner_name, ReviewTask.assigned_why, ReviewTask.urgency, ReviewTask.assigned_at,
            ReviewTask.accepted_at,
        )
        .join(Patient, Patient.id == ReviewTask.patient_id)
        .join(Organization, Organization.id == ReviewTask.org_id)
        .where(ReviewTask.done_at.is_not(None))
    )  # fmt: skip


@worklist("review.experts", "专家工作量", permission="report.view", record=Reviewer, order="-counted_at")
def experts() -> Query:
    """What every expert has and was given this month: fairness is seen by all."""
    return select(
        Reviewer.name, Reviewer.specialties, Reviewer.open_tasks, Reviewer.urgent_open, Reviewer.task_limit,
        Reviewer.given, Reviewer.done, Reviewer.given_back, Reviewer.month, Reviewer.on_duty, Reviewer.weekdays,
        Reviewer.away_from, Reviewer.away_until, Reviewer.counted_at,
    )  # fmt: skip


experts.offers(SetReviewer, BeAway)


@worklist("review.steps", "总检任务轨迹", permission="report.view", record=ReviewTaskEvent, order="-at")
def steps() -> Query:
    """Every step of every task, the latest first: given to whom and why, given back with which reason."""
    return select(
        ReviewTask.number, ReviewTask.level, ReviewTaskEvent.act, ReviewTaskEvent.at, ReviewTaskEvent.staff_name,
        ReviewTaskEvent.to_name, ReviewTaskEvent.note,
    ).join(ReviewTask, ReviewTask.id == ReviewTaskEvent.task_id)  # fmt: skip


@worklist("report.progress", "报告进度", permission="report.view", record=Report, order="due_at")
def progress() -> Query:
    """Where every report is that has not gone out: state, since when, until when, and how often it was returned."""
    return (
        select(
            Report.number, Patient.name, Organization.name.label("branch"), Report.state, Report.state_since,
            Report.due_at, Report.urgency, Report.revision, Report.returns,
        )
        .join(Patient, Patient.id == Report.patient_id)
        .join(Organization, Organization.id == Report.org_id)
        .where(Report.due_at.is_not(None))
    )  # fmt: skip


@worklist(
    "report.without_right", "无权审核核定", permission="report.view", record=ReviewDoubt, order="-found_at"
)
def without_right() -> Query:
    """Levels that were passed by who had no right to it any more, the latest first, and what was decided."""
    d = ReviewDoubt
    return (
        select(
            d.number, Patient.name, Organization.name.label("branch"), d.level, d.staff_name, d.lack, d.acted_at,
            d.found_at, d.state, d.due_at, d.decided_name, d.decided_why,
        )
        .join(Patient, Patient.id == d.patient_id)
        .join(Organization, Organization.id == d.org_id)
    )  # fmt: skip


without_right.offers(ConfirmReview, RedoReview)
