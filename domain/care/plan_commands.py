"""Plans and their nodes: drawn up, signed, extended, ended; before it is signed a plan asks for nothing."""

from datetime import date, timedelta

from sqlalchemy import select

from domain.care.goal_keeping import begin_goals, end_goals
from domain.care.item_commands import begin_item, end_item
from domain.care.records import CareEvent, CareItem, CareNode, CareOutcome, CarePlan, CareWay
from domain.care.schedules import end_of
from domain.care.telling import plan_signed
from domain.care.workflow import node_life, plan_life
from domain.kernel.clock import clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient

PLAN = "care.plan"
SIGN = "care.sign"
LONGEST = timedelta(days=731)


@command("care.start_plan", "新建干预计划", permission=PLAN)
class StartPlan:
    """A plan of one client, still empty; items and nodes are put in before a physician signs it."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)
    name: str = ask("计划名称", max_length=120)
    goal: str | None = ask("管理目标", kind=Kind.NOTE, default=None)
    starts_on: date | None = ask("开始日期（不填为今天）", kind=Kind.DATE, default=None)
    ends_on: date = ask("结束日期", kind=Kind.DATE)


@handles(StartPlan)
def start_plan(order: StartPlan, work: UnitOfWork) -> Id:
    """Return the id of the plan.

    Raises:
        DomainError: ``care.ends_first`` or ``care.too_long`` (``ends_on``); ``care.starts_past`` (``starts_on``).
    """
    patient = work.require(Patient, order.patient_id, "patient_id")
    today = clinic(work.now).date()
    starts = order.starts_on or today
    if starts < today:
        raise DomainError("care.starts_past", field="starts_on", day=starts.isoformat())
    _check_end(starts, order.ends_on)
    plan = CarePlan(
        org_id=patient.org_id, patient_id=patient.id, name=order.name, goal=order.goal, starts_on=starts,
        ends_on=order.ends_on, owner_id=work.actor.staff_id,
    )  # fmt: skip
    work.start(plan_life, plan)
    return work.add(plan).id


def _check_end(starts: date, ends: date) -> None:
    if ends <= starts:
        raise DomainError("care.ends_first", field="ends_on", day=starts.isoformat())
    if ends - starts > LONGEST:
        raise DomainError("care.too_long", field="ends_on", day=(starts + LONGEST).isoformat())


@command("care.add_node", "加入节点", permission=PLAN)
class AddNode:
    """One dated step of a plan: a review, a test, a lesson."""

    care_plan_id: Id = ask("干预计划", kind=Kind.HIDDEN)
    label: str = ask("节点", max_length=200)
    planned_on: date = ask("计划日期", kind=Kind.DATE)


@handles(AddNode)
def add_node(order: AddNode, work: UnitOfWork) -> Id:
    """Return the id of the node.

    Raises:
        DomainError: ``care.plan_over``; ``care.outside_plan`` (``planned_on``).
    """
    plan = open_plan(work, order.care_plan_id)
    if not plan.starts_on <= order.planned_on <= plan.ends_on:
        raise DomainError(
            "care.outside_plan",
            field="planned_on",
            first=plan.starts_on.isoformat(),
            last=plan.ends_on.isoformat(),
        )
    node = CareNode(
        org_id=plan.org_id, plan_id=plan.id, patient_id=plan.patient_id, label=order.label,
        planned_on=order.planned_on,
    )  # fmt: skip
    work.start(node_life, node)
    if plan.state == "running":
        _begin_node(work, node)
    return work.add(node).id


def _begin_node(work: UnitOfWork, node: CareNode) -> None:
    work.move(node_life, node, "begin")
    node.due_at = end_of(node.planned_on)


@command("care.sign_plan", "签发干预计划", permission=SIGN)
class SignPlan:
    """The plan is right: from now on it is asked for."""

    care_plan_id: Id = ask("干预计划", kind=Kind.HIDDEN)


@handles(SignPlan)
def sign_plan(order: SignPlan, work: UnitOfWork) -> Id:
    """Return the id of the plan; its items and nodes begin.

    Raises:
        DomainError: ``care.plan_empty`` for one that asks for nothing; ``care.ends_first`` if its last day is past;
            ``care_plan.wrong_state``.
    """
    plan = work.require(CarePlan, order.care_plan_id, "care_plan_id")
    items = work.list(select(CareItem).where(CareItem.plan_id == plan.id))
    nodes = work.list(select(CareNode).where(CareNode.plan_id == plan.id))
    if not items and not nodes:
        raise DomainError("care.plan_empty", field="care_plan_id")
    if plan.ends_on < clinic(work.now).date():
        raise DomainError("care.ends_first", field="care_plan_id", day=clinic(work.now).date().isoformat())
    work.move(plan_life, plan, "sign_plan")
    plan.signed_by, plan.signed_name, plan.signed_at = work.actor.staff_id, work.actor.name, work.now
    plan.due_at = end_of(plan.ends_on)
    for item in items:
        if item.state == "planned":
            begin_item(work, item)
    for node in nodes:
        if node.state == "planned":
            _begin_node(work, node)
    begin_goals(work, plan)
    plan_signed(work, plan)
    return plan.id


@command("care.extend_plan", "延长干预计划", permission=PLAN)
class ExtendPlan:
    """The plan goes on to a later day."""

    care_plan_id: Id = ask("干预计划", kind=Kind.HIDDEN)
    ends_on: date = ask("新的结束日期", kind=Kind.DATE)
    reason: str = ask("原因", kind=Kind.NOTE)


@handles(ExtendPlan)
def extend_plan(order: ExtendPlan, work: UnitOfWork) -> date:
    """Return the new last day.

    Raises:
        DomainError: ``care.plan_over``; ``care.ends_first``, ``care.too_long`` (``ends_on``).
    """
    plan = open_plan(work, order.care_plan_id)
    _check_end(max(plan.ends_on, clinic(work.now).date() - timedelta(days=1)), order.ends_on)
    _check_end(plan.starts_on, order.ends_on)
    plan.ends_on, plan.outcome = order.ends_on, f"延期：{order.reason}"[:4000]
    if plan.state == "running":
        plan.due_at = end_of(plan.ends_on)
    return plan.ends_on


@command("care.finish_plan", "完成干预计划", permission=PLAN)
class FinishCarePlan:
    """What the plan was for is reached, or its time is over and it is known what came of it."""

    care_plan_id: Id = ask("干预计划", kind=Kind.HIDDEN)
    outcome: str = ask("效果与结局", kind=Kind.NOTE)


@handles(FinishCarePlan)
def finish_plan(order: FinishCarePlan, work: UnitOfWork) -> Id:
    """Return the id of the plan; its items end.

    Raises:
        DomainError: ``care.nodes_open`` while nodes wait; ``care_plan.wrong_state``.
    """
    plan = work.require(CarePlan, order.care_plan_id, "care_plan_id")
    waiting = work.list(select(CareNode).where(CareNode.plan_id == plan.id, CareNode.state == "waiting"))
    if waiting:
        raise DomainError(
            "care.nodes_open", field="care_plan_id", names="、".join(n.label for n in waiting[:5])
        )
    work.move(plan_life, plan, "finish_plan")
    plan.outcome = order.outcome
    _end_items(work, plan, order.outcome)
    end_goals(work, plan, order.outcome)
    return plan.id


@command("care.stop_plan", "终止干预计划", permission=PLAN)
class StopPlan:
    """The plan is given up."""

    care_plan_id: Id = ask("干预计划", kind=Kind.HIDDEN)
    outcome: str = ask("终止原因", kind=Kind.NOTE)


@handles(StopPlan)
def stop_plan(order: StopPlan, work: UnitOfWork) -> Id:
    """Return the id of the plan; items end, nodes that wait are exempt. Raises ``care_plan.wrong_state``."""
    plan = work.require(CarePlan, order.care_plan_id, "care_plan_id")
    work.move(plan_life, plan, "stop_plan")
    plan.outcome = order.outcome
    _end_items(work, plan, order.outcome)
    end_goals(work, plan, order.outcome)
    for node in work.list(select(CareNode).where(CareNode.plan_id == plan.id)):
        if node_life.allows(node.state, "exempt_node"):
            work.move(node_life, node, "exempt_node")
            node.result = order.outcome
    return plan.id


def _end_items(work: UnitOfWork, plan: CarePlan, reason: str) -> None:
    for item in work.list(select(CareItem).where(CareItem.plan_id == plan.id)):
        if item.state != "ended":
            end_item(work, item, reason)


@command("care.complete_node", "完成节点", permission="care.note")
class CompleteNode:
    """The step was taken."""

    care_node_id: Id = ask("干预节点", kind=Kind.HIDDEN)
    result: str = ask("完成情况", kind=Kind.NOTE)


@handles(CompleteNode)
def complete_node(order: CompleteNode, work: UnitOfWork) -> Id:
    """Return the id of the node. Raises ``care_node.wrong_state``."""
    node = work.require(CareNode, order.care_node_id, "care_node_id")
    work.move(node_life, node, "complete_node")
    node.result = order.result
    _note_node(work, node, CareOutcome.DONE, order.result)
    return node.id


@command("care.exempt_node", "豁免节点", permission=PLAN)
class ExemptNode:
    """The step is not needed."""

    care_node_id: Id = ask("干预节点", kind=Kind.HIDDEN)
    result: str = ask("豁免原因", kind=Kind.NOTE)


@handles(ExemptNode)
def exempt_node(order: ExemptNode, work: UnitOfWork) -> Id:
    """Return the id of the node. Raises ``care_node.wrong_state``."""
    node = work.require(CareNode, order.care_node_id, "care_node_id")
    work.move(node_life, node, "exempt_node")
    node.result = order.result
    _note_node(work, node, CareOutcome.EXCUSED, order.result)
    return node.id


def _note_node(work: UnitOfWork, node: CareNode, outcome: CareOutcome, said: str) -> None:
    work.add(
        CareEvent(
            org_id=node.org_id, plan_id=node.plan_id, node_id=node.id, patient_id=node.patient_id, outcome=outcome,
            note=said, way=CareWay.DESK, staff_id=work.actor.staff_id, staff_name=work.actor.name, at=work.now,
        )
    )  # fmt: skip


def open_plan(work: UnitOfWork, plan_id: Id) -> CarePlan:
    """Return a plan that is drawn up or running. Raises ``care.plan_over``."""
    plan = work.require(CarePlan, plan_id, "care_plan_id")
    if plan.state not in {"draft", "running"}:
        raise DomainError("care.plan_over", field="care_plan_id", state=plan_life.label_of(plan.state))
    return plan
