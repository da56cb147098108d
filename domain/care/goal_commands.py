"""Goals: brought by the diseases of a plan, set and dropped by people, followed as values come in."""

from datetime import date

from sqlalchemy import func, select

from domain.care.content import care_of
from domain.care.goal_keeping import begin_goal, drop, goals_of, note_value, put_goal
from domain.care.goal_records import CareGoal, CarePlanStanding
from domain.care.goal_workflow import goal_life
from domain.care.goals import Stand, changed, effect_of
from domain.care.library import version_of
from domain.care.plan_commands import PLAN, open_plan
from domain.care.records import CareItem, CareNode, CarePlan, CareWeek
from domain.checkup.records import Observation
from domain.kernel.clock import clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.scales.facts import COUNTING

FOLLOWED = ("pursued", "reached")


@command("care.set_goal", "设定管理目标", permission=PLAN)
class SetGoal:
    """A number the plan is to bring about; for an item that has a goal already it takes that one's place."""

    care_plan_id: Id = ask("干预计划", kind=Kind.HIDDEN)
    item: str = ask("指标（名称或代码，如 收缩压、空腹血糖、体重）", max_length=60)
    high: float | None = ask("不高于", kind=Kind.NUMBER, default=None, low=0, high=100000)
    low: float | None = ask("不低于", kind=Kind.NUMBER, default=None, low=0, high=100000)
    by_on: date = ask("期限", kind=Kind.DATE)
    reason: str = ask("依据", max_length=255)


@handles(SetGoal)
def set_goal(order: SetGoal, work: UnitOfWork) -> Id:
    """Return the id of the goal.

    Raises:
        DomainError: ``care.plan_over``; ``care.no_item`` (``item``); ``care.no_limit`` (``high``) without any or with
            the lower above the upper; ``care.outside_plan`` (``by_on``); ``input.missing`` (``reason``).
    """
    plan = open_plan(work, order.care_plan_id)
    code = _item_of(work, order.item)
    if (order.high is None and order.low is None) or (
        order.high is not None and order.low is not None and order.low > order.high
    ):
        raise DomainError("care.no_limit", field="high")
    first_day = max(plan.starts_on, clinic(work.now).date())
    if not first_day <= order.by_on <= plan.ends_on:
        raise DomainError(
            "care.outside_plan", field="by_on", first=first_day.isoformat(), last=plan.ends_on.isoformat()
        )
    if not order.reason.strip():
        raise DomainError("input.missing", field="reason", label="依据")
    for before in goals_of(work, plan.id):
        if before.item == code and goal_life.allows(before.state, "drop_goal"):
            drop(work, before, f"改为新目标：{order.reason.strip()}")
    goal = put_goal(
        work, plan, code, (order.high, order.low), order.by_on, order.reason.strip(), strict=False,
        unverified=False,
    )  # fmt: skip
    if plan.state == "running":
        begin_goal(work, goal)
    return goal.id


@command("care.drop_goal", "取消管理目标", permission=PLAN)
class DropGoal:
    """The goal is given up."""

    care_goal_id: Id = ask("管理目标", kind=Kind.HIDDEN)
    reason: str = ask("原因", max_length=1000)


@handles(DropGoal)
def drop_goal(order: DropGoal, work: UnitOfWork) -> None:
    """Drop it. Raises ``input.missing`` (``reason``); ``care_goal.wrong_state``."""
    if not order.reason.strip():
        raise DomainError("input.missing", field="reason", label="原因")
    drop(work, work.require(CareGoal, order.care_goal_id, "care_goal_id"), order.reason.strip())


@command("care.follow_goals", "更新管理目标", permission=None, place="internal")
class FollowGoals:
    """Results came in that goals may be about; of the reader of the log alone."""

    observation_ids: list[Id] = ask("结果", kind=Kind.HIDDEN)


@handles(FollowGoals)
def follow_goals(order: FollowGoals, work: UnitOfWork) -> int:
    """Return how many goals were moved on; a value older than the newest known one changes nothing."""
    o, g = Observation.__table__.c, CareGoal.__table__.c
    query = (
        select(g.id, o.value_number, o.effective_at)
        .join(Observation.__table__, (o.patient_id == g.patient_id) & (o.item == g.item))
        .where(o.id.in_(order.observation_ids), o.value_number.is_not(None), o.status.in_(COUNTING))
        .where(g.state.in_(FOLLOWED))
        .order_by(o.effective_at, o.id)
    )
    count = 0
    for row in work.connection.execute(query).all():
        goal = work.require(CareGoal, row.id)
        if goal.latest_at is not None and row.effective_at <= goal.latest_at:
            continue
        value = float(row.value_number)
        if goal.first is None:
            goal.first, goal.first_on = value, clinic(row.effective_at).date()
        goal.latest, goal.latest_at = value, row.effective_at
        note_value(work, goal, value)
        count += 1
    return count


@command("care.stand_plans", "更新方案进度与效果", permission=None, place="internal")
class StandPlans:
    """Work out anew how some plans stand; of the reader of the log alone, in each store for itself."""

    plan_ids: list[Id] = ask("干预计划", kind=Kind.HIDDEN)


@handles(StandPlans)
def stand_plans(order: StandPlans, work: UnitOfWork) -> int:
    """Return how many plans stand; one that does not run has no standing."""
    count = 0
    for plan_id in order.plan_ids:
        plan, known = work.get(CarePlan, plan_id), work.get(CarePlanStanding, plan_id)
        if plan is None or plan.state != "running":
            if known is not None:
                work.remove(known)
            continue
        _stand(work, plan, known)
        count += 1
    return count


def _stand(work: UnitOfWork, plan: CarePlan, known: CarePlanStanding | None) -> None:
    nodes = work.list(select(CareNode).where(CareNode.plan_id == plan.id).order_by(CareNode.planned_on))
    waiting = [node for node in nodes if node.state == "waiting"]
    goals = [goal for goal in goals_of(work, plan.id) if goal.state in FOLLOWED]
    stands = [_stand_of(work, goal) for goal in goals]
    rate = _rate(work, plan.id)
    effect, advice = effect_of(stands, rate, care_of(work).kinds.low_rate)
    values = {
        "nodes": sum(node.state != "exempt" for node in nodes),
        "nodes_done": sum(node.state == "done" for node in nodes),
        "nodes_late": sum(node.due_at is not None and node.due_at <= work.now for node in waiting),
        "next_node": waiting[0].label[:200] if waiting else None,
        "next_on": waiting[0].planned_on if waiting else None, "rate": rate, "goals": len(goals),
        "goals_reached": sum(goal.state == "reached" for goal in goals),
        "better": sum(one.change == 1 for one in stands), "worse": sum(one.change == -1 for one in stands),
        "effect": effect, "advice": advice, "newer": _newer(work, plan),
    }  # fmt: skip
    if known is None:
        work.add(
            CarePlanStanding(
                id=plan.id, org_id=plan.org_id, patient_id=plan.patient_id, looked_at=work.now, **values
            )
        )
    elif any(getattr(known, name) != value for name, value in values.items()):
        for name, value in {**values, "looked_at": work.now}.items():
            setattr(known, name, value)


def _newer(work: UnitOfWork, plan: CarePlan) -> str | None:
    """Return the version of the library a plan was not made of, None where it is of the newest or of none."""
    codes = [code for code in (plan.programme or "").partition(":")[0].split("+") if code]
    if not codes:
        return None
    now = version_of(work.connection, care_of(work).programmes.version, codes)
    return now if now != plan.programme_version else None


def _stand_of(work: UnitOfWork, goal: CareGoal) -> Stand:
    if goal.first is None or goal.latest is None:
        return Stand(goal.state == "reached", None)
    swing = care_of(work).indicators.indicators.get(goal.item)
    explained = swing.change(1, 1) if swing is not None else None
    return Stand(
        goal.state == "reached", changed(goal.first, goal.latest, explained, downwards=goal.high is not None)
    )


def _rate(work: UnitOfWork, plan_id: Id) -> float | None:
    w = CareWeek.__table__.c
    items = select(CareItem.__table__.c.id).where(CareItem.__table__.c.plan_id == plan_id)
    query = select(func.sum(w.rate * w.due), func.sum(w.due)).where(w.item_id.in_(items), w.rate.is_not(None))
    part, whole = work.connection.execute(query).one()
    return round(float(part) / float(whole), 1) if whole else None


def _item_of(work: UnitOfWork, said: str) -> str:
    """Return the code of a measured item by its code or name. Raises ``care.no_item``."""
    known = work.content["catalog"].observations
    wanted = said.strip()
    found = wanted if wanted in known else next((c for c, one in known.items() if one.name == wanted), None)
    if found is None:
        raise DomainError("care.no_item", field="item", value=wanted)
    return found
