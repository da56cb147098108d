"""What is done with a task: assigned, begun, made, entered, put off, handed over, lost, cancelled."""

import dataclasses
from datetime import datetime
from typing import Any

from domain.checkup.form_commands import AnswerForm, answer_form
from domain.followup.group_commands import staff_of
from domain.followup.plan_records import FollowPlan, Way
from domain.followup.regrouping import content_of, members_of, note_plan, profile_of, propose
from domain.followup.staffing import Pick, candidate_of, candidates_of, pick
from domain.followup.task_making import (
    assign_best,
    give,
    make_next_task,
    move_task,
    note_task,
    start_task,
    unassigned,
)
from domain.followup.task_records import Audience, CareStaff, FollowTask, Outcome
from domain.followup.workflow import plan_life
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient

MOST_AT_ONCE = 200
FOLLOWS_UP = "health_manager"
"""Role that makes contacts beside every plan."""


@command("followup.assign", "分配随访任务", permission="followup.assign")
class AssignTask:
    """Give a task to somebody, or without a name to whoever fits best."""

    task_id: Id = ask("随访任务", kind=Kind.HIDDEN)
    login: str | None = ask("责任人登录名（留空为自动分配）", default=None, max_length=60)
    despite: str | None = ask("超出上限仍分配的理由", kind=Kind.NOTE, default=None)


@handles(AssignTask)
def assign_task(order: AssignTask, work: UnitOfWork) -> Pick:
    """Return who has it now and why.

    Raises:
        DomainError: ``followup.no_staff``; ``followup.over_limit`` (``login``) with who has least, unless `despite`
            says why it shall be so; ``followup.nobody_free`` where nobody is below the limit.
    """
    task = work.require(FollowTask, order.task_id, "task_id")
    limit = content_of(work).limits.task_limit
    if not order.login:
        found = assign_best(work, task, _bound(work, task))
        if found is None:
            raise DomainError("followup.nobody_free", field="login")
        return found
    staff = staff_of(work, order.login, "login")
    asked = candidate_of(work, staff, limit)
    if not asked.has_room and not (order.despite or "").strip():
        others = [
            c for c in candidates_of(work, task.org_id, task.owner_role, limit) if c.staff_id != staff.id
        ]
        best = pick(others, None, task.topics)
        raise DomainError(
            "followup.over_limit", field="login", name=staff.name, open=asked.open_tasks, limit=asked.limit,
            other=best.name if best else "—",
        )  # fmt: skip
    chosen = Pick(staff.id, staff.name, "asked" if asked.has_room else "despite_limit")
    give(work, task, chosen, order.despite)
    return chosen


def _bound(work: UnitOfWork, task: FollowTask) -> Id | None:
    plan = work.get(FollowPlan, task.plan_id)
    if plan is not None and plan.owner_id is not None:
        return plan.owner_id
    profile = profile_of(work, task.patient_id)
    return profile.manager_id if profile else None


@dataclasses.dataclass(frozen=True, slots=True)
class GivenOut:
    """What giving out tasks in one go came to: how many, and how many nobody had room for."""

    given: int
    left: int


@command("followup.add_task", "新建随访任务", permission="followup.plan")
class AddTask:
    """One contact beside every plan."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)
    title: str = ask("任务")
    way: Way = ask("方式", kind=Kind.CHOICE, default=Way.PHONE)
    planned_at: datetime = ask("计划时间")
    content: str | None = ask("随访内容（每行一项）", kind=Kind.NOTE, default=None)
    urgent: bool = ask("重点", default=False)


@handles(AddTask)
def add_task(order: AddTask, work: UnitOfWork) -> Id:
    """Return the id of the task; whoever fits best has it.

    Raises:
        DomainError: ``followup.past`` (``planned_at``); ``input.type`` for a time without its zone.
    """
    patient = work.require(Patient, order.patient_id, "patient_id")
    check_time(order.planned_at, work)
    task = FollowTask(
        org_id=patient.org_id, patient_id=patient.id, title=order.title, way=order.way, urgent=order.urgent,
        audience=Audience.MESSAGING if order.way is Way.MESSAGE else Audience.PERSON, topics=[], number=1,
        content=[line.strip() for line in (order.content or "").splitlines() if line.strip()],
        owner_role=FOLLOWS_UP, planned_at=order.planned_at,
    )  # fmt: skip
    start_task(work, task)
    assign_best(work, task, _bound(work, task))
    return task.id


def check_time(planned_at: datetime, work: UnitOfWork) -> None:
    """Refuse a time without its zone, or one that is past."""
    if planned_at.tzinfo is None:
        raise DomainError("input.type", field="planned_at", label="计划时间", value=str(planned_at))
    if planned_at <= work.now:
        raise DomainError("followup.past", field="planned_at")


@command("followup.assign_waiting", "批量分配待分配任务", permission="followup.assign")
class AssignWaiting:
    """Give out the tasks that have no owner, each to whoever fits best."""

    most: int = ask("最多分配", kind=Kind.NUMBER, default=50, low=1, high=MOST_AT_ONCE)


@handles(AssignWaiting)
def assign_waiting(order: AssignWaiting, work: UnitOfWork) -> GivenOut:
    """Return how many were given out; the next one sees what the last one got."""
    tasks = list(unassigned(work, order.most))
    given = sum(assign_best(work, task, _bound(work, task)) is not None for task in tasks)
    return GivenOut(given, len(tasks) - given)


@command("followup.begin", "开始随访", permission="followup.task")
class BeginTask:
    """Somebody is on it now."""

    task_id: Id = ask("随访任务", kind=Kind.HIDDEN)


@handles(BeginTask)
def begin_task(order: BeginTask, work: UnitOfWork) -> None:
    """Note who began; whoever begins a task of somebody else is its helper."""
    task = work.require(FollowTask, order.task_id, "task_id")
    move_task(work, task, "begin")
    note_task(work, task, "begun")


@command("followup.contact", "登记联系结果", permission="followup.task")
class NoteContact:
    """The client was called, visited or written to; what it came to is entered now or within the day."""

    task_id: Id = ask("随访任务", kind=Kind.HIDDEN)
    outcome: Outcome = ask("联系结果", kind=Kind.CHOICE)
    note: str | None = ask("说明", kind=Kind.NOTE, default=None)


@handles(NoteContact)
def note_contact(order: NoteContact, work: UnitOfWork) -> str:
    """Return the state; without an answer the task stays as it is and the attempt is counted."""
    task = work.require(FollowTask, order.task_id, "task_id")
    task.attempts += 1
    task.outcome = order.outcome
    if order.outcome is not Outcome.NO_ANSWER:
        move_task(work, task, "contact")
        task.executed_at = work.now
    elif task.state == "waiting":
        move_task(work, task, "begin")
    note_task(work, task, "contacted", note=order.note, facts={"outcome": str(order.outcome)})
    return task.state


@command("followup.complete", "录入随访结果", permission="followup.task")
class CompleteTask:
    """What the follow-up came to; with the answers where the task names a form."""

    task_id: Id = ask("随访任务", kind=Kind.HIDDEN)
    result: str = ask("随访结果", kind=Kind.NOTE)
    answers: dict[str, Any] | None = ask("答案", kind=Kind.HIDDEN, default=None)
    form_version: str | None = ask("问卷版本", kind=Kind.HIDDEN, default=None, max_length=40)


@handles(CompleteTask)
def complete_task(order: CompleteTask, work: UnitOfWork) -> Id | None:
    """Return the id of the next task of the plan, None where there is none.

    Raises:
        DomainError: ``follow_task.wrong_state``; ``input.missing`` (``result``); what `answer_form` raises.
    """
    task = work.require(FollowTask, order.task_id, "task_id")
    if not order.result.strip():
        raise DomainError("input.missing", field="result", label="随访结果")
    move_task(work, task, "complete")
    if task.executed_at is None:
        task.executed_at, task.attempts = work.now, task.attempts + 1
        task.outcome = Outcome.REACHED
    task.result, task.closed_at = order.result.strip(), work.now
    if order.answers and task.form:
        answered = AnswerForm(
            patient_id=task.patient_id, form=task.form, form_version=order.form_version or "",
            answers=order.answers,
        )  # fmt: skip
        task.response_id = answer_form(answered, work).response_id
    note_task(work, task, "completed")
    return _go_on(work, task)


def _go_on(work: UnitOfWork, task: FollowTask) -> Id | None:
    """Let the plan go on with its next contact, or end with its last."""
    plan = work.get(FollowPlan, task.plan_id)
    if plan is None or plan.state != "active":
        return None
    plan.done = max(plan.done, task.number)
    if plan.done < len(plan.after_days):
        following = make_next_task(work, plan)
        assign_best(work, following, task.owner_id or plan.owner_id)
        return following.id
    work.move(plan_life, plan, "finish")
    note_plan(work, plan, "finished")
    work.flush()
    patient = work.require(Patient, plan.patient_id, "patient_id")
    propose(work, patient, members_of(work, patient.id))
    return None


@command("followup.lose", "登记失访", permission="followup.task")
class LoseTask:
    """The client cannot be reached, and what was tried."""

    task_id: Id = ask("随访任务", kind=Kind.HIDDEN)
    reason: str = ask("原因", kind=Kind.NOTE)


@handles(LoseTask)
def lose_task(order: LoseTask, work: UnitOfWork) -> Id | None:
    """Return the id of the next task of the plan.

    Raises:
        DomainError: ``followup.too_few_attempts`` before the client was tried as often as the limits ask.
    """
    task = work.require(FollowTask, order.task_id, "task_id")
    needed = content_of(work).limits.attempts
    if task.attempts < needed:
        raise DomainError("followup.too_few_attempts", field="task_id", tried=task.attempts, needed=needed)
    move_task(work, task, "lose")
    task.result, task.closed_at = order.reason, work.now
    note_task(work, task, "lost", note=order.reason)
    return _go_on(work, task)


@command("followup.reschedule", "改期", permission="followup.task")
class RescheduleTask:
    """Another time, and why; the alerts follow the new one."""

    task_id: Id = ask("随访任务", kind=Kind.HIDDEN)
    planned_at: datetime = ask("新的计划时间")
    reason: str = ask("原因", kind=Kind.NOTE)


@handles(RescheduleTask)
def reschedule_task(order: RescheduleTask, work: UnitOfWork) -> None:
    """Put the task off, or forward.

    Raises:
        DomainError: ``followup.past`` (``planned_at``); ``input.type`` for a time without its zone.
    """
    task = work.require(FollowTask, order.task_id, "task_id")
    check_time(order.planned_at, work)
    before, task.planned_at = task.planned_at, order.planned_at
    move_task(work, task, "reschedule")
    facts = {"before": before.isoformat(), "after": order.planned_at.isoformat()}
    note_task(work, task, "rescheduled", note=order.reason, facts=facts)


@command("followup.cancel", "取消随访任务", permission="followup.task")
class CancelTask:
    """The contact is not needed any more, and why; the plan goes on with the next one."""

    task_id: Id = ask("随访任务", kind=Kind.HIDDEN)
    reason: str = ask("原因", kind=Kind.NOTE)


@handles(CancelTask)
def cancel_task(order: CancelTask, work: UnitOfWork) -> Id | None:
    """Return the id of the next task of the plan."""
    task = work.require(FollowTask, order.task_id, "task_id")
    move_task(work, task, "cancel")
    task.result, task.closed_at = order.reason, work.now
    note_task(work, task, "cancelled", note=order.reason)
    return _go_on(work, task)


@command("followup.set_staff", "设置随访人员", permission="followup.assign")
class SetCareStaff:
    """What a person is good at, how much they take, and whether they are on duty."""

    login: str = ask("登录名", max_length=60)
    skills: str | None = ask("擅长主题（代码，用、分隔）", default=None, max_length=400)
    task_limit: int | None = ask("任务上限", kind=Kind.NUMBER, default=None, low=1, high=1000)
    on_duty: bool | None = ask("当班", default=None)


@handles(SetCareStaff)
def set_care_staff(order: SetCareStaff, work: UnitOfWork) -> Id:
    """Return the id of what is kept of the person; what is left out stays."""
    staff = staff_of(work, order.login, "login")
    kept = work.find(CareStaff, staff_id=staff.id)
    if kept is None:
        kept = work.add(
            CareStaff(
                id=stable_id("care_staff", staff.id), org_id=staff.org_id, staff_id=staff.id, name=staff.name,
                skills=[], task_limit=content_of(work).limits.task_limit,
            )
        )  # fmt: skip
    if order.skills is not None:
        kept.skills = [
            part for part in order.skills.replace(",", "、").replace("，", "、").split("、") if part
        ]
    if order.task_limit is not None:
        kept.task_limit = order.task_limit
    if order.on_duty is not None:
        kept.on_duty = order.on_duty
    return kept.id
