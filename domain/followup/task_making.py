"""Tasks as plans and other features make them: the next contact of a plan, its owner, and its trail."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import select

from domain.followup.group_records import ClientLevel, Segment
from domain.followup.plan_records import FollowPlan, Way
from domain.followup.regrouping import content_of, rhythm_of
from domain.followup.staffing import Pick, candidates_of, pick
from domain.followup.task_records import Audience, FollowTask, TaskEvent
from domain.followup.workflow import OPEN_TASKS, task_life
from domain.kernel.clock import CLINIC_TIME, clinic
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork

MORNING = time(9, 0)
"""When a plan begins whose first day was chosen by hand."""


def make_next_task(work: UnitOfWork, plan: FollowPlan) -> FollowTask:
    """Make the task of a plan's next contact; two desks that get there apart make one."""
    number = plan.done + 1
    begin = plan.proposed_at
    if clinic(begin).date() != plan.starts_on:
        begin = datetime.combine(plan.starts_on, MORNING, CLINIC_TIME)
    urgent = (
        plan.segment == Segment.HIGH_RISK
        or rhythm_of(plan) is not ClientLevel.STANDARD
        or "class_a" in plan.topics
    )
    task = FollowTask(
        id=stable_id("follow_task", plan.id, number), org_id=plan.org_id, patient_id=plan.patient_id,
        plan_id=plan.id, number=number, title=plan.name,
        audience=Audience.MESSAGING if plan.way == Way.MESSAGE else Audience.PERSON, way=plan.way, form=plan.form,
        script=plan.script, content=list(plan.content), topics=list(plan.topics), urgent=urgent,
        owner_role=plan.owner_role, planned_at=begin + timedelta(days=plan.after_days[number - 1]),
    )  # fmt: skip
    return start_task(work, task)


def start_task(work: UnitOfWork, task: FollowTask) -> FollowTask:
    """Keep a new task, unassigned; the clock of its assignment runs."""
    task.created_at = work.now
    work.start(task_life, task)
    work.add(task)
    note_task(work, task, "created")
    return task


def assign_best(work: UnitOfWork, task: FollowTask, bound: Id | None = None) -> Pick | None:
    """Give a task to whoever fits best; None leaves it unassigned, which alert A-040 minds."""
    limit = content_of(work).limits.task_limit
    found = pick(candidates_of(work, task.org_id, task.owner_role, limit), bound, task.topics)
    if found is not None:
        give(work, task, found)
    return found


def give(work: UnitOfWork, task: FollowTask, to: Pick, note: str | None = None) -> None:
    """Make somebody the owner of a task; it is to be done by its planned time."""
    move_task(work, task, "assign")
    task.owner_id, task.owner_name, task.assigned_why, task.offered_to = to.staff_id, to.name, to.why, None
    note_task(work, task, "assigned", to_name=to.name, note=note, facts={"why": to.why})


def move_task(work: UnitOfWork, task: FollowTask, move: str) -> None:
    """Make a move; where a state has no limit of its own, a task is due at its planned time."""
    work.move(task_life, task, move)
    if task.state in {"waiting", "in_progress"}:
        task.due_at = task.planned_at


def cancel_open_tasks(work: UnitOfWork, plan: FollowPlan) -> None:
    """Cancel what a plan that ends had still to do; a contact that was made keeps waiting for its result."""
    work.flush()
    query = select(FollowTask).where(FollowTask.plan_id == plan.id, FollowTask.state.in_(OPEN_TASKS))
    for task in work.list(query):
        if task.state != "executed":
            move_task(work, task, "cancel")
            task.closed_at = work.now
            note_task(work, task, "cancelled")


def note_task(
    work: UnitOfWork, task: FollowTask, act: str, *, to_name: str | None = None, note: str | None = None,
    facts: dict[str, Any] | None = None,
) -> None:  # fmt: skip
    """Add a step to the trail of a task."""
    work.add(
        TaskEvent(
            org_id=task.org_id, task_id=task.id, act=act, at=work.now, staff_id=work.actor.staff_id,
            staff_name=work.actor.name, to_name=to_name, note=note, facts=facts,
        )
    )  # fmt: skip


def unassigned(work: UnitOfWork, most: int) -> Sequence[FollowTask]:
    """Return tasks without an owner, the longest waiting first: a range of an index."""
    query = (
        select(FollowTask)
        .where(FollowTask.state == "unassigned")
        .order_by(FollowTask.due_at, FollowTask.id)
        .limit(most)
    )
    return work.list(query)
