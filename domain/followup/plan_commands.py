"""Plans: accepted with one key, edited, declined, ended; moved to a newer template by who saw what changes."""

import dataclasses
import hashlib
from datetime import date
from typing import Any

import msgspec

from domain.followup.definitions import PlanTemplate
from domain.followup.group_commands import staff_of
from domain.followup.group_records import ClientLevel, Segment
from domain.followup.grouping import days_of
from domain.followup.pace import pace_of_client
from domain.followup.plan_records import FollowPlan, Way
from domain.followup.regrouping import (
    content_of,
    cover,
    level_of_client,
    members_of,
    note_plan,
    plans_of,
    propose,
    propose_template,
    rhythm_of,
)
from domain.followup.task_making import assign_best, cancel_open_tasks, make_next_task
from domain.followup.workflow import plan_life
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient

MOST_CONTACTS, LONGEST_DAYS = 60, 1100


@command("followup.accept", "采用随访计划", permission="followup.plan")
class AcceptPlan:
    """The proposal is right as it stands: one key."""

    plan_id: Id = ask("随访计划", kind=Kind.HIDDEN)


@handles(AcceptPlan)
def accept_plan(order: AcceptPlan, work: UnitOfWork) -> Id:
    """Return the id of the first task; the plan that ran before gives way to this one.

    Raises:
        DomainError: ``follow_plan.wrong_state`` for one that is not proposed any more.
    """
    plan = work.require(FollowPlan, order.plan_id, "plan_id")
    work.move(plan_life, plan, "accept")
    plan.accepted_by = work.actor.staff_id
    note_plan(work, plan, "accepted")
    for other in plans_of(work, plan.patient_id):
        if other.state == "active" and other.id != plan.id:
            _end(work, other, "replace", "replaced")
    cover(work, members_of(work, plan.patient_id))
    task = make_next_task(work, plan)
    assign_best(work, task, bound=plan.owner_id)
    return task.id


def _end(work: UnitOfWork, plan: FollowPlan, move: str, act: str, note: str | None = None) -> None:
    work.move(plan_life, plan, move)
    plan.reason = note or plan.reason
    note_plan(work, plan, act, note=note)
    cancel_open_tasks(work, plan)


@command("followup.decline", "不采用随访计划", permission="followup.plan")
class DeclinePlan:
    """The proposal is not wanted, and why; the groups go on waiting until another plan or an exemption."""

    plan_id: Id = ask("随访计划", kind=Kind.HIDDEN)
    reason: str = ask("原因", kind=Kind.NOTE)


@handles(DeclinePlan)
def decline_plan(order: DeclinePlan, work: UnitOfWork) -> None:
    """Put the proposal away."""
    plan = work.require(FollowPlan, order.plan_id, "plan_id")
    work.move(plan_life, plan, "decline")
    plan.reason = order.reason
    note_plan(work, plan, "declined", note=order.reason)


@command("followup.finish_plan", "结束随访计划", permission="followup.plan")
class FinishPlan:
    """The plan has done its work before its last contact, and why."""

    plan_id: Id = ask("随访计划", kind=Kind.HIDDEN)
    reason: str = ask("原因", kind=Kind.NOTE)


@handles(FinishPlan)
def finish_plan(order: FinishPlan, work: UnitOfWork) -> None:
    """End a running plan; what else the client's groups ask for is proposed."""
    plan = work.require(FollowPlan, order.plan_id, "plan_id")
    _end(work, plan, "finish", "finished", order.reason)
    _propose_rest(work, plan)


def _propose_rest(work: UnitOfWork, plan: FollowPlan) -> None:
    work.flush()
    patient = work.require(Patient, plan.patient_id, "patient_id")
    propose(work, patient, members_of(work, patient.id))


@command("followup.new_plan", "新建随访计划", permission="followup.plan")
class NewPlan:
    """A plan from a template of one's own choice; it is proposed and can be edited before it is accepted."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)
    template: str = ask("模板代码", max_length=60)


@handles(NewPlan)
def new_plan(order: NewPlan, work: UnitOfWork) -> Id:
    """Return the id of the proposal.

    Raises:
        DomainError: ``followup.no_template`` (``template``) with the names there are; ``followup.proposed_already``.
    """
    patient = work.require(Patient, order.patient_id, "patient_id")
    template = template_of(work, order.template)
    plans = plans_of(work, patient.id)
    if any(p.state in {"proposed", "active"} and p.template == template.id for p in plans):
        raise DomainError("followup.proposed_already", field="template", name=template.name)
    members = members_of(work, patient.id)
    inside = [m for m in members if m.state not in {"left", "exempt"}]
    groups = [(Segment(m.segment), m.topic) for m in inside if m.segment != Segment.LABEL]
    pace = pace_of_client(work, patient.id, level_of_client(work, patient.id), members, content_of(work))
    return propose_template(work, patient, template, groups, plans, pace).id


def template_of(work: UnitOfWork, name: str) -> PlanTemplate:
    """Return a template by its code or its name."""
    plans = content_of(work).plans
    found = plans.get(name.strip()) or next((p for p in plans.values() if p.name == name.strip()), None)
    if found is None:
        raise DomainError("followup.no_template", field="template", names="、".join(sorted(plans)))
    return found


@command("followup.edit_plan", "调整随访计划", permission="followup.plan")
class EditPlan:
    """Other days, another way, form or person; what is left out stays."""

    plan_id: Id = ask("随访计划", kind=Kind.HIDDEN)
    after_days: str | None = ask("随访日程（天，如 30、60、90）", default=None, max_length=400)
    starts_on: date | None = ask("起始日期", kind=Kind.DATE, default=None)
    way: Way | None = ask("方式", kind=Kind.CHOICE, default=None)
    content: str | None = ask("随访内容（每行一项）", kind=Kind.NOTE, default=None)
    owner: str | None = ask("对接人登录名", default=None, max_length=60)
    reason: str = ask("调整原因", kind=Kind.NOTE)


@handles(EditPlan)
def edit_plan(order: EditPlan, work: UnitOfWork) -> Id:
    """Return the id of the plan; a task that is open already keeps its time and is rescheduled by hand.

    Raises:
        DomainError: ``followup.bad_days`` (``after_days``); ``followup.plan_over`` for one that has ended;
            ``followup.no_staff`` (``owner``); ``followup.nothing_changed``.
    """
    plan = work.require(FollowPlan, order.plan_id, "plan_id")
    if plan.state not in {"proposed", "active"}:
        raise DomainError("followup.plan_over", field="plan_id", state=plan_life.label_of(plan.state))
    given: dict[str, Any] = {}
    if order.after_days:
        given["after_days"] = _days(order.after_days, plan.done)
    if order.content:
        given["content"] = [line.strip() for line in order.content.splitlines() if line.strip()]
    if order.owner:
        given["owner_id"] = staff_of(work, order.owner, "owner").id
    given |= {n: v for n in ("starts_on", "way") if (v := getattr(order, n)) is not None}
    _change(work, plan, given, "edited", order.reason)
    plan.edited = True
    return plan.id


def _days(text: str, done: int) -> list[int]:
    """Return the days of contacts as typed: whole numbers that rise, no fewer than are done."""
    parts = [
        part for part in text.replace("，", "、").replace(",", "、").replace(" ", "、").split("、") if part
    ]
    if (
        not parts
        or len(parts) > MOST_CONTACTS
        or not all(part.isascii() and part.isdigit() for part in parts)
    ):
        raise DomainError("followup.bad_days", field="after_days", done=done, days=LONGEST_DAYS)
    days = [int(part) for part in parts]
    if days != sorted(set(days)) or days[-1] > LONGEST_DAYS or len(days) < done:
        raise DomainError("followup.bad_days", field="after_days", done=done, days=LONGEST_DAYS)
    return days


def _change(work: UnitOfWork, plan: FollowPlan, given: dict[str, Any], act: str, note: str) -> None:
    before = {name: getattr(plan, name) for name in given}
    changed = {name for name, value in given.items() if before[name] != value}
    if not changed:
        raise DomainError("followup.nothing_changed", field="plan_id")
    for name in changed:
        setattr(plan, name, given[name])
    kept = [{name: str(values[name]) for name in sorted(changed)} for values in (before, given)]
    note_plan(work, plan, act, before=kept[0], after=kept[1], note=note)


@dataclasses.dataclass(frozen=True, slots=True)
class PlanDifference:
    """What moving a plan to the template's newest version would change; `seen` must be said when it is moved."""

    version: int
    changes: dict[str, tuple[str, str]]
    seen: str


@command("followup.compare_plan", "比较模板新版本", permission="followup.plan")
class ComparePlan:
    """Show what the newest version of the template would change."""

    plan_id: Id = ask("随访计划", kind=Kind.HIDDEN)


@handles(ComparePlan)
def compare_plan(order: ComparePlan, work: UnitOfWork) -> PlanDifference:
    """Return the difference; nothing is changed.

    Raises:
        DomainError: ``followup.no_template`` if the template is gone.
    """
    return _difference(work, work.require(FollowPlan, order.plan_id, "plan_id"))


def _difference(work: UnitOfWork, plan: FollowPlan) -> PlanDifference:
    template = template_of(work, plan.template)
    wanted = _of_template(template, rhythm_of(plan))
    changes = {n: (str(getattr(plan, n)), str(v)) for n, v in wanted.items() if getattr(plan, n) != v}
    seen = hashlib.sha256(msgspec.json.encode([template.version, sorted(changes.items())])).hexdigest()[:16]
    return PlanDifference(template.version, changes, seen)


def _of_template(template: PlanTemplate, level: ClientLevel) -> dict[str, Any]:
    return {
        "template_version": template.version, "name": template.name, "after_days": days_of(template, level),
        "way": template.way, "form": template.form, "script": template.script, "owner_role": template.owner_role,
        "source": template.source, "unverified": template.status == "UNVERIFIED",
    }  # fmt: skip


@command("followup.move_plan", "计划移到模板新版本", permission="followup.plan")
class MovePlan:
    """Let a plan take over its template's newest version, as it was just shown."""

    plan_id: Id = ask("随访计划", kind=Kind.HIDDEN)
    seen: str = ask("已看过的差异", kind=Kind.HIDDEN, max_length=64)
    reason: str = ask("原因", kind=Kind.NOTE)


@handles(MovePlan)
def move_plan(order: MovePlan, work: UnitOfWork) -> Id:
    """Return the id of the plan.

    Raises:
        DomainError: ``followup.difference_unseen`` unless exactly this difference was shown;
            ``followup.nothing_changed``; ``followup.plan_over``.
    """
    plan = work.require(FollowPlan, order.plan_id, "plan_id")
    if plan.state not in {"proposed", "active"}:
        raise DomainError("followup.plan_over", field="plan_id", state=plan_life.label_of(plan.state))
    difference = _difference(work, plan)
    if difference.seen != order.seen:
        raise DomainError("followup.difference_unseen", field="seen")
    wanted = _of_template(template_of(work, plan.template), rhythm_of(plan))
    _change(work, plan, wanted, "moved", order.reason)
    return plan.id
