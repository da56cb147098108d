"""What happens to a task of remote review: given, taken, given back, handed over, done."""

from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from domain.checkup.records import Report, ReviewAction, ReviewStep
from domain.checkup.scheme import RIGHTS, scheme_of
from domain.checkup.workflow import report_review
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Staff
from domain.reviewing.assigning import (
    MOVES,
    Choice,
    choose,
    count_reviewer,
    experts_for,
    limit_for,
    reviewer_of,
    topics_of,
)
from domain.reviewing.records import ReviewTask, ReviewTaskEvent
from domain.reviewing.workflow import OPEN, review_task_life

ASSIGN, ACCEPT = "report.assign", "report.accept"
MOST_AT_ONCE = 100


@command("review.follow", "跟进总检任务", permission=ASSIGN, place="internal")
class FollowReport:
    """A report came to a level or left one: its task is made and given, or ended. For whoever follows the log."""

    report_id: Id = ask("报告", kind=Kind.HIDDEN)


@handles(FollowReport)
def follow_report(order: FollowReport, work: UnitOfWork) -> str:
    """Return the state of the task of the report's level, empty without one; done twice it changes nothing."""
    report = work.get(Report, order.report_id)
    if report is None:
        return ""
    kept: ReviewTask | None = None
    for task in work.list(
        select(ReviewTask).where(ReviewTask.report_id == report.id, ReviewTask.state.in_(OPEN))
    ):
        if (task.level, task.revision) == (report.state, report.revision):
            kept = task
        else:
            _end(work, task, report)
    if report.state not in MOVES:
        return ""
    if kept is None:
        t = ReviewTask.__table__.c
        here = (t.report_id == report.id, t.level == report.state, t.revision == report.revision)
        times = work.connection.execute(select(func.count()).where(*here)).scalar_one()
        kept = ReviewTask(
            id=stable_id("review_task", report.id, report.state, report.revision, times), org_id=report.org_id,
            report_id=report.id, patient_id=report.patient_id, number=report.number, level=report.state,
            revision=report.revision, urgency=report.urgency, topics=topics_of(work, report.visit_id), declined=[],
            made_at=work.now,
        )  # fmt: skip
        work.start(review_task_life, kept)
        work.add(kept)
        _note(work, kept, "made" if not times else "reopened")
    if kept.state == "waiting":
        assign_best(work, kept, report)
    return kept.state


def assign_best(work: UnitOfWork, task: ReviewTask, report: Report) -> Choice | None:
    """Give a task to whoever fits best, with the reason; it waits where nobody on duty has room."""
    experts = experts_for(work, report, task.level, [i for i in map(_id, task.declined) if i])
    found = choose(experts, task.topics, urgent=task.urgency > 0)
    if found is not None:
        facts = {
            "candidates": [
                {"name": e.name, "open": e.open_tasks, "urgent": e.urgent_open, "month": e.given, "duty": e.on_duty,
                 "fits": sorted(e.specialties & set(task.topics))}
                for e in experts
            ]
        }  # fmt: skip
        give(work, task, found, facts=facts)
    return found


def give(
    work: UnitOfWork,
    task: ReviewTask,
    to: Choice,
    *,
    note: str | None = None,
    facts: dict[str, Any] | None = None,
) -> None:
    """Put a task before a person; who had it before loses it."""
    before = task.owner_id
    work.move(review_task_life, task, "assign")
    scheme = scheme_of(work.connection, task.org_id)
    minutes = min(scheme.accept_minutes, 30) if task.urgency else scheme.accept_minutes
    task.due_at = work.now + timedelta(minutes=minutes)
    task.owner_id, task.owner_name, task.assigned_why = to.staff_id, to.name, to.why
    task.assigned_at, task.accepted_at = work.now, None
    _note(work, task, "assigned", to_name=to.name, note=note, facts=facts)
    for staff_id in {before, to.staff_id} - {None}:
        count_reviewer(work, staff_id)  # type: ignore[arg-type]


@command("review.accept", "接收总检任务", permission=ACCEPT)
class AcceptReview:
    """Take a task that was given to one; passing or returning the report takes it as well."""

    task_id: Id = ask("总检任务", kind=Kind.HIDDEN)


@handles(AcceptReview)
def accept_review(order: AcceptReview, work: UnitOfWork) -> None:
    """Begin the time in which it is to be done. Raises ``review.not_yours``, ``review_task.wrong_state``."""
    task = _mine(work, order.task_id)
    work.move(review_task_life, task, "accept")
    task.accepted_at, task.due_at = work.now, work.now + limit_for(work, task)
    _note(work, task, "accepted")


@command("review.decline", "谢绝总检任务", permission=ACCEPT)
class DeclineReview:
    """Give a task back with the reason; the next fitting expert gets it."""

    task_id: Id = ask("总检任务", kind=Kind.HIDDEN)
    reason: str = ask("谢绝原因", kind=Kind.NOTE)


@handles(DeclineReview)
def decline_review(order: DeclineReview, work: UnitOfWork) -> None:
    """Put it back; the centre gives it on. Raises ``review.not_yours``, ``review_task.wrong_state``."""
    task = _mine(work, order.task_id)
    owner = work.require(Staff, task.owner_id)
    work.move(review_task_life, task, "give_back")
    task.declined = [*task.declined, owner.id.hex]
    task.owner_id = task.owner_name = task.assigned_why = task.assigned_at = task.accepted_at = None
    reviewer_of(work, owner).given_back += 1
    count_reviewer(work, owner.id)
    _note(work, task, "declined", note=order.reason)


@command("review.hand_over", "转交总检任务", permission=ACCEPT)
class HandOverReview:
    """Give a task of one's own, or as who assigns any, to a named expert."""

    task_id: Id = ask("总检任务", kind=Kind.HIDDEN)
    login: str = ask("转交给（登录名）", max_length=60)
    reason: str = ask("转交原因", kind=Kind.NOTE)


@handles(HandOverReview)
def hand_over_review(order: HandOverReview, work: UnitOfWork) -> str:
    """Return the name of who has it now.

    Raises:
        DomainError: ``review.not_yours``; ``review.no_expert`` (``login``) for somebody unknown or without the right
            of the level; ``review.same_hands`` for who had a hand in the report; ``review.off_duty``.
    """
    task = work.require(ReviewTask, order.task_id, "task_id")
    if task.owner_id != work.actor.staff_id and not work.actor.may(ASSIGN):
        raise DomainError(
            "review.not_yours", field="task_id", number=task.number, name=task.owner_name or "—"
        )
    report = work.require(Report, task.report_id, "task_id")
    staff = work.find(Staff, login=order.login.strip())
    known = work.content["authority"].roles
    if staff is None or not staff.active or not known[staff.role].may(RIGHTS[task.level]):
        raise DomainError("review.no_expert", field="login", given=order.login)
    expert = next((e for e in experts_for(work, report, task.level, ()) if e.staff_id == staff.id), None)
    if expert is None:
        raise DomainError(
            "review.same_hands", field="login", name=staff.name, level=report_review.label_of(task.level)
        )
    if not expert.on_duty:
        raise DomainError("review.off_duty", field="login", name=staff.name)
    give(work, task, Choice(staff.id, staff.name, "asked"), note=order.reason)
    return staff.name


@command("review.assign_waiting", "分配待分配总检任务", permission=ASSIGN)
class AssignWaitingReviews:
    """Give out what nobody has, the most urgent first."""

    most: int = ask("最多分配", kind=Kind.NUMBER, default=50, low=1, high=MOST_AT_ONCE)


@handles(AssignWaitingReviews)
def assign_waiting_reviews(order: AssignWaitingReviews, work: UnitOfWork) -> int:
    """Return how many were given out."""
    waiting = (
        select(ReviewTask)
        .where(ReviewTask.state == "waiting")
        .order_by(ReviewTask.urgency.desc(), ReviewTask.made_at)
        .limit(order.most)
    )
    given = 0
    for task in work.list(waiting):
        report = work.get(Report, task.report_id)
        given += report is not None and assign_best(work, task, report) is not None
    return given


def _mine(work: UnitOfWork, task_id: Id) -> ReviewTask:
    task = work.require(ReviewTask, task_id, "task_id")
    if task.state in OPEN and task.owner_id != work.actor.staff_id:
        raise DomainError(
            "review.not_yours", field="task_id", number=task.number, name=task.owner_name or "—"
        )
    return task


def _end(work: UnitOfWork, task: ReviewTask, report: Report) -> None:
    """End a task whose report left the level: done by whoever acted there, cancelled where nobody did."""
    s = ReviewStep.__table__.c
    ends = (ReviewAction.PASS, ReviewAction.SIGN, ReviewAction.RETURN)
    query = (
        select(s.staff_id, s.staff_name, s.acted_at)
        .where(
            s.report_id == report.id, s.level == task.level, s.revision == task.revision, s.action.in_(ends)
        )
        .order_by(s.acted_at.desc(), s.id.desc())
    )
    acted = work.connection.execute(query.limit(1)).first()
    before = task.owner_id
    work.move(review_task_life, task, "cancel" if acted is None else "complete")
    if acted is not None:
        task.accepted_at = task.accepted_at or acted.acted_at
        task.owner_id, task.owner_name, task.done_at = acted.staff_id, acted.staff_name, acted.acted_at
        task.assigned_why = task.assigned_why if before == acted.staff_id else "took"
    _note(work, task, "done" if acted is not None else "cancelled", to_name=task.owner_name)
    for staff_id in {before, task.owner_id} - {None}:
        count_reviewer(work, staff_id)  # type: ignore[arg-type]


def _note(
    work: UnitOfWork, task: ReviewTask, act: str, *, to_name: str | None = None, note: str | None = None,
    facts: dict[str, Any] | None = None,
) -> None:  # fmt: skip
    work.add(
        ReviewTaskEvent(
            org_id=task.org_id, task_id=task.id, act=act, at=work.now, staff_id=work.actor.staff_id,
            staff_name=work.actor.name, to_name=to_name, note=note, facts=facts,
        )
    )  # fmt: skip


def _id(text: str) -> Id | None:
    try:
        return Id(hex=text)
    except ValueError:
        return None
